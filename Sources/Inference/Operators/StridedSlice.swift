internal import CKernels
internal import TFLite

/// STRIDED_SLICE, without ellipsis and new dimensions.
@Sendable func prepareStridedSlice(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 4...4)
  guard case .stridedSlice(let masks) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  guard masks.ellipsis == 0, masks.newAxis == 0, !masks.endIsOffset else {
    throw context.failure(.option("ellipsis, new axis or offset", value: "true"))
  }
  let input = try context.input(0)
  try context.expectSameElements(input, context.output)
  let value = context.value(input)
  let begins = try context.integers(context.input(1), "begin")
  let ends = try context.integers(context.input(2), "end")
  let steps = try context.integers(context.input(3), "strides")
  guard begins.count <= value.shape.count, ends.count == begins.count,
    steps.count == begins.count
  else { throw context.failure(.shape([begins.count], of: "begin")) }

  let strides = Movement.strides(value.shape)
  var dims = value.shape
  var inStrides = strides
  var offset = 0
  var dropped: Set<Int> = []
  for d in begins.indices {
    let slice = try slice(
      context, size: value.shape[d], begin: masks.begin >> d & 1 == 1 ? nil : begins[d],
      end: masks.end >> d & 1 == 1 ? nil : ends[d], step: steps[d],
      isSingle: masks.shrinkAxis >> d & 1 == 1)
    dims[d] = slice.count
    inStrides[d] = strides[d] * slice.step
    offset += slice.count > 0 ? slice.first * strides[d] : 0
    if masks.shrinkAxis >> d & 1 == 1 { dropped.insert(d) }
  }
  let shape = dims.indices.filter { !dropped.contains($0) }.map { dims[$0] }
  try context.preparation.define(context.output, shape: shape, .arena)
  try context.appendMove(
    Movement(
      dims: dims, inStrides: inStrides, outStrides: Movement.strides(dims),
      inOffset: dims.contains(0) ? 0 : offset, elementSize: value.elementType.byteCount),
    from: input, to: context.output)
}

/// Which indices a slice of one dimension takes.
private func slice(
  _ context: OperatorContext, size: Int, begin: Int?, end: Int?, step: Int, isSingle: Bool
) throws(InferenceError) -> (first: Int, count: Int, step: Int) {
  guard step != 0, abs(step) <= Int(Int32.max) else {
    throw context.failure(.option("stride", value: "\(step)"))
  }
  func place(_ index: Int) -> Int {
    let positive = index < 0 ? index + size : index
    return step > 0 ? max(0, min(size, positive)) : max(-1, min(size - 1, positive))
  }
  if isSingle {
    let index = begin ?? 0
    let positive = index < 0 ? index + size : index
    guard (0..<size).contains(positive) else {
      throw context.failure(.option("begin", value: "\(index)"))
    }
    return (positive, 1, 1)
  }
  let first = begin.map(place) ?? (step > 0 ? 0 : size - 1)
  let last = end.map(place) ?? (step > 0 ? size : -1)
  let count = step > 0 ? (last - first + step - 1) / step : (first - last - step - 1) / -step
  return (first, max(0, count), step)
}
