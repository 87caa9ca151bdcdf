internal import CKernels
internal import TFLite

/// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
@Sendable func prepareResize(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 2...2)
  guard case .resize(let alignsCorners, let halfPixelCenters) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  guard !(alignsCorners && halfPixelCenters) else {
    throw context.failure(.option("align corners and half-pixel centers", value: "true"))
  }
  let input = try context.input(0)
  try context.expectSameElements(input, context.output)
  let image = try context.imageShape(input, "input")
  let size = try context.integers(context.input(1), "size")
  guard size.count == 2, size.allSatisfy({ (1...65536).contains($0) }),
    max(image[1], image[2]) <= 65536
  else { throw context.failure(.option("size", value: "\(size)")) }
  let isNearest = context.op.kind == .resizeNearestNeighbor
  let type = context.value(input).elementType
  var parameters = fk_resize()
  (parameters.in_h, parameters.in_w) = (Int64(image[1]), Int64(image[2]))
  (parameters.out_h, parameters.out_w) = (Int64(size[0]), Int64(size[1]))
  parameters.depth = Int64(image[3])
  switch (isNearest, type) {
  case (true, _):
    parameters.kind = FK_NEAREST
    parameters.depth *= Int64(type.byteCount)
  case (false, .float32): parameters.kind = FK_BILINEAR_F32
  case (false, .uint8): parameters.kind = FK_BILINEAR_U8
  case (false, .int8): parameters.kind = FK_BILINEAR_S8
  default: throw context.failure(context.types([input, context.output]))
  }
  func axis(_ from: Int, _ to: Int) -> ResizeAxis {
    ResizeAxis(
      from: from, to: to, alignsCorners: alignsCorners, halfPixelCenters: halfPixelCenters,
      kind: parameters.kind)
  }
  let rows = axis(image[1], size[0])
  let columns = axis(image[2], size[1])
  let memory = context.preparation.memory
  (parameters.y0, parameters.y1) = (
    try memory.store(rows.first, count: 1), try memory.store(rows.second, count: 1)
  )
  (parameters.x0, parameters.x1) = (
    try memory.store(columns.first, count: 1), try memory.store(columns.second, count: 1)
  )
  parameters.y_weight = try memory.store(rows.weight, count: 1)
  parameters.x_weight = try memory.store(columns.weight, count: 1)
  parameters.y_fixed = try memory.store(rows.fixed, count: 1)
  parameters.x_fixed = try memory.store(columns.fixed, count: 1)
  let output = context.output
  try context.append(
    context.kernel(FK_OP_RESIZE), reads: [input],
    outputShape: [image[0], size[0], size[1], image[3]], units: image[0] * size[0]
  ) { [parameters] addresses in
    var bound = parameters
    bound.input = UnsafePointer(addresses(input, UInt8.self))
    bound.output = addresses(output)
    return addresses.store(bound)
  }
}

/// For every position along one axis of the result, where it lies in the input.
///
/// Source: TensorFlow Lite's reference kernels, single precision and fixed point.
private struct ResizeAxis {
  var first: [Int32] = []
  var second: [Int32] = []
  var weight: [Float] = []
  var fixed: [Int32] = []

  init(
    from: Int, to: Int, alignsCorners: Bool, halfPixelCenters: Bool, kind: fk_interpolation
  ) {
    let isAligned = alignsCorners && to > 1
    let scale = isAligned ? Float(from - 1) / Float(to - 1) : Float(from) / Float(to)
    let fixedScale =
      isAligned
      ? (1024 * (from - 1) + (to - 1) / 2) / (to - 1) : (1024 * from + to / 2) / to
    for position in 0..<to {
      switch kind {
      case FK_NEAREST:
        let place = (Float(position) + (halfPixelCenters ? 0.5 : 0)) * scale
        let index = alignsCorners ? place.rounded(.toNearestOrAwayFromZero) : place.rounded(.down)
        append(max(0, min(from - 1, Int(index))), 0, 0, 0)
      case FK_BILINEAR_S8:
        let place =
          halfPixelCenters
          ? position * fixedScale + fixedScale / 2 - 512 : position * fixedScale
        let low = max(place / 1024, 0)
        append(low, min((place + 1023) / 1024, from - 1), 0, place - 1024 * low)
      default:
        let place =
          halfPixelCenters ? (Float(position) + 0.5) * scale - 0.5 : Float(position) * scale
        let low = max(Int(place.rounded(.down)), 0)
        append(low, min(Int(place.rounded(.up)), from - 1), place - Float(low), 0)
      }
    }
    // A rounded scale may lead one place too far.
    let last = Int32(from - 1)
    first = first.map { min($0, last) }
    second = second.map { max(0, min($0, last)) }
  }

  private mutating func append(_ low: Int, _ high: Int, _ weight: Float, _ fixed: Int) {
    first.append(Int32(low))
    second.append(Int32(high))
    self.weight.append(weight)
    self.fixed.append(Int32(fixed))
  }
}
