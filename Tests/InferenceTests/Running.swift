import Inference
import TFLite
import TestSupport

/// Runs a model on one input and gives the bytes of its first output.
func run(
  _ model: TFLiteModel, on input: [UInt8], _ variant: KernelVariant = .portable
) throws -> [UInt8] {
  let interpreter = try Interpreter(model, options: InferenceOptions(kernels: variant))
  interpreter.withInput(0) { $0.copyBytes(from: input) }
  interpreter.run()
  return interpreter.withOutput(0) { Array($0) }
}

/// Runs a model with float inputs and output.
func run(
  _ builder: ModelBuilder, on inputs: [[Float]], _ variant: KernelVariant = .portable
) throws -> [Float] {
  let model = try TFLiteModel(bytes: builder.build())
  let interpreter = try Interpreter(model, options: InferenceOptions(kernels: variant))
  for (i, input) in inputs.enumerated() {
    interpreter.withInput(i) { $0.copyBytes(from: littleEndian(input)) }
  }
  interpreter.run()
  return interpreter.withOutput(0) { floats(Array($0)) }
}

func floats(_ bytes: [UInt8]) -> [Float] {
  bytes.withUnsafeBytes { raw in
    (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
  }
}

/// The largest distance between two lists of equal length; infinite where they differ in length or
/// one of them is not a number.
func largestDifference(_ a: [Float], _ b: [Float]) -> Float {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).map { $0 == $1 ? 0 : ($0 - $1).isNaN ? .infinity : abs($0 - $1) }.max() ?? 0
}

/// Variants of which the portable one is the measure.
let fastVariants = KernelVariant.available.filter { $0 != .portable }
