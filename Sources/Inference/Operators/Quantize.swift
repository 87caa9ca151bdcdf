internal import CKernels
internal import TFLite

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// QUANTIZE: float to bytes, or bytes of one quantisation to bytes of another.
@Sendable func prepareQuantize(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  let input = try context.input(0)
  let output = context.output
  let value = context.value(input)
  switch (value.elementType, context.value(output).elementType) {
  case (.float32, .int8), (.float32, .uint8):
    let quantization = try context.byteQuantization(output, "output")
    try context.append(
      context.kernel(FK_OP_F32_TO_S8), reads: [input], outputShape: value.shape,
      units: value.elementCount
    ) { addresses in
      addresses.store(
        fk_f32_to_s8(
          input: addresses(input), output: addresses(output), scale: quantization.scale,
          zero: quantization.zero, flip: quantization.domain.flip))
    }
  case (.int8, .int8), (.int8, .uint8), (.uint8, .int8), (.uint8, .uint8):
    let from = try context.byteQuantization(input, "input")
    let to = try context.byteQuantization(output, "output")
    let factor = try context.multiplier(Double(from.scale) / Double(to.scale), "output")
    try context.appendLookup(from, to, input, clamp: -128...127) { factor($0) }
  default:
    throw context.failure(context.types([input, output]))
  }
}

/// RELU, RELU6 and RELU_N1_TO_1 as operators of their own.
@Sendable func prepareRelu(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  let activation: OperatorOptions.Activation =
    switch context.op.kind {
    case .relu6: .relu6
    case .reluN1To1: .reluN1To1
    default: .relu
    }
  let input = try context.input(0)
  let output = context.output
  let value = context.value(input)
  switch (value.elementType, context.value(output).elementType) {
  case (.float32, .float32):
    let range = try context.range(activation)
    try context.append(
      context.kernel(FK_OP_F32_CLAMP), reads: [input], outputShape: value.shape,
      units: value.elementCount
    ) { addresses in
      addresses.store(
        fk_f32_clamp(
          input: addresses(input), output: addresses(output), lo: range.lowerBound,
          hi: range.upperBound))
    }
  case (.int8, .int8), (.uint8, .uint8):
    let from = try context.byteQuantization(input, "input")
    let to = try context.byteQuantization(output, "output")
    // Single precision, as in the reference.
    let factor = try context.multiplier(Double(from.scale / to.scale), "output")
    try context.appendLookup(from, to, input, clamp: context.range(activation, to)) { factor($0) }
  default:
    throw context.failure(context.types([input, output]))
  }
}

/// LOGISTIC.
///
/// Of bytes it is a table, worked out in single precision as in the reference.
@Sendable func prepareLogistic(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  let input = try context.input(0)
  let output = context.output
  let value = context.value(input)
  switch (value.elementType, context.value(output).elementType) {
  case (.float32, .float32):
    try context.append(
      context.kernel(FK_OP_F32_LOGISTIC), reads: [input], outputShape: value.shape,
      units: value.elementCount
    ) { addresses in
      addresses.store(
        fk_f32_clamp(input: addresses(input), output: addresses(output), lo: 0, hi: 1))
    }
  case (.int8, .int8), (.uint8, .uint8):
    let from = try context.byteQuantization(input, "input")
    let to = try context.byteQuantization(output, "output")
    let inverse = 1 / to.scale
    try context.appendLookup(from, to, input, clamp: -128...127) { distance in
      let share = 1 / (1 + exp(-(from.scale * Float(distance))))
      return Int32(min(max((share * inverse).rounded(.toNearestOrAwayFromZero), 0), 65536))
    }
  default:
    throw context.failure(context.types([input, output]))
  }
}

/// DEQUANTIZE: bytes or float16 to float.
///
/// Constants are widened now.
@Sendable func prepareDequantize(_ context: OperatorContext) throws(InferenceError) {
  try context.expect(inputs: 1...1)
  let input = try context.input(0)
  let output = context.output
  let value = context.value(input)
  guard context.value(output).elementType == .float32 else {
    throw context.failure(context.types([input, output]))
  }
  let preparation = context.preparation
  if value.elementType == .float16, preparation.isConstant(input) {
    let halves = try context.constant(input, as: UInt16.self, "input")
    let widened = try preparation.memory.allocate(Float.self, count: halves.count)
    for (i, half) in halves.enumerated() { widened[i] = Float(widening: half) }
    try preparation.define(
      output, shape: value.shape, .constant(UnsafeRawBufferPointer(widened)))
    return
  }
  guard ByteDomain(value.elementType) != nil else {
    throw context.failure(context.types([input, output]))
  }
  let quantization = try context.byteQuantization(input, "input")
  var parameters = fk_s8_to_f32()
  withUnsafeMutableBytes(of: &parameters.table) { bytes in
    let table = bytes.bindMemory(to: Float.self)
    for byte in 0..<256 {
      let integer = Int32(Int8(bitPattern: UInt8(byte) ^ quantization.domain.flip))
      table[byte] = Float(Double(quantization.scale) * Double(integer - quantization.zero))
    }
  }
  try context.append(
    context.kernel(FK_OP_S8_TO_F32), reads: [input], outputShape: value.shape,
    units: value.elementCount
  ) { [parameters] addresses in
    var bound = parameters
    bound.input = UnsafePointer(addresses(input, UInt8.self))
    bound.output = addresses(output)
    return addresses.store(bound)
  }
}

extension Float {
  /// A float16, given by its bits.
  ///
  /// Written out, as not every platform has the type.
  init(widening half: UInt16) {
    let sign: Float = half & 0x8000 == 0 ? 1 : -1
    let exponent = Int(half >> 10 & 0x1F)
    let fraction = Float(half & 0x3FF) / 1024
    switch exponent {
    case 0: self = sign * fraction * 0x1p-14
    case 31: self = half & 0x3FF == 0 ? sign * .infinity : .nan
    default:
      self = sign * (1 + fraction) * Float(sign: .plus, exponent: exponent - 15, significand: 1)
    }
  }
}

extension OperatorContext {
  /// Adds a step that maps each byte to another: `rescale` gets the distance from the input's zero
  /// point, and its result is offset by the output's.
  func appendLookup(
    _ from: ByteQuantization, _ to: ByteQuantization, _ input: Int, clamp: ClosedRange<Int32>,
    rescale: (Int32) -> Int32
  ) throws(InferenceError) {
    var parameters = fk_s8_lookup()
    withUnsafeMutableBytes(of: &parameters.table) { table in
      for byte in 0..<256 {
        let integer = Int32(Int8(bitPattern: UInt8(byte) ^ from.domain.flip))
        let (sum, overflow) = rescale(integer - from.zero).addingReportingOverflow(to.zero)
        let result = overflow ? (sum < 0 ? Int32.max : Int32.min) : sum
        let clamped = min(max(result, clamp.lowerBound), clamp.upperBound)
        table[byte] = UInt8(truncatingIfNeeded: clamped) ^ to.domain.flip
      }
    }
    let value = value(input)
    try append(
      kernel(FK_OP_S8_LOOKUP), reads: [input], outputShape: value.shape,
      units: value.elementCount
    ) { [parameters, output] addresses in
      var bound = parameters
      bound.input = UnsafePointer(addresses(input, UInt8.self))
      bound.output = addresses(output)
      return addresses.store(bound)
    }
  }
}
