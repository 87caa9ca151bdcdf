internal import CKernels
internal import TFLite

extension Convolution {
  /// Float inputs and int8 weights: inputs are quantised at run time, each batch by itself.
  ///
  /// Source: TensorFlow Lite's reference kernels for dynamic-range models.
  func prepareHybrid() throws(InferenceError) {
    let preparation = context.preparation
    let memory = preparation.memory
    guard let quantization = context.value(filter).quantization,
      quantization.zeroPoints.allSatisfy({ $0 == 0 })
    else { throw context.failure(.quantization(of: "weights")) }
    let range = try context.range(activation)
    let (quantized, dynamic) = try appendDynamicQuantization()

    let weights = try context.constant(filter, as: UInt8.self, "weights")
    let (kernel, packed, isWide) = try packBytes(weights, zero: 0, flip: 0)
    let (count, taps) = (Int64(outputChannels), Int64(k))
    // Minus the sums, as for an input zero point of 1.
    var sums = Array(repeating: Int32(0), count: outputChannels)
    fk_fold_input_zero(
      weights, count, taps, isDepthwise ? 1 : taps, isDepthwise ? count : 1, 0, 0, -1, &sums)
    let weightSum = try memory.store(sums, count: padded(outputChannels, kernel))
    let scale = try memory.store(weightScales(), count: padded(outputChannels, kernel))
    let bias = try floatBias(kernel)
    let unused = try memory.store([Int32](), count: padded(outputChannels, kernel))
    let zeros = try memory.store([UInt8](), count: Int(window.in_c))

    try context.append(
      kernel, reads: [quantized, dynamic], outputShape: outputShape, units: window.outputRows,
      scratchBytes: scratchBytes(kernel)
    ) { [self] addresses in
      let hybrid = addresses.store(
        fk_hybrid(
          dynamic: addresses(dynamic), weight_sum: weightSum, scale: scale, bias: bias,
          output: addresses(context.output), lo: range.lowerBound, hi: range.upperBound)
      ).assumingMemoryBound(to: fk_hybrid.self)
      if isDepthwise {
        return addresses.store(
          fk_s8_depthwise(
            w: window, input: addresses(quantized), weights: packed, bias: unused,
            multiplier: unused, shift: unused, zeros: zeros, output: nil, out_zero: 0, lo: -128,
            hi: 127, flip: 0, requant: nil, has_left: 0, hybrid: hybrid, is_wide: isWide ? 1 : 0))
      }
      return addresses.store(
        fk_s8_conv(
          w: window, input: addresses(quantized), weights: packed, bias: unused,
          multiplier: unused, shift: unused, output: nil, out_zero: 0, lo: -128, hi: 127,
          in_zero: 0, flip: 0, weight_zero: 0, requant: nil, has_left: 0, hybrid: hybrid))
    }
  }

  /// Adds the step that quantises the input, and gives its two results: bytes, and what each batch
  /// was quantised with.
  private func appendDynamicQuantization() throws(InferenceError) -> (bytes: Int, dynamic: Int) {
    let preparation = context.preparation
    let batches = Int(window.batch)
    let size = Int(window.in_h) * Int(window.in_w) * Int(window.in_c)
    let bytes = try preparation.addTemporary(.int8, [batches, size])
    let dynamic = try preparation.addTemporary(
      .int8, [batches * MemoryLayout<fk_dynamic>.stride])
    preparation.append(
      Preparation.Step(
        operatorIndex: context.index, kernel: try context.kernel(FK_OP_DYNAMIC_QUANTIZE),
        reads: [source], writes: [bytes, dynamic], units: batches, scratchBytes: 0
      ) { [self] addresses in
        addresses.store(
          fk_dynamic_quantize(
            input: addresses(source), output: addresses(bytes), dynamic: addresses(dynamic),
            size: Int64(size), is_asymmetric: quantizesAsymmetrically ? 1 : 0))
      })
    return (bytes, dynamic)
  }
}
