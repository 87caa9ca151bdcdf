internal import CKernels
internal import TFLite

/// PAD: a border of zeros.
///
/// Deferred, so that a convolution behind it can take it along.
@Sendable func preparePad(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 2...2)
  let source = try context.input(0)
  let (input, output) = (context.value(source), context.value(context.output))
  guard input.elementType == output.elementType,
    [.float32, .int8, .uint8].contains(input.elementType)
  else { throw context.failure(context.types([source, context.output])) }
  if ByteDomain(input.elementType) != nil {
    let before = try context.byteQuantization(source, "input")
    let after = try context.byteQuantization(context.output, "output")
    guard before == after else { throw context.failure(.quantization(of: "output")) }
  }
  let amounts = try paddings(context, rank: input.shape.count)
  let before = amounts.map(\.before)
  let after = amounts.map(\.after)
  let shape = input.shape.indices.map { input.shape[$0] + before[$0] + after[$0] }
  try context.preparation.define(
    context.output, shape: shape,
    .padded(
      Preparation.Padded(
        source: source, before: before, after: after, operatorIndex: context.index)))
}

private func paddings(
  _ context: OperatorContext, rank: Int
) throws(InferenceError) -> [(before: Int, after: Int)] {
  let id = try context.input(1)
  guard context.value(id).shape == [rank, 2], (1...Int(FK_MAX_RANK)).contains(rank) else {
    throw context.failure(.shape(context.value(id).shape, of: "paddings"))
  }
  let amounts: [Int]
  switch context.value(id).elementType {
  case .int32: amounts = try context.constant(id, as: Int32.self, "paddings").map(Int.init)
  case .int64: amounts = try context.constant(id, as: Int64.self, "paddings").map(Int.init)
  default: throw context.failure(context.types([id]))
  }
  guard amounts.count == 2 * rank, amounts.allSatisfy({ (0...Int(Int32.max)).contains($0) })
  else { throw context.failure(.option("paddings", value: "\(amounts)")) }
  return (0..<rank).map { (amounts[2 * $0], amounts[2 * $0 + 1]) }
}

extension Preparation {
  /// Adds the step that computes a border which nobody could take along.
  func appendPad(_ padded: Padded, to id: Int) throws(InferenceError) {
    guard let kernel = Kernel(FK_OP_PAD, isa) else { return }
    let (input, output) = (values[padded.source], values[id])
    let size = input.elementType.byteCount
    var parameters = fk_pad()
    parameters.rank = Int32(input.shape.count)
    let last = input.shape.count - 1
    for d in input.shape.indices {
      let scale = Int64(d == last ? size : 1)
      withUnsafeMutableBytes(of: &parameters.in_dims) {
        $0.bindMemory(to: Int64.self)[d] = Int64(input.shape[d]) * scale
      }
      withUnsafeMutableBytes(of: &parameters.out_dims) {
        $0.bindMemory(to: Int64.self)[d] = Int64(output.shape[d]) * scale
      }
      withUnsafeMutableBytes(of: &parameters.before) {
        $0.bindMemory(to: Int64.self)[d] = Int64(padded.before[d]) * scale
      }
    }
    parameters.value_size = Int32(size)
    let zero = output.quantization?.zeroPoints.first ?? 0
    parameters.value.0 = size == 1 ? UInt8(truncatingIfNeeded: zero) : 0
    append(
      Step(
        operatorIndex: padded.operatorIndex, kernel: kernel, reads: [padded.source], writes: [id],
        units: output.shape.dropLast().reduce(1, *), scratchBytes: 0
      ) { [parameters] addresses in
        var bound = parameters
        bound.input = UnsafePointer(addresses(padded.source, UInt8.self))
        bound.output = addresses(id)
        return addresses.store(bound)
      })
  }
}
