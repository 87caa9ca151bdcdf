internal import CKernels
internal import TFLite

/// RESHAPE: other dimensions for the same elements; nothing is moved.
@Sendable func prepareReshape(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...2)
  let input = try context.input(0)
  let value = context.value(input)
  guard context.value(context.output).elementType == value.elementType,
    value.elementType.byteCount > 0
  else { throw context.failure(context.types([input, context.output])) }
  var shape = try newShape(context)
  if let free = shape.firstIndex(of: -1) {
    shape[free] = 1
    let rest = shape.reduce(1, *)
    shape[free] = rest > 0 ? value.elementCount / rest : 0
  }
  guard shape.allSatisfy({ $0 >= 0 }), shape.reduce(1, *) == value.elementCount else {
    throw context.failure(.shape(shape, of: "output"))
  }
  try context.preparation.define(
    context.output, shape: shape, .alias(of: context.preparation.resolve(input)))
}

/// The shape that is asked for, bounded so that its product cannot overflow.
private func newShape(_ context: OperatorContext) throws(InferenceError) -> [Int] {
  var shape: [Int]
  if let id = try context.optionalInput(1) {
    guard context.value(id).elementType == .int32, context.value(id).shape.count <= 1 else {
      throw context.failure(.shape(context.value(id).shape, of: "new shape"))
    }
    shape = try context.constant(id, as: Int32.self, "new shape").map(Int.init)
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
