internal import CKernels
internal import TFLite

/// What a quantised convolution needs beside its weights, for every output channel.
private struct Requantization {
  var bias: UnsafePointer<Int32>
  var multiplier: UnsafePointer<Int32>
  var shift: UnsafePointer<Int32>
  var blocks: UnsafePointer<fk_requant>?
  var hasLeft: Int32
}

extension Convolution {
  func prepareQuantized() throws(InferenceError) {
    let inputQuantization = try context.byteQuantization(input, "input")
    let outputQuantization = try context.byteQuantization(context.output, "output")
    let range = try context.range(activation, outputQuantization)
    let domain = inputQuantization.domain
    let weightZero = try weightZeroPoint(domain)
    let weights = try context.constant(filter, as: UInt8.self, "weights")
    let (kernel, packed, isWide) = try packBytes(
      weights, zero: weightZero, flip: domain.flip)
    let requantization = try requantization(
      kernel, inputQuantization, outputQuantization, weights, weightZero)

    let zeroByte = UInt8(truncatingIfNeeded: inputQuantization.zero) ^ domain.flip
    let zeros = try context.preparation.memory.store(
      Array(repeating: zeroByte, count: Int(window.in_c)), count: Int(window.in_c))
    try context.append(
      kernel, reads: [source], outputShape: outputShape, units: window.outputRows,
      scratchBytes: scratchBytes(kernel), rows: RowAccess(window)
    ) { [self] addresses in
      let output: UnsafeMutablePointer<UInt8> = addresses(context.output)
      if isDepthwise {
        return addresses.store(
          fk_s8_depthwise(
            w: window, input: addresses(source), weights: packed,
            bias: requantization.bias, multiplier: requantization.multiplier,
            shift: requantization.shift, zeros: zeros, output: output,
            out_zero: outputQuantization.zero, lo: range.lowerBound, hi: range.upperBound,
            flip: domain.flip, requant: requantization.blocks,
            has_left: requantization.hasLeft, hybrid: nil, is_wide: isWide ? 1 : 0))
      }
      return addresses.store(
        fk_s8_conv(
          w: window, input: addresses(source), weights: packed,
          bias: requantization.bias, multiplier: requantization.multiplier,
          shift: requantization.shift, output: output, out_zero: outputQuantization.zero,
          lo: range.lowerBound, hi: range.upperBound, in_zero: zeroByte, flip: domain.flip,
          weight_zero: weightZero, requant: requantization.blocks,
          has_left: requantization.hasLeft, hybrid: nil))
    }
  }

  /// Chooses a kernel for bytes, and packs weights for it.
  func packBytes(
    _ weights: [UInt8], zero: Int32, flip: UInt8
  ) throws(InferenceError) -> (Kernel, UnsafeRawPointer?, isWide: Bool) {
    let (count, taps) = (Int64(outputChannels), Int64(k))
    let run = Int64(window.k_w) * Int64(window.in_c)
    func memory(_ kernel: Kernel) throws(InferenceError) -> UnsafeMutableRawPointer? {
      let (nr, kr) = (kernel.row.pointee.nr, kernel.row.pointee.kr)
      let size =
        isDepthwise
        ? fk_packed_depthwise_size(count, taps, nr, kr)
        : fk_packed_conv_size(count, taps, run, nr, kr)
      return try context.preparation.memory.allocate(Int(size) * (kr == 4 ? 1 : 2)).baseAddress
    }
    guard isDepthwise else {
      let kernel = try context.kernel(
        window.dilation_w == 1 || window.k_w == 1 ? FK_OP_S8_CONV : FK_OP_S8_CONV_DILATED)
      let packed = try memory(kernel)
      fk_pack_s8_conv(
        weights, count, taps, run, kernel.row.pointee.nr, kernel.row.pointee.kr, zero, flip, packed)
      return (kernel, UnsafeRawPointer(packed), false)
    }
    let isOneToOne = window.in_c == window.out_c
    if isOneToOne, window.k_h == 3, window.k_w == 3, window.dilation_h == 1,
      window.dilation_w == 1
    {
      let kernel = try context.kernel(FK_OP_S8_DEPTHWISE_3X3)
      let packed = try memory(kernel)
      let packing = fk_pack_s8_depthwise(
        weights, count, taps, kernel.row.pointee.nr, kernel.row.pointee.kr, zero, flip, packed)
      if packing != 0 { return (kernel, UnsafeRawPointer(packed), packing == 2) }
    }
    let kernel = try context.kernel(
      FK_OP_S8_DEPTHWISE, limit: isOneToOne ? nil : FK_ISA_PORTABLE)
    let packed = try memory(kernel)
    _ = fk_pack_s8_depthwise(
      weights, count, taps, kernel.row.pointee.nr, kernel.row.pointee.kr, zero, flip, packed)
    return (kernel, UnsafeRawPointer(packed), false)
  }

  func scratchBytes(_ kernel: Kernel) -> Int {
    var window = window
    return Int(
      isDepthwise ? fk_depthwise_scratch(&window) : fk_s8_conv_scratch(&window, kernel.row))
  }

  /// int8 weights of convolutions are symmetric; others may have one zero point.
  private func weightZeroPoint(_ domain: ByteDomain) throws(InferenceError) -> Int32 {
    guard let quantization = context.value(filter).quantization,
      domain.offset != 0
        || (kind == .fullyConnected && quantization.scales.count == 1)
        ? quantization.scales.count == 1
        : quantization.zeroPoints.allSatisfy({ $0 == 0 })
    else { throw context.failure(.quantization(of: "weights")) }
    return Int32(quantization.zeroPoints[0] + domain.offset)
  }

  private func requantization(
    _ kernel: Kernel, _ input: ByteQuantization, _ output: ByteQuantization, _ weights: [UInt8],
    _ weightZero: Int32
  ) throws(InferenceError) -> Requantization {
    var bias =
      try bias.map { id throws(InferenceError) in
        try context.constant(id, as: Int32.self, "bias")
      } ?? Array(repeating: 0, count: outputChannels)
    let (step, tapStep) = isDepthwise ? (1, Int64(outputChannels)) : (Int64(k), 1)
    let flip = input.domain.flip
    var bounds = Array(repeating: Int64(0), count: outputChannels)
    fk_sum_bounds(
      weights, Int64(outputChannels), Int64(k), step, tapStep, weightZero, flip, &bounds)
    fk_fold_input_zero(
      weights, Int64(outputChannels), Int64(k), step, tapStep, weightZero, flip,
      input.zero + fk_input_offset(kernel.row), &bias)

    var multipliers: [Int32] = []
    var shifts: [Int32] = []
    for scale in try weightScales() {
      // The reference multiplies scales in double precision where each channel may have its own.
      let isSingle = input.domain.offset != 0 || (kind == .fullyConnected && isPerTensor)
      let product =
        isSingle ? Double(input.scale * scale) : Double(input.scale) * Double(scale)
      let factor = try context.multiplier(product / Double(output.scale), "weights")
      multipliers.append(factor.multiplier)
      shifts.append(factor.shift)
    }
    let memory = context.preparation.memory
    let count = padded(outputChannels, kernel)
    let blocks = try memory.allocate(fk_requant.self, count: (outputChannels + 15) / 16)
    let filled = fk_requant_fill(
      Int64(outputChannels), kernel.kr == 4 ? 1 : 0, bias, multipliers, shifts, bounds, output.zero,
      blocks.baseAddress)
    return Requantization(
      bias: try memory.store(bias, count: count),
      multiplier: try memory.store(multipliers, count: count),
      shift: try memory.store(shifts, count: count),
      blocks: filled != 0 ? UnsafePointer(blocks.baseAddress) : nil, hasLeft: filled == 2 ? 1 : 0)
  }

  private var isPerTensor: Bool { context.value(filter).quantization?.scales.count == 1 }

  /// One scale for each output channel.
  func weightScales() throws(InferenceError) -> [Float] {
    guard let quantization = context.value(filter).quantization else {
      throw context.failure(.quantization(of: "weights"))
    }
    if quantization.scales.count == 1 {
      return Array(repeating: quantization.scales[0], count: outputChannels)
    }
    guard quantization.dimension == (isDepthwise ? 3 : 0) else {
      throw context.failure(.quantization(of: "weights"))
    }
    return quantization.scales
  }
}
