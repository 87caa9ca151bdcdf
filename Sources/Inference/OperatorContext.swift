internal import CKernels
internal import TFLite

/// What can be run: one line for each operator.
struct OperatorDefinition: Sendable {
  let kind: OperatorKind
  let versions: ClosedRange<Int>
  let prepare: @Sendable (OperatorContext) throws(InferenceError) -> Void

  static let all: [OperatorDefinition] = [
    OperatorDefinition(kind: .conv2D, versions: 1...6, prepare: prepareConvolution),
    OperatorDefinition(kind: .depthwiseConv2D, versions: 1...7, prepare: prepareDepthwise),
    OperatorDefinition(kind: .pad, versions: 1...4, prepare: preparePad),
    OperatorDefinition(kind: .add, versions: 1...5, prepare: prepareAdd),
    OperatorDefinition(kind: .mul, versions: 1...7, prepare: prepareMultiply),
    OperatorDefinition(kind: .softmax, versions: 1...3, prepare: prepareSoftmax),
    OperatorDefinition(kind: .maxPool2D, versions: 1...3, prepare: prepareMaxPool),
    OperatorDefinition(kind: .quantize, versions: 1...3, prepare: prepareQuantize),
    OperatorDefinition(kind: .dequantize, versions: 1...3, prepare: prepareDequantize),
    OperatorDefinition(kind: .relu, versions: 1...3, prepare: prepareRelu),
    OperatorDefinition(kind: .relu6, versions: 1...3, prepare: prepareRelu),
    OperatorDefinition(kind: .reluN1To1, versions: 1...2, prepare: prepareRelu),
    OperatorDefinition(kind: .reshape, versions: 1...1, prepare: prepareReshape),
    OperatorDefinition(kind: .fullyConnected, versions: 1...12, prepare: prepareFullyConnected),
    OperatorDefinition(kind: .averagePool2D, versions: 1...2, prepare: prepareAveragePool),
    OperatorDefinition(kind: .mean, versions: 1...2, prepare: prepareMean),
    OperatorDefinition(kind: .logistic, versions: 1...2, prepare: prepareLogistic),
    OperatorDefinition(kind: .sub, versions: 1...3, prepare: prepareSubtract),
    OperatorDefinition(kind: .shape, versions: 1...1, prepare: prepareShape),
    OperatorDefinition(kind: .squeeze, versions: 1...2, prepare: prepareSqueeze),
    OperatorDefinition(kind: .expandDims, versions: 1...1, prepare: prepareExpandDims),
    OperatorDefinition(kind: .transpose, versions: 1...6, prepare: prepareTranspose),
    OperatorDefinition(kind: .concatenation, versions: 1...4, prepare: prepareConcatenation),
    OperatorDefinition(kind: .split, versions: 1...4, prepare: prepareSplit),
    OperatorDefinition(kind: .pack, versions: 1...4, prepare: preparePack),
    OperatorDefinition(kind: .stridedSlice, versions: 1...8, prepare: prepareStridedSlice),
    OperatorDefinition(kind: .resizeBilinear, versions: 1...4, prepare: prepareResize),
    OperatorDefinition(kind: .resizeNearestNeighbor, versions: 1...4, prepare: prepareResize),
    OperatorDefinition(
      kind: .detectionPostProcess, versions: 1...1, prepare: prepareDetectionPostProcess),
  ]

  static let byKind = Dictionary(uniqueKeysWithValues: all.map { ($0.kind, $0) })
}

/// One operator being prepared, with the checks that all of them need.
struct OperatorContext {
  let index: Int
  let op: TFLiteModel.Operator
  /// Which lives longer: its steps have this.
  unowned let preparation: Preparation

  var reference: InferenceError.OperatorReference {
    InferenceError.OperatorReference(
      index: index, name: op.kind.description, version: op.version)
  }

  func prepare() throws(InferenceError) {
    guard let definition = OperatorDefinition.byKind[op.kind] else { throw failure(.unknown) }
    guard definition.versions.contains(op.version) else {
      throw failure(.version(supported: definition.versions))
    }
    try definition.prepare(self)
  }

  func failure(_ problem: InferenceError.OperatorProblem) -> InferenceError {
    .unsupported(reference, problem)
  }

  // MARK: inputs and outputs

  func expect(inputs: ClosedRange<Int>, outputs: Int = 1) throws(InferenceError) {
    guard inputs.contains(op.inputs.count), op.outputs.count == outputs else {
      throw failure(.count(inputs: op.inputs.count, outputs: op.outputs.count))
    }
    for id in op.outputs {
      guard case .nowhere = preparation.values[id].source else {
        throw .computedTwice(reference, tensor: preparation.values[id].name)
      }
    }
  }

  /// An input, nil where it is left out.
  ///
  /// Its value is known to have a source.
  func optionalInput(_ number: Int) throws(InferenceError) -> Int? {
    guard op.inputs.indices.contains(number), op.inputs[number] >= 0 else { return nil }
    let id = op.inputs[number]
    if case .nowhere = preparation.values[id].source {
      throw .notComputed(reference, tensor: preparation.values[id].name)
    }
    return id
  }

  /// An input that may still be a deferred border.
  func deferredInput(_ number: Int) throws(InferenceError) -> Int {
    guard let id = try optionalInput(number) else {
      throw failure(.count(inputs: op.inputs.count, outputs: op.outputs.count))
    }
    return id
  }

  /// An input whose bytes exist.
  func input(_ number: Int) throws(InferenceError) -> Int {
    let id = try deferredInput(number)
    try preparation.materialize(id)
    return id
  }

  var output: Int { op.outputs[0] }

  func value(_ id: Int) -> Preparation.Value { preparation.values[id] }

  func types(_ ids: [Int]) -> InferenceError.OperatorProblem {
    .types(ids.map { value($0).elementType })
  }

  // MARK: constants and quantisation

  func constant<T: BitwiseCopyable>(
    _ id: Int, as type: T.Type, _ what: String
  ) throws(InferenceError) -> [T] {
    if model.tensors.indices.contains(id), model.tensors[id].isSparse {
      throw failure(.sparse(what))
    }
    guard let elements = preparation.constant(id, as: type) else {
      throw failure(.notConstant(what))
    }
    return elements
  }

  private var model: TFLiteModel { preparation.model }

  /// Quantisation of a whole int8 or uint8 tensor.
  func byteQuantization(_ id: Int, _ what: String) throws(InferenceError) -> ByteQuantization {
    let value = value(id)
    guard let domain = ByteDomain(value.elementType), let quantization = value.quantization,
      quantization.scales.count == 1, quantization.scales[0] > 0
    else { throw failure(.quantization(of: what)) }
    return ByteQuantization(
      scale: quantization.scales[0], zero: Int32(quantization.zeroPoints[0] + domain.offset),
      domain: domain)
  }

  func multiplier(
    _ real: Double, _ what: String, wraps: Bool = false
  ) throws(InferenceError) -> FixedPointMultiplier {
    guard let multiplier = FixedPointMultiplier(real, wraps: wraps) else {
      throw failure(.quantization(of: what))
    }
    return multiplier
  }

  /// A factor that the reference requires to be below one.
  func fraction(_ real: Double, _ what: String) throws(InferenceError) -> FixedPointMultiplier {
    let multiplier = try multiplier(real, what)
    guard real > 0, multiplier.shift <= 0 else { throw failure(.quantization(of: what)) }
    return multiplier
  }

  func range(
    _ activation: OperatorOptions.Activation?
  ) throws(InferenceError) -> ClosedRange<Float> {
    guard let range = activation?.range else {
      throw failure(.option("activation", value: name(activation)))
    }
    return range
  }

  func range(
    _ activation: OperatorOptions.Activation?, _ quantization: ByteQuantization
  ) throws(InferenceError) -> ClosedRange<Int32> {
    guard let activation, let range = quantization.range(activation) else {
      throw failure(.option("activation", value: name(activation)))
    }
    return range
  }

  private func name(_ activation: OperatorOptions.Activation?) -> String {
    activation.map { "\($0)" } ?? "of unknown number"
  }

  // MARK: steps

  /// The best kernel that needs nothing above what the machine or the options allow, or `limit`.
  func kernel(
    _ operation: fk_op, limit: fk_isa? = nil
  ) throws(InferenceError) -> Kernel {
    let isa = limit.map { $0.rawValue < preparation.isa.rawValue ? $0 : preparation.isa }
    guard let kernel = Kernel(operation, isa ?? preparation.isa) else { throw failure(.unknown) }
    return kernel
  }

  /// Integers of a constant.
  func integers(_ id: Int, _ what: String) throws(InferenceError) -> [Int] {
    switch value(id).elementType {
    case .int32: try constant(id, as: Int32.self, what).map(Int.init)
    case .int64: try constant(id, as: Int64.self, what).map(Int.init)
    default: throw failure(types([id]))
    }
  }

  /// A dimension by its number, which counts from the last where it is negative.
  func dimension(_ number: Int, rank: Int, _ what: String) throws(InferenceError) -> Int {
    let positive = number < 0 ? number + rank : number
    guard (0..<rank).contains(positive) else { throw failure(.option(what, value: "\(number)")) }
    return positive
  }

  /// Defines the output as computed, and adds the step that computes it.
  func append(
    _ kernel: Kernel, reads: [Int], outputShape: [Int], units: Int, scratchBytes: Int = 0,
    rows: RowAccess? = nil, parameters: @escaping (Addresses) -> UnsafeRawPointer
  ) throws(InferenceError) {
    try preparation.define(output, shape: outputShape, .arena)
    try append(
      kernel, reads: reads, writes: [output], units: units, scratchBytes: scratchBytes,
      rows: rows ?? elementwiseRows(kernel, reads, outputShape, units), parameters: parameters)
  }

  /// Adds a step, or runs it now if all that it reads is constant and it is cheap.
  ///
  /// What it writes is defined.
  func append(
    _ kernel: Kernel, reads: [Int], writes: [Int], units: Int, scratchBytes: Int = 0,
    rows: RowAccess? = nil, parameters: @escaping (Addresses) -> UnsafeRawPointer
  ) throws(InferenceError) {
    let step = Preparation.Step(
      operatorIndex: index, kernel: kernel, reads: reads, writes: writes, units: units,
      scratchBytes: scratchBytes, rows: rows, parameters: parameters)
    if kernel.isCheap, reads.allSatisfy(preparation.isConstant) {
      try preparation.fold(step)
    } else {
      preparation.append(step)
    }
  }

  /// Rows of kernels that compute one element of an image after the other.
  private func elementwiseRows(
    _ kernel: Kernel, _ reads: [Int], _ shape: [Int], _ units: Int
  ) -> RowAccess? {
    guard kernel.isElementwise else { return nil }
    let isSame = reads.map { value($0).shape == shape }
    guard zip(reads, isSame).allSatisfy({ $1 || preparation.isConstant($0) }) else { return nil }
    return RowAccess(elementwise: shape, units: units, inputs: isSame)
  }
}
