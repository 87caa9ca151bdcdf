internal import CKernels
internal import TFLite

/// STRIDED_SLICE.
@Sendable func prepareStridedSlice(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 4...4)
  guard case .stridedSlice(let masks) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  guard !masks.endIsOffset else { throw context.failure(.option("offset", value: "true")) }
  let input = try context.input(0)
  try context.expectSameElements(input, context.output)
  let value = context.value(input)
  let begins = try context.integers(context.input(1), "begin")
  let ends = try context.integers(context.input(2), "end")
  let steps = try context.integers(context.input(3), "strides")
  guard ends.count == begins.count, steps.count == begins.count else {
    throw context.failure(.shape([begins.count], of: "begin"))
  }
  let entries = try entries(context, masks, count: begins.count, rank: value.shape.count)

  let strides = Movement.strides(value.shape)
  var dims: [Int] = []
  var inStrides: [Int] = []
  var shape: [Int] = []
  var offset = 0
  for entry in entries {
    switch entry {
    case .new:
      shape.append(1)
    case .whole(let d):
      dims.append(value.shape[d])
      inStrides.append(strides[d])
      shape.append(value.shape[d])
    case .slice(let d, let i):
      func isSet(_ mask: Int) -> Bool { mask >> i & 1 == 1 }
      let slice = try slice(
        context, size: value.shape[d], begin: isSet(masks.begin) ? nil : begins[i],
        end: isSet(masks.end) ? nil : ends[i], step: steps[i], isSingle: isSet(masks.shrinkAxis))
      dims.append(slice.count)
      inStrides.append(strides[d] * slice.step)
      offset += slice.count > 0 ? slice.first * strides[d] : 0
      if !isSet(masks.shrinkAxis) { shape.append(slice.count) }
    }
  }
  try context.preparation.define(context.output, shape: shape, .arena)
  try context.appendMove(
    Movement(
      dims: dims, inStrides: inStrides, outStrides: Movement.strides(dims),
      inOffset: dims.contains(0) ? 0 : offset, elementSize: value.elementType.byteCount),
    from: input, to: context.output)
}

/// A dimension of the slice.
private enum SliceEntry {
  /// A dimension of the input, taken as entry `entry` of begins, ends and strides says.
  case slice(dimension: Int, entry: Int)
  case whole(dimension: Int)
  case new
}

/// What each entry is about: an ellipsis stands for as many dimensions as the others leave, and those
/// behind the last entry are whole.
private func entries(
  _ context: OperatorContext, _ masks: OperatorOptions.StridedSliceOptions, count: Int, rank: Int
) throws(InferenceError) -> [SliceEntry] {
  // No entry is behind the 62nd.
  guard count <= 62 else { throw context.failure(.shape([count], of: "begin")) }
  func isEllipsis(_ i: Int) -> Bool { masks.ellipsis >> i & 1 == 1 }
  func isNew(_ i: Int) -> Bool { masks.newAxis >> i & 1 == 1 && !isEllipsis(i) }
  let ellipses = (0..<count).count { isEllipsis($0) }
  let taken = (0..<count).count { !isEllipsis($0) && !isNew($0) }
  guard ellipses <= 1, taken <= rank else {
    throw context.failure(.shape([count], of: "begin"))
  }
  var entries: [SliceEntry] = []
  var dimension = 0
  for i in 0..<count {
    if isEllipsis(i) {
      for _ in 0..<rank - taken {
        entries.append(.whole(dimension: dimension))
        dimension += 1
      }
    } else if isNew(i) {
      entries.append(.new)
    } else {
      entries.append(.slice(dimension: dimension, entry: i))
      dimension += 1
    }
  }
  return entries + (dimension..<rank).map { .whole(dimension: $0) }
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
