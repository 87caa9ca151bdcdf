internal import CKernels
internal import TFLite

/// Elements walked through in one order and put down in another, in bytes.
struct Movement {
  private var dims: [Int] = []
  private var inStrides: [Int] = []
  private var outStrides: [Int] = []
  private var inOffset: Int
  private var outOffset: Int
  private var size: Int

  /// `elementSize` is in bytes, everything else in elements.
  init(
    dims: [Int], inStrides: [Int], outStrides: [Int], inOffset: Int = 0, outOffset: Int = 0,
    elementSize: Int
  ) {
    size = elementSize
    self.inOffset = inOffset * size
    self.outOffset = outOffset * size
    // From the innermost dimension out: runs grow while both sides are contiguous, and dimensions
    // merge where both sides walk through them as through one.
    var isRun = true
    for d in dims.indices.reversed() where dims[d] != 1 {
      let (a, b) = (inStrides[d] * elementSize, outStrides[d] * elementSize)
      if isRun, a == size, b == size {
        size *= dims[d]
        continue
      }
      isRun = false
      if let count = self.dims.first, a == self.inStrides[0] * count,
        b == self.outStrides[0] * count
      {
        self.dims[0] *= dims[d]
      } else {
        self.dims.insert(dims[d], at: 0)
        self.inStrides.insert(a, at: 0)
        self.outStrides.insert(b, at: 0)
      }
    }
    if self.dims.isEmpty { (self.dims, self.inStrides, self.outStrides) = ([1], [0], [0]) }
  }

  var units: Int { dims.reduce(1, *) }

  /// Nil where there are too many dimensions.
  func kernelParameters(table: UnsafePointer<UInt8>?) -> fk_move? {
    guard dims.count <= Int(FK_MAX_RANK) else { return nil }
    var result = fk_move()
    result.rank = Int32(dims.count)
    result.size = Int64(size)
    result.in_offset = Int64(inOffset)
    result.out_offset = Int64(outOffset)
    result.table = table
    withUnsafeMutableBytes(of: &result.dims) { fill($0, dims) }
    withUnsafeMutableBytes(of: &result.in_stride) { fill($0, inStrides) }
    withUnsafeMutableBytes(of: &result.out_stride) { fill($0, outStrides) }
    return result
  }

  private func fill(_ bytes: UnsafeMutableRawBufferPointer, _ values: [Int]) {
    let target = bytes.bindMemory(to: Int64.self)
    for (i, value) in values.enumerated() { target[i] = Int64(value) }
  }

  /// Elements between neighbours along each dimension of a dense tensor.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = shape
    var step = 1
    for d in shape.indices.reversed() {
      strides[d] = step
      step *= shape[d]
    }
    return strides
  }
}

extension OperatorContext {
  /// Adds the step that moves elements from one value to a part of another.
  func appendMove(
    _ movement: Movement, from source: Int, to target: Int, table: UnsafePointer<UInt8>? = nil
  ) throws(InferenceError) {
    guard let parameters = movement.kernelParameters(table: table) else {
      throw failure(.shape(value(source).shape, of: "input"))
    }
    try append(
      kernel(FK_OP_MOVE), reads: [source], writes: [target], units: movement.units
    ) { addresses in
      var bound = parameters
      bound.input = UnsafePointer(addresses(source, UInt8.self))
      bound.output = addresses(target)
      return addresses.store(bound)
    }
  }

  /// Checks that a value has elements of a fixed size, and that another has the same type and, where
  /// that matters, the same quantisation.
  func expectSameElements(_ input: Int, _ output: Int) throws(InferenceError) {
    let type = value(input).elementType
    guard type.byteCount > 0, value(output).elementType == type else {
      throw failure(types([input, output]))
    }
    guard ByteDomain(type) != nil, value(input).quantization != nil,
      value(output).quantization != nil
    else { return }
    guard
      try byteQuantization(input, "input") == byteQuantization(output, "output")
    else { throw failure(.quantization(of: "output")) }
  }
}

/// TRANSPOSE.
@Sendable func prepareTranspose(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 2...2)
  let input = try context.input(0)
  try context.expectSameElements(input, context.output)
  let value = context.value(input)
  let order = try context.integers(context.input(1), "permutation")
  guard order.sorted() == Array(value.shape.indices) else {
    throw context.failure(.option("permutation", value: "\(order)"))
  }
  let shape = order.map { value.shape[$0] }
  let strides = Movement.strides(value.shape)
  try context.preparation.define(context.output, shape: shape, .arena)
  try context.appendMove(
    Movement(
      dims: shape, inStrides: order.map { strides[$0] }, outStrides: Movement.strides(shape),
      elementSize: value.elementType.byteCount),
    from: input, to: context.output)
}

/// CONCATENATION.
///
/// uint8 inputs of other quantisations are requantised in single precision, as in the reference.
@Sendable func prepareConcatenation(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...10_000)
  guard case .concatenation(let axis, let activation) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  guard activation == OperatorOptions.Activation.none else {
    throw context.failure(.option("activation", value: "other than none"))
  }
  var inputs: [Int] = []
  for number in context.op.inputs.indices { inputs.append(try context.input(number)) }
  var shape = context.value(inputs[0]).shape
  let dimension = try context.dimension(axis, rank: shape.count, "axis")
  var total = 0
  for input in inputs {
    var other = context.value(input).shape
    guard other.count == shape.count else { throw context.failure(.shape(other, of: "input")) }
    let (sum, overflow) = total.addingReportingOverflow(other[dimension])
    other[dimension] = shape[dimension]
    guard other == shape, !overflow else { throw context.failure(.shape(other, of: "input")) }
    total = sum
  }
  shape[dimension] = total
  try context.preparation.define(context.output, shape: shape, .arena)
  // Later inputs overwrite a part of what the first step defines, so none of them is folded alone.
  var position = 0
  let outStrides = Movement.strides(shape)
  var moves: [(Movement, Int, UnsafePointer<UInt8>?)] = []
  for input in inputs {
    let value = context.value(input)
    let table = try context.requantizationTable(input)
    moves.append(
      (
        Movement(
          dims: value.shape, inStrides: Movement.strides(value.shape), outStrides: outStrides,
          outOffset: position * outStrides[dimension],
          elementSize: value.elementType.byteCount), input, table
      ))
    position += value.shape[dimension]
  }
  try context.appendMoves(moves)
}

/// PACK: inputs side by side along a new dimension.
@Sendable func preparePack(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...10_000)
  guard case .pack(let axis, let count) = context.op.options, count == context.op.inputs.count
  else { throw context.failure(.option("options", value: "missing")) }
  var inputs: [Int] = []
  for number in context.op.inputs.indices { inputs.append(try context.input(number)) }
  let part = context.value(inputs[0]).shape
  var shape = part
  let dimension = try context.dimension(axis, rank: part.count + 1, "axis")
  shape.insert(count, at: dimension)
  for input in inputs {
    try context.expectSameElements(input, context.output)
    guard context.value(input).shape == part else {
      throw context.failure(.shape(context.value(input).shape, of: "input"))
    }
  }
  try context.preparation.define(context.output, shape: shape, .arena)
  let outStrides = Movement.strides(shape)
  var otherStrides = outStrides
  otherStrides.remove(at: dimension)
  try context.appendMoves(
    inputs.enumerated().map { number, input in
      (
        Movement(
          dims: part, inStrides: Movement.strides(part), outStrides: otherStrides,
          outOffset: number * outStrides[dimension],
          elementSize: context.value(input).elementType.byteCount), input, nil
      )
    })
}

/// SPLIT into equal parts.
@Sendable func prepareSplit(_ context: OperatorContext) throws(InferenceError) {
  guard case .split(let count) = context.op.options, count >= 1 else {
    throw context.failure(.option("options", value: "missing"))
  }
  try context.expect(inputs: 2...2, outputs: count)
  let axis = try context.integers(context.input(0), "axis")
  let input = try context.input(1)
  let value = context.value(input)
  guard axis.count == 1 else { throw context.failure(.option("axis", value: "\(axis)")) }
  let dimension = try context.dimension(axis[0], rank: value.shape.count, "axis")
  guard value.shape[dimension] % count == 0 else {
    throw context.failure(.shape(value.shape, of: "input"))
  }
  var shape = value.shape
  shape[dimension] /= count
  let strides = Movement.strides(value.shape)
  for (number, output) in context.op.outputs.enumerated() {
    try context.expectSameElements(input, output)
    try context.preparation.define(output, shape: shape, .arena)
    try context.appendMove(
      Movement(
        dims: shape, inStrides: strides, outStrides: Movement.strides(shape),
        inOffset: number * shape[dimension] * strides[dimension],
        elementSize: value.elementType.byteCount),
      from: input, to: output)
  }
}

extension OperatorContext {
  /// Adds several moves into the output.
  ///
  /// Where all inputs are constants, so is the result.
  fileprivate func appendMoves(
    _ moves: [(Movement, Int, UnsafePointer<UInt8>?)]
  ) throws(InferenceError) {
    let output = output
    let isConstant = moves.allSatisfy { preparation.isConstant($0.1) }
    for (movement, input, table) in moves {
      guard let parameters = movement.kernelParameters(table: table) else {
        throw failure(.shape(value(input).shape, of: "input"))
      }
      let step = Preparation.Step(
        operatorIndex: index, kernel: try kernel(FK_OP_MOVE), reads: [input], writes: [output],
        units: movement.units, scratchBytes: 0
      ) { addresses in
        var bound = parameters
        bound.input = UnsafePointer(addresses(input, UInt8.self))
        bound.output = addresses(output)
        return addresses.store(bound)
      }
      if isConstant {
        try preparation.fold(step)
      } else {
        preparation.append(step)
      }
    }
  }

  /// What the bytes of an input become in an output of another quantisation; nil where they stay.
  fileprivate func requantizationTable(
    _ input: Int
  ) throws(InferenceError) -> UnsafePointer<UInt8>? {
    let type = value(input).elementType
    guard type == .uint8, value(output).elementType == .uint8, value(input).quantization != nil,
      value(output).quantization != nil
    else {
      try expectSameElements(input, output)
      return nil
    }
    let from = try byteQuantization(input, "input")
    let to = try byteQuantization(output, "output")
    if from == to { return nil }
    let scale = from.scale * (1 / to.scale)
    let bias = -Float(from.zero + 128) * scale
    let table = (0..<256).map { byte in
      let steps = (Float(byte) * scale + bias).rounded(.toNearestOrAwayFromZero)
      let bounded = Int32(max(-100_000, min(100_000, steps)))
      return UInt8(max(0, min(255, bounded + to.zero + 128)))
    }
    return try preparation.memory.store(table, count: 256)
  }
}
