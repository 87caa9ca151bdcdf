internal import CKernels
internal import TFLite

/// ADD, with broadcasting.
@Sendable func prepareAdd(_ context: OperatorContext) throws(InferenceError) {
  let binary = try Binary(context)
  switch binary.elementType {
  case .float32: try binary.prepareFloat(FK_ADD)
  case .int8, .uint8: try binary.prepareQuantizedAdd()
  default: throw context.failure(context.types([binary.a, binary.b, context.output]))
  }
}

/// SUB, with broadcasting.
@Sendable func prepareSubtract(_ context: OperatorContext) throws(InferenceError) {
  let binary = try Binary(context)
  switch binary.elementType {
  case .float32: try binary.prepareFloat(FK_SUB)
  case .int8, .uint8: try binary.prepareQuantizedAdd(isSubtraction: true)
  default: throw context.failure(context.types([binary.a, binary.b, context.output]))
  }
}

/// MUL, with broadcasting.
@Sendable func prepareMultiply(_ context: OperatorContext) throws(InferenceError) {
  let binary = try Binary(context)
  switch binary.elementType {
  case .float32: try binary.prepareFloat(FK_MUL)
  case .int8, .uint8: try binary.prepareQuantizedMultiply()
  default: throw context.failure(context.types([binary.a, binary.b, context.output]))
  }
}

/// An operator on two tensors whose shapes are equal or broadcast to each other.
private struct Binary {
  let context: OperatorContext
  let a: Int
  let b: Int
  let elementType: ElementType
  let activation: OperatorOptions.Activation?
  let shape: [Int]
  let broadcast: fk_broadcast

  init(_ context: OperatorContext) throws(InferenceError) {
    try context.expect(inputs: 2...2)
    self.context = context
    a = try context.input(0)
    b = try context.input(1)
    elementType = context.value(a).elementType
    guard context.value(b).elementType == elementType,
      context.value(context.output).elementType == elementType
    else { throw context.failure(context.types([a, b, context.output])) }
    switch context.op.options {
    case .arithmetic(let activation): self.activation = activation
    case .none: activation = OperatorOptions.Activation.none
    default: throw context.failure(.option("options", value: "of another operator"))
    }
    let layout = BroadcastLayout(context.value(a).shape, context.value(b).shape)
    guard let layout, let broadcast = layout.kernelShape else {
      throw context.failure(.shape(context.value(b).shape, of: "second input"))
    }
    shape = layout.shape
    self.broadcast = broadcast
  }

  private var isSame: Bool { context.value(a).shape == context.value(b).shape }

  func prepareFloat(_ operation: fk_arithmetic) throws(InferenceError) {
    let range = try context.range(activation)
    try context.append(
      context.kernel(isSame ? FK_OP_F32_BINARY_SAME : FK_OP_F32_BINARY), reads: [a, b],
      outputShape: shape,
      units: shape.reduce(1, *)
    ) { [self] addresses in
      addresses.store(
        fk_f32_binary(
          shape: broadcast, a: addresses(a), b: addresses(b),
          output: addresses(context.output), op: operation, lo: range.lowerBound,
          hi: range.upperBound))
    }
  }

  func prepareQuantizedAdd(isSubtraction: Bool = false) throws(InferenceError) {
    let qa = try context.byteQuantization(a, "first input")
    let qb = try context.byteQuantization(b, "second input")
    let qo = try context.byteQuantization(context.output, "output")
    let range = try context.range(activation, qo)
    // Both inputs are brought to twice the larger scale, with 20 bits behind the point.
    let twice = 2 * max(qa.scale, qb.scale)
    let output = try context.fraction(
      Double(twice) / Double(Float(1 << 20) * qo.scale), "output")
    let aFactor = try context.fraction(Double(qa.scale) / Double(twice), "inputs")
    let bFactor = try context.fraction(Double(qb.scale) / Double(twice), "inputs")
    let aTerms = try terms(qa, aFactor)
    let bTerms = try terms(qb, bFactor, isNegative: isSubtraction)
    try context.append(
      context.kernel(isSame && !isSubtraction ? FK_OP_S8_ADD_SAME : FK_OP_S8_ADD), reads: [a, b],
      outputShape: shape, units: shape.reduce(1, *)
    ) { [self] addresses in
      addresses.store(
        fk_s8_add(
          shape: broadcast, a: addresses(a), b: addresses(b),
          output: addresses(context.output), a_term: aTerms, b_term: bTerms,
          a_zero: qa.zero, a_multiplier: aFactor.multiplier, a_shift: aFactor.shift,
          b_zero: qb.zero, b_multiplier: bFactor.multiplier, b_shift: bFactor.shift,
          multiplier: output.multiplier, shift: output.shift, out_zero: qo.zero,
          lo: range.lowerBound, hi: range.upperBound, flip: qo.domain.flip))
    }
  }

  /// What each byte, as it lies in memory, adds to the sum.
  private func terms(
    _ quantization: ByteQuantization, _ factor: FixedPointMultiplier, isNegative: Bool = false
  ) throws(InferenceError) -> UnsafePointer<Int32> {
    let terms = (0..<256).map { byte in
      let value = Int32(Int8(bitPattern: UInt8(byte) ^ quantization.domain.flip))
      let term = factor((value - quantization.zero) << 20)
      return isNegative ? -term : term
    }
    return try context.preparation.memory.store(terms, count: 256)
  }

  func prepareQuantizedMultiply() throws(InferenceError) {
    let qa = try context.byteQuantization(a, "first input")
    let qb = try context.byteQuantization(b, "second input")
    let qo = try context.byteQuantization(context.output, "output")
    let range = try context.range(activation, qo)
    // Single precision, as in the reference.
    let factor = try context.multiplier(
      Double(qa.scale * qb.scale / qo.scale), "output", wraps: true)
    try context.append(
      context.kernel(FK_OP_S8_MUL), reads: [a, b], outputShape: shape, units: shape.reduce(1, *)
    ) { [self] addresses in
      addresses.store(
        fk_s8_mul(
          shape: broadcast, a: addresses(a), b: addresses(b),
          output: addresses(context.output), a_zero: qa.zero, b_zero: qb.zero,
          multiplier: factor.multiplier, shift: factor.shift, out_zero: qo.zero,
          lo: range.lowerBound, hi: range.upperBound, flip: qo.domain.flip))
    }
  }
}
