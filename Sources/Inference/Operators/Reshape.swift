internal import CKernels
internal import TFLite

/// RESHAPE: other dimensions for the same elements; nothing is moved.
@Sendable func prepareReshape(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...2)
  let input = try context.input(0)
  let value = context.value(input)
  var shape = try newShape(context)
  if let free = shape.firstIndex(of: -1) {
    shape[free] = 1
    let rest = shape.reduce(1, *)
    shape[free] = rest > 0 ? value.elementCount / rest : 0
  }
  try context.rename(input, to: shape)
}

/// SQUEEZE: drops dimensions of size 1.
@Sendable func prepareSqueeze(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  guard case .squeeze(let dimensions) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  let input = try context.input(0)
  let shape = context.value(input).shape
  var dropped: Set<Int> = []
  for number in dimensions {
    let dimension = try context.dimension(number, rank: shape.count, "dimension")
    guard shape[dimension] == 1 else { throw context.failure(.shape(shape, of: "input")) }
    dropped.insert(dimension)
  }
  try context.rename(
    input,
    to: shape.indices.filter { dimensions.isEmpty ? shape[$0] != 1 : !dropped.contains($0) }
      .map { shape[$0] })
}

/// EXPAND_DIMS: a further dimension of size 1.
@Sendable func prepareExpandDims(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 2...2)
  let input = try context.input(0)
  let axis = try context.integers(context.input(1), "axis")
  guard axis.count == 1 else { throw context.failure(.option("axis", value: "\(axis)")) }
  var shape = context.value(input).shape
  shape.insert(1, at: try context.dimension(axis[0], rank: shape.count + 1, "axis"))
  try context.rename(input, to: shape)
}

/// SHAPE: known as soon as the model is prepared.
@Sendable func prepareShape(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  let shape = try context.value(context.deferredInput(0)).shape
  let memory = context.preparation.memory
  let bytes: UnsafeMutableRawBufferPointer
  switch context.value(context.output).elementType {
  case .int32:
    let sizes = try memory.allocate(Int32.self, count: shape.count)
    for (i, size) in shape.enumerated() { sizes[i] = Int32(clamping: size) }
    bytes = UnsafeMutableRawBufferPointer(sizes)
  case .int64:
    let sizes = try memory.allocate(Int64.self, count: shape.count)
    for (i, size) in shape.enumerated() { sizes[i] = Int64(size) }
    bytes = UnsafeMutableRawBufferPointer(sizes)
  default:
    throw context.failure(context.types([context.output]))
  }
  try context.preparation.define(
    context.output, shape: [shape.count], .constant(UnsafeRawBufferPointer(bytes)))
}

extension OperatorContext {
  /// Makes the output the same bytes as an input, with other dimensions.
  fileprivate func rename(_ input: Int, to shape: [Int]) throws(InferenceError) {
    let value = value(input)
    guard self.value(output).elementType == value.elementType, value.elementType.byteCount > 0
    else { throw failure(types([input, output])) }
    guard shape.count <= 8, shape.allSatisfy({ $0 >= 0 }),
      shape.reduce(1, *) == value.elementCount
    else { throw failure(.shape(shape, of: "output")) }
    try preparation.define(output, shape: shape, .alias(of: preparation.resolve(input)))
  }
}

/// The shape that is asked for, bounded so that its product cannot overflow.
private func newShape(_ context: OperatorContext) throws(InferenceError) -> [Int] {
  var shape: [Int]
  if let id = try context.optionalInput(1) {
    guard context.value(id).shape.count <= 1 else {
      throw context.failure(.shape(context.value(id).shape, of: "new shape"))
    }
    shape = try context.integers(context.input(1), "new shape")
  } else if case .reshape(let newShape?) = context.op.options {
    shape = newShape
  } else {
    throw context.failure(.option("new shape", value: "missing"))
  }
  var product = 1
  for size in shape {
    let (next, overflow) = product.multipliedReportingOverflow(by: max(size, 1))
    guard !overflow, size >= -1, shape.count <= 8 else {
      throw context.failure(.shape(shape, of: "output"))
    }
    product = next
  }
  return shape
}
