internal import CKernels
internal import TFLite

/// MAX_POOL_2D.
@Sendable func prepareMaxPool(_ context: OperatorContext) throws(InferenceError) {
  try preparePool(context, float: FK_OP_F32_MAX_POOL, bytes: FK_OP_S8_MAX_POOL)
}

/// AVERAGE_POOL_2D.
///
/// A window at the edge counts only what lies inside the image.
@Sendable func prepareAveragePool(_ context: OperatorContext) throws(InferenceError) {
  try preparePool(context, float: FK_OP_F32_AVERAGE_POOL, bytes: FK_OP_S8_AVERAGE_POOL)
}

private func preparePool(
  _ context: OperatorContext, float: fk_op, bytes: fk_op
) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  guard case .pool(let options) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  let input = try context.input(0)
  let output = context.output
  let image = try context.imageShape(input, "input")
  let window = try context.window(
    image, Border(),
    WindowSettings(filter: options.filter, stride: options.stride, padding: options.padding),
    outputChannels: image[3])
  switch (context.value(input).elementType, context.value(output).elementType) {
  case (.float32, .float32):
    let range = try context.range(options.activation)
    try context.append(
      context.kernel(float), reads: [input], outputShape: window.outputShape,
      units: window.outputRows, rows: RowAccess(window)
    ) { addresses in
      addresses.store(
        fk_f32_pool(
          w: window, input: addresses(input), output: addresses(output), lo: range.lowerBound,
          hi: range.upperBound))
    }
  case (.int8, .int8), (.uint8, .uint8):
    let quantization = try context.byteQuantization(output, "output")
    guard try context.byteQuantization(input, "input") == quantization else {
      throw context.failure(.quantization(of: "output"))
    }
    let range = try context.range(options.activation, quantization)
    try context.append(
      context.kernel(bytes), reads: [input], outputShape: window.outputShape,
      units: window.outputRows, rows: RowAccess(window)
    ) { addresses in
      addresses.store(
        fk_s8_pool(
          w: window, input: addresses(input), output: addresses(output), lo: range.lowerBound,
          hi: range.upperBound, flip: quantization.domain.flip))
    }
  default:
    throw context.failure(context.types([input, output]))
  }
}
