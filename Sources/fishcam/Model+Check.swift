import ArgumentParser
import Foundation
import Inference
import SurveyExport
import TFLite

extension Model {
  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Load a model, run it on random input, compare portable and fast kernels.",
      discussion: """
        The first thing to run on a model that behaves oddly. Quantised results must be equal with all \
        kernels; floats may differ by 0.001 of the largest value, and by 0.03 where the model \
        quantises them while it runs (dynamic range). Exit code 1 says that something is wrong.

        EXAMPLE
          fishcam model check exported/fomo.tflite
        """)

    @Argument(help: "Models' names or .tflite files.", completion: .file(extensions: ["tflite"]))
    var model: [String]

    @Option(help: "How many random inputs to try.")
    var inputs = 3

    func validate() throws {
      guard (1...10_000).contains(inputs) else {
        throw ValidationError("--inputs is from 1 to 10000.")
      }
    }

    func run() throws {
      var bad = false
      for name in model {
        do {
          let (file, graph) = try Model.graph(name)
          bad = try !check(graph, file.lastPathComponent) || bad
        } catch let error as any CustomStringConvertible & Error where Failure.knows(error) {
          print("\(name): cannot be used: \(error)")
          bad = true
        }
      }
      if bad { throw ExitCode(1) }
    }

    private func check(_ graph: TFLiteModel, _ name: String) throws -> Bool {
      let summary = ModelSummary(graph)
      if let problem = summary.problem {
        print("\(name): read, but cannot be run: \(problem)")
        return false
      }
      var good = true
      let reference = try Interpreter(graph, options: InferenceOptions(kernels: .portable))
      print(
        "\(name): \(graph.operators.count) operators, \(grouped(summary.multiplyAdds)) "
          + "multiply-adds, \(grouped(reference.memoryBytes)) bytes of memory")
      for variant in KernelVariant.available where variant != .portable && variant != .best {
        let fast = try Interpreter(graph, options: InferenceOptions(kernels: variant))
        var lines: [String] = []
        var worst: Float = 0
        for number in 0..<inputs {
          var random = SystemRandomNumberGenerator()
          for index in reference.inputs.indices {
            let bytes = Self.randomBytes(reference.inputs[index], using: &random)
            for interpreter in [reference, fast] {
              interpreter.withInput(index) { $0.copyBytes(from: bytes) }
            }
          }
          reference.run()
          fast.run()
          for index in reference.outputs.indices {
            let found = Self.difference(
              reference, fast, output: index, tolerance: graph.quantisesWhileRunning ? 0.03 : 1e-3)
            worst = max(worst, found.worst)
            if let text = found.text { lines.append("input \(number + 1), \(text)") }
          }
        }
        if lines.isEmpty {
          print(
            "  \(variant.rawValue) kernels agree with the portable ones on \(inputs) random inputs"
              + (worst > 0
                ? String(format: " (to %.1g of the largest value)", worst) : ", bit for bit"))
        } else {
          good = false
          print("  \(variant.rawValue) kernels differ from the portable ones:")
          for line in lines.prefix(12) { print("    \(line)") }
        }
      }
      return good
    }

    private static func randomBytes(
      _ tensor: TensorDescription, using random: inout some RandomNumberGenerator
    ) -> [UInt8] {
      guard tensor.elementType == .float32 else {
        return (0..<tensor.byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      let values = (0..<tensor.elementCount).map { _ in Float.random(in: 0...1, using: &random) }
      return values.withUnsafeBytes { [UInt8]($0) }
    }

    /// How far an output differs, relative to its largest value, and words if that is too far.
    private static func difference(
      _ a: Interpreter, _ b: Interpreter, output index: Int, tolerance: Float
    ) -> (worst: Float, text: String?) {
      let tensor = a.outputs[index]
      let (first, second) = (
        a.withOutput(index) { [UInt8]($0) }, b.withOutput(index) { [UInt8]($0) }
      )
      guard first != second else { return (0, nil) }
      guard tensor.elementType == .float32 else {
        let count = zip(first, second).count { $0 != $1 }
        return (1, "output \(index): \(count) bytes of quantised values differ")
      }
      let floats = { (bytes: [UInt8]) in
        bytes.withUnsafeBytes { buffer in
          (0..<buffer.count / 4).map {
            buffer.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
          }
        }
      }
      let (x, y) = (floats(first), floats(second))
      let largest = max(1, x.map(abs).max() ?? 1)
      let worst = zip(x, y).map { ($0 - $1).magnitude }.max() ?? 0
      guard worst.isNaN || worst > tolerance * largest else { return (worst / largest, nil) }
      return (
        worst / largest, "output \(index): values differ by up to \(worst), of at most \(largest)"
      )
    }
  }
}

extension TFLiteModel {
  /// Whether some operator takes floats and 8-bit weights: its input is quantised while it runs.
  fileprivate var quantisesWhileRunning: Bool {
    operators.contains { op in
      [OperatorKind.conv2D, .depthwiseConv2D, .fullyConnected].contains(op.kind)
        && op.inputs.count > 1 && op.inputs[0] >= 0 && op.inputs[1] >= 0
        && tensors[op.inputs[0]].elementType == .float32
        && tensors[op.inputs[1]].elementType != .float32
    }
  }
}
