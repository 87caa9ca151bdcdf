internal import CKernels
internal import TFLite

/// A model on its way from file to steps: shapes are inferred, constants folded, padding deferred
/// to whoever can take it along, and one step is added for each kernel call.
final class Preparation {
  /// A tensor: what the file says, and where its value comes from.
  struct Value {
    var name: String
    var elementType: ElementType
    var shape: [Int]
    var quantization: TFLiteModel.Quantization?
    var source: Source
    var elementCount: Int { shape.reduce(1, *) }
    var byteCount: Int { elementCount * elementType.byteCount }
  }

  /// Where a value comes from.
  enum Source {
    case nowhere
    case fileConstant(tensor: Int)
    case constant(UnsafeRawBufferPointer)
    /// Lies in the arena, written by the caller or by a step.
    case arena
    /// The same bytes as another value.
    case alias(of: Int)
    /// Another value with a border, not yet computed.
    case padded(Padded)
  }

  /// A deferred PAD.
  struct Padded {
    var source: Int
    var before: [Int]
    var after: [Int]
    var operatorIndex: Int
  }

  /// One kernel call to be.
  struct Step {
    var operatorIndex: Int
    var kernel: Kernel
    var reads: [Int]
    var writes: [Int]
    var units: Int
    var scratchBytes: Int
    /// How it walks through images, nil where it needs all of its inputs at once.
    var rows: RowAccess?
    /// Makes the kernel's parameter block once addresses are known.
    var parameters: (Addresses) -> UnsafeRawPointer
  }

  let model: TFLiteModel
  let isa: fk_isa
  let memory: OwnedMemory
  private let memoryLimit: Int
  let threads: Int
  var values: [Value]
  private(set) var steps: [Step] = []

  init(_ model: TFLiteModel, _ options: InferenceOptions) throws(InferenceError) {
    self.model = model
    memory = OwnedMemory(limit: options.memoryLimit)
    memoryLimit = options.memoryLimit
    threads = max(1, min(options.threads, 64))
    let isa = options.kernels.isa ?? fk_isa_best()
    guard isa.isAvailable else { throw .kernelsUnavailable(options.kernels) }
    self.isa = isa
    values = model.tensors.indices.map { index in
      let tensor = model.tensors[index]
      return Value(
        name: tensor.name, elementType: tensor.elementType, shape: tensor.shape,
        quantization: tensor.quantization,
        source: tensor.isConstant ? .fileConstant(tensor: index) : .nowhere)
    }
    guard !model.inputs.isEmpty, !model.outputs.isEmpty else { throw .noInputsOrOutputs }
    for input in model.inputs {
      let type = values[input].elementType
      guard case .nowhere = values[input].source, type.byteCount > 0 else {
        throw .badInput(tensor: values[input].name, type)
      }
      try checkSize(values[input])
    }
    for (number, input) in model.inputs.enumerated() {
      if let shape = options.inputShapes[number] {
        guard shape.allSatisfy({ $0 > 0 }), shape.count <= 8 else {
          throw .badInput(tensor: values[input].name, values[input].elementType)
        }
        values[input].shape = shape
        try checkSize(values[input])
      }
      values[input].source = .arena
    }
    for (index, op) in model.operators.enumerated() {
      try OperatorContext(index: index, op: op, preparation: self).prepare()
    }
    for output in model.outputs {
      if case .nowhere = values[output].source { throw .badOutput(tensor: values[output].name) }
      guard values[output].elementType.byteCount > 0 else {
        throw .badOutput(tensor: values[output].name)
      }
      try materialize(output)
    }
  }

  /// The memory limit bounds every tensor, so that sizes computed later cannot overflow.
  ///
  /// A dimension of 0 counts as 1, as it would hide the others.
  private func checkSize(_ value: Value) throws(InferenceError) {
    var bytes = max(value.elementType.byteCount, 1)
    for size in value.shape {
      let (product, overflow) = bytes.multipliedReportingOverflow(by: max(size, 1))
      guard !overflow, product <= memoryLimit else {
        throw .memoryLimit(needed: overflow ? .max : product, limit: memoryLimit)
      }
      bytes = product
    }
  }

  /// Sets what an operator's output is.
  func define(_ id: Int, shape: [Int], _ source: Source) throws(InferenceError) {
    values[id].shape = shape
    values[id].source = source
    try checkSize(values[id])
  }

  func append(_ step: Step) { steps.append(step) }

  /// A value of the engine's own, beside those of the file.
  func addTemporary(_ type: ElementType, _ shape: [Int]) throws(InferenceError) -> Int {
    let value = Value(
      name: "temporary", elementType: type, shape: shape, quantization: nil, source: .arena)
    try checkSize(value)
    values.append(value)
    return values.count - 1
  }

  /// Makes sure that a value's bytes exist, computing a deferred border.
  func materialize(_ id: Int) throws(InferenceError) {
    guard case .padded(let padded) = values[id].source else { return }
    try appendPad(padded, to: id)
    values[id].source = .arena
  }

  /// The value whose bytes `id` has.
  func resolve(_ id: Int) -> Int {
    var id = id
    while case .alias(let other) = values[id].source { id = other }
    return id
  }

  func isConstant(_ id: Int) -> Bool {
    switch values[resolve(id)].source {
    case .fileConstant, .constant: true
    default: false
    }
  }

  /// A constant's elements, nil for a value that is computed.
  func constant<T: BitwiseCopyable>(_ id: Int, as type: T.Type) -> [T]? {
    func copy(_ bytes: UnsafeRawBufferPointer) -> [T] {
      let count = bytes.count / MemoryLayout<T>.stride
      return [T](unsafeUninitializedCapacity: count) { buffer, initialized in
        UnsafeMutableRawBufferPointer(buffer).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[0..<count * MemoryLayout<T>.stride]))
        initialized = count
      }
    }
    switch values[resolve(id)].source {
    case .fileConstant(let tensor):
      return model.constantBytes(ofTensor: tensor)?.withUnsafeBytes(copy)
    case .constant(let bytes):
      return copy(bytes)
    default:
      return nil
    }
  }
}
