internal import CKernels
internal import TFLite

/// What a quantised convolution needs beside its weights, for every output channel.
private struct Requantization {
  var bias: UnsafePointer<Int32>
  var multiplier: UnsafePointer<Int32>
  var shift: UnsafePointer<Int32>
}

extension Convolution {
  func prepareQuantized() throws(InferenceError) {
    let memory = context.preparation.memory
    let kernel = try context.kernel(
      isDepthwise ? FK_OP_S8_DEPTHWISE : FK_OP_S8_CONV,
      portable: isDepthwise && window.in_c != window.out_c)
    let inputQuantization = try context.byteQuantization(input, "input")
    let outputQuantization = try context.byteQuantization(context.output, "output")
    let range = try context.range(activation, outputQuantization)
    let domain = inputQuantization.domain
    let weightZero = try weightZeroPoint(domain)
    let weights = try context.constant(filter, as: UInt8.self, "weights")
    let requantization = try requantization(
      kernel, inputQuantization, outputQuantization, weights, weightZero)

    let (count, taps) = (Int64(outputChannels), Int64(k))
    let (nr, kr) = (kernel.row.pointee.nr, kernel.row.pointee.kr)
    let size =
      isDepthwise
      ? fk_packed_depthwise_size(count, taps, nr, kr) : fk_packed_conv_size(count, taps, nr, kr)
    let packed = try memory.allocate(Int16.self, count: Int(size))
    if isDepthwise {
      fk_pack_s8_depthwise(
        weights, count, taps, nr, kr, weightZero, domain.flip, packed.baseAddress)
    } else {
      fk_pack_s8_conv(weights, count, taps, nr, kr, weightZero, domain.flip, packed.baseAddress)
    }

    let zeroByte = UInt8(truncatingIfNeeded: inputQuantization.zero) ^ domain.flip
    var window = window
    let scratch =
      isDepthwise ? fk_depthwise_scratch(&window) : fk_s8_conv_scratch(&window, kernel.row)
    let zeros = try memory.store(
      Array(repeating: zeroByte, count: Int(window.in_c)), count: Int(window.in_c))
    try context.append(
      kernel, reads: [source], outputShape: outputShape, units: window.outputRows,
      scratchBytes: Int(scratch)
    ) { [self, window] addresses in
      let output: UnsafeMutablePointer<UInt8> = addresses(context.output)
      if isDepthwise {
        return addresses.store(
          fk_s8_depthwise(
            w: window, input: addresses(source), weights: packed.baseAddress,
            bias: requantization.bias, multiplier: requantization.multiplier,
            shift: requantization.shift, zeros: zeros, output: output,
            out_zero: outputQuantization.zero, lo: range.lowerBound, hi: range.upperBound,
            flip: domain.flip, hybrid: nil))
      }
      return addresses.store(
        fk_s8_conv(
          w: window, input: addresses(source), weights: packed.baseAddress,
          bias: requantization.bias, multiplier: requantization.multiplier,
          shift: requantization.shift, output: output, out_zero: outputQuantization.zero,
          lo: range.lowerBound, hi: range.upperBound, in_zero: zeroByte, flip: domain.flip,
          hybrid: nil))
    }
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
    fk_fold_input_zero(
      weights, Int64(outputChannels), Int64(k), isDepthwise ? 1 : Int64(k),
      isDepthwise ? Int64(outputChannels) : 1, weightZero, input.domain.flip, input.zero, &bias)

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
    return Requantization(
      bias: try memory.store(bias, count: count),
      multiplier: try memory.store(multipliers, count: count),
      shift: try memory.store(shifts, count: count))
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
