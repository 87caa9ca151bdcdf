internal import CKernels
internal import TFLite

/// MEAN along some dimensions.
@Sendable func prepareMean(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 2...2)
  guard case .reducer(let keepsDimensions) = context.op.options else {
    throw context.failure(.option("options", value: "missing"))
  }
  let input = try context.input(0)
  let value = context.value(input)
  let rank = value.shape.count
  var reduced: Set<Int> = []
  for axis in try context.integers(context.input(1), "axes") {
    reduced.insert(try context.dimension(axis, rank: rank, "axis"))
  }
  let count = reduced.reduce(1) { $0 * value.shape[$1] }
  guard (1...Int(FK_MAX_RANK)).contains(rank), count > 0 else {
    throw context.failure(.shape(value.shape, of: "input"))
  }
  let kept = value.shape.indices.map { reduced.contains($0) ? 1 : value.shape[$0] }
  let shape =
    keepsDimensions ? kept : kept.indices.filter { !reduced.contains($0) }.map { kept[$0] }
  let strides = Movement.strides(kept)

  var parameters = fk_mean()
  parameters.rank = Int32(rank)
  parameters.outputs = Int64(kept.reduce(1, *))
  parameters.count = Int64(count)
  for d in value.shape.indices {
    withUnsafeMutableBytes(of: &parameters.dims) {
      $0.bindMemory(to: Int64.self)[d] = Int64(value.shape[d])
    }
    withUnsafeMutableBytes(of: &parameters.out_stride) {
      $0.bindMemory(to: Int64.self)[d] = reduced.contains(d) ? 0 : Int64(strides[d])
    }
  }
  let kernel: Kernel
  switch (value.elementType, context.value(context.output).elementType) {
  case (.float32, .float32):
    kernel = try context.kernel(FK_OP_F32_MEAN)
  case (.int8, .int8), (.uint8, .uint8):
    kernel = try context.kernel(FK_OP_S8_MEAN)
    try quantize(&parameters, context, input, count: count)
  default:
    throw context.failure(context.types([input, context.output]))
  }
  let output = context.output
  try context.append(
    kernel, reads: [input], outputShape: shape, units: 1, scratchBytes: 4 * kept.reduce(1, *)
  ) { [parameters] addresses in
    var bound = parameters
    bound.input = UnsafeRawPointer(addresses(input, UInt8.self))
    bound.output = UnsafeMutableRawPointer(addresses(output, UInt8.self))
    return addresses.store(bound)
  }
}

/// The reference divides the scale's 31-bit fraction by the count, keeping as many bits as fit.
private func quantize(
  _ parameters: inout fk_mean, _ context: OperatorContext, _ input: Int, count: Int
) throws(InferenceError) {
  let from = try context.byteQuantization(input, "input")
  let to = try context.byteQuantization(context.output, "output")
  let factor = try context.multiplier(Double(from.scale) / Double(to.scale), "output")
  // Sums of bytes must fit into 32 bits.
  guard count < 1 << 23 else {
    throw context.failure(.shape(context.value(input).shape, of: "input"))
  }
  let whole = 63 - count.leadingZeroBitCount
  let shift = min(min(whole, 32), 31 + Int(factor.shift))
  guard shift >= 0 else { throw context.failure(.quantization(of: "output")) }
  parameters.multiplier = Int32((Int64(factor.multiplier) << Int64(shift)) / Int64(count))
  parameters.shift = factor.shift - Int32(shift)
  parameters.in_sum = Int32(count) * from.zero
  parameters.out_zero = to.zero
  parameters.flip = from.domain.flip
}
