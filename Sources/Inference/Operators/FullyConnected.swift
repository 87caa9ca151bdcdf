internal import CKernels
internal import TFLite

/// FULLY_CONNECTED: a 1x1 convolution of one row of pixels.
///
/// Weights are [output, input]. Quantised int8 weights may have a zero point.
@Sendable func prepareFullyConnected(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 2...3)
  guard case .fullyConnected(let options) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  guard options.weightsFormat == 0 else {
    throw context.failure(.option("weights format", value: "\(options.weightsFormat)"))
  }
  let input = try context.input(0)
  let filter = try context.input(1)
  let shape = context.value(input).shape
  let weights = context.value(filter).shape
  guard weights.count == 2, weights[0] > 0, weights[1] > 0 else {
    throw context.failure(.shape(weights, of: "weights"))
  }
  let count = context.value(input).elementCount
  guard count > 0, count % weights[1] == 0 else {
    throw context.failure(.shape(shape, of: "input"))
  }
  var outputShape = [count / weights[1], weights[0]]
  if options.keepsDimensions {
    guard shape.last == weights[1] else { throw context.failure(.shape(shape, of: "input")) }
    outputShape = shape.dropLast() + [weights[0]]
  }
  let bias = try context.optionalInput(2)
  if let bias, context.value(bias).elementCount != weights[0] {
    throw context.failure(.shape(context.value(bias).shape, of: "bias"))
  }
  let isHybrid =
    context.value(input).elementType == .float32 && context.value(filter).elementType != .float32
  // Rows are pixels of one image, and images of their own where each is quantised by itself.
  let rows = count / weights[1]
  let window = try context.window(
    isHybrid ? [rows, 1, 1, weights[1]] : [1, 1, rows, weights[1]], Border(),
    WindowSettings(filter: (1, 1), stride: (1, 1), padding: .valid), outputChannels: weights[0])
  try Convolution(
    context: context, source: input, input: input, filter: filter, bias: bias, window: window,
    outputShape: outputShape, activation: options.activation, kind: .fullyConnected,
    quantizesAsymmetrically: options.quantizesAsymmetrically
  ).prepare()
}
