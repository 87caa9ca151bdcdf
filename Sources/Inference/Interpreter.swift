internal import CKernels
public import TFLite

/// A model, prepared once and run many times.
///
/// Preparing checks every operator, packs weights for the kernels in use and lays all tensors out in
/// one block of memory; `run()` allocates nothing. An interpreter is not for two threads at once:
/// give each thread its own, made from the same `TFLiteModel`.
///
/// ```swift
/// let interpreter = try Interpreter(TFLiteModel(path: "fish.tflite"))
/// interpreter.withInput(0) { $0.copyBytes(from: pixels) }
/// interpreter.run()
/// interpreter.withOutput(0) { scores in … }
/// ```
public final class Interpreter {
  /// What the model reads, in the file's order.
  public let inputs: [TensorDescription]
  /// What the model gives, in the file's order.
  public let outputs: [TensorDescription]
  /// Name of the kernel variant in use, such as `avx2`.
  public let kernels: String
  /// Bytes of the block in which all computed tensors lie.
  public let arenaBytes: Int
  /// Bytes of everything that the interpreter keeps: arena, packed weights, scratch.
  public var memoryBytes: Int { prepared.memory.byteCount }

  let prepared: PreparedModel
  /// Nil for one thread.
  private let pool: OpaquePointer?

  /// Prepares a model.
  ///
  /// Throws an `InferenceError` that names the operator, its version and the reason where the model
  /// cannot be run, and where it needs more memory than the options allow.
  public init(
    _ model: TFLiteModel, options: InferenceOptions = .init()
  ) throws(InferenceError) {
    let preparation = try Preparation(model, options)
    inputs = model.inputs.map { TensorDescription(preparation.values[$0]) }
    outputs = model.outputs.map { TensorDescription(preparation.values[$0]) }
    kernels = preparation.isa.name
    prepared = try preparation.finish()
    arenaBytes = prepared.arenaBytes
    pool = preparation.threads > 1 ? fk_pool_create(Int32(preparation.threads)) : nil
  }

  deinit { fk_pool_destroy(pool) }

  /// Gives access to an input's memory.
  ///
  /// What is written stays until it is overwritten.
  public func withInput<R>(
    _ index: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) rethrows -> R {
    try body(prepared.inputs[index])
  }

  /// Gives access to an output's memory, as the last run left it.
  public func withOutput<R>(
    _ index: Int, _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    try body(UnsafeRawBufferPointer(prepared.outputs[index]))
  }

  /// Computes the outputs from the inputs.
  ///
  /// Allocates nothing.
  public func run() {
    fk_execute(
      pool, prepared.calls.baseAddress, Int64(prepared.calls.count), prepared.scratch,
      Int64(prepared.scratchStep))
  }
}

extension TensorDescription {
  init(_ value: Preparation.Value) {
    let quantization = value.quantization
    let isWhole = quantization?.scales.count == 1
    self.init(
      name: value.name, elementType: value.elementType, shape: value.shape,
      scale: isWhole ? quantization?.scales.first ?? 0 : 0,
      zeroPoint: isWhole ? quantization?.zeroPoints.first ?? 0 : 0)
  }
}
