internal import CKernels
internal import TFLite

/// SOFTMAX along the last dimension.
@Sendable func prepareSoftmax(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  guard case .softmax(let beta) = context.op.options, beta.isFinite else {
    throw context.failure(.option("options", value: "missing"))
  }
  let input = try context.input(0)
  let shape = context.value(input).shape
  guard let depth = shape.last, depth > 0 else { throw context.failure(.shape(shape, of: "input")) }
  let output = context.output
  let rows = shape.dropLast().reduce(1, *)
  switch (context.value(input).elementType, context.value(output).elementType) {
  case (.float32, .float32):
    try context.append(
      context.kernel(FK_OP_F32_SOFTMAX), reads: [input], outputShape: shape, units: rows
    ) { addresses in
      addresses.store(
        fk_f32_softmax(
          input: addresses(input), output: addresses(output), depth: Int64(depth), beta: beta))
    }
  case (.int8, .int8), (.uint8, .uint8):
    let table = try softmaxTable(context, input, beta: beta, depth: depth)
    try context.append(
      context.kernel(FK_OP_S8_SOFTMAX), reads: [input], outputShape: shape, units: rows
    ) { addresses in
      var bound = table
      bound.input = UnsafePointer(addresses(input, UInt8.self))
      bound.output = addresses(output)
      return addresses.store(bound)
    }
  default:
    throw context.failure(context.types([input, output]))
  }
}

/// The reference's fixed-point form: the output is 1/256 a step from the lowest integer up.
private func softmaxTable(
  _ context: OperatorContext, _ input: Int, beta: Float, depth: Int
) throws(InferenceError) -> fk_s8_softmax {
  let quantization = try context.byteQuantization(input, "input")
  let result = try context.byteQuantization(context.output, "output")
  guard result.zero == -128, abs(result.scale - 1.0 / 256) < 0.001 / 256 else {
    throw context.failure(.quantization(of: "output"))
  }
  // Beyond this many, the sum of exponentials would not fit.
  guard depth < 4096 else {
    throw context.failure(.shape(context.value(input).shape, of: "input"))
  }
  let integerBits = 5
  let real = min(
    Double(beta) * Double(quantization.scale) * Double(1 << (31 - integerBits)),
    Double(Int32.max))
  guard real > 1, let factor = FixedPointMultiplier(real / Double(1 << 31)) else {
    throw context.failure(.quantization(of: "input"))
  }
  let leftShift = factor.shift + 31
  let radius =
    Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits)) / Double(1 << Int(leftShift))
  var table = fk_s8_softmax()
  table.depth = Int64(depth)
  table.flip = quantization.domain.flip
  fk_s8_softmax_fill(&table, factor.multiplier, leftShift, Int32(min(radius, 255)))
  return table
}
