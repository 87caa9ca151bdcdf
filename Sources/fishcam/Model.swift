import ArgumentParser
import Detection
import Foundation
import Inference
import SpeciesCatalog
import Survey
import SurveyExport
import TFLite

struct Model: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look into .tflite models, time them, run them on raw tensors.",
    subcommands: [Info.self, Bench.self, Check.self, Run.self])

  /// The file of a model that is named, and its graph.
  static func graph(_ nameOrPath: String) throws -> (file: URL, graph: TFLiteModel) {
    if nameOrPath.hasSuffix(".tflite") || nameOrPath.contains("/") {
      return (URL(filePath: nameOrPath), try TFLiteModel(path: nameOrPath))
    }
    let model = try LoadedModel(nameOrPath, catalog: loadCatalog())
    return (model.file, model.graph)
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a model's card, operators, shapes and cost.",
      discussion: """
        EXAMPLES
          fishcam model info fish
          fishcam model info exported/fomo.tflite --json
        """)

    @Argument(help: "A model's name or .tflite file.", completion: .file(extensions: ["tflite"]))
    var model: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let (file, graph) = try Model.graph(model)
      let summary = ModelSummary(graph)
      // A classifier or box model has no card that this program reads; its graph is shown anyway.
      let loaded = try? LoadedModel(file.path, catalog: loadCatalog())
      if json {
        print(
          try fishcam.json(
            Report(
              file: file.path, bytes: graph.byteCount, sha256: loaded?.hash,
              name: loaded?.card.name, version: loaded?.card.version,
              labels: loaded?.detectionLabels().map(\.label), description: graph.description,
              summary: summary), pretty: true))
        return
      }
      print("\(file.path): \(grouped(graph.byteCount)) bytes")
      if let loaded {
        print(
          "  model      \(loaded.card.name) \(loaded.card.statedVersion): \(loaded.card.description)"
        )
        print("  labels     \(loaded.detectionLabels().map(\.label).joined(separator: ", "))")
        print("  decoder    \(loaded.card.decoder), fit \(loaded.card.input.fit.rawValue)")
        print("  licence    \(loaded.card.licence)")
        print("  sha256     \(loaded.hash)")
      }
      for input in summary.inputs { print("  input      \(Self.text(input))") }
      for output in summary.outputs { print("  output     \(Self.text(output))") }
      print("  multiply-adds \(grouped(summary.multiplyAdds)), ", terminator: "")
      print("weights \(grouped(summary.parameterBytes)) bytes, ", terminator: "")
      print("working memory \(grouped(summary.arenaBytes)) bytes\n")
      let rows = summary.operators.map {
        [
          String($0.index), $0.name, String($0.version), $0.inputs.first ?? "",
          $0.outputs.joined(separator: " "), grouped($0.multiplyAdds),
        ]
      }
      print(
        TextTable(
          header: ["#", "Operator", "Version", "Input", "Output", "Multiply-adds"], rows: rows,
          numeric: [0, 2, 5]
        ).text, terminator: "")
      if let problem = summary.problem { print("\nThis model cannot be run: \(problem)") }
    }

    private static func text(_ tensor: TensorDescription) -> String {
      let shape = tensor.shape.map(String.init).joined(separator: "×")
      let quantization = tensor.scale > 0 ? ", scale \(tensor.scale), zero \(tensor.zeroPoint)" : ""
      return "\(tensor.name): \(tensor.elementType) \(shape)\(quantization)"
    }

    private struct Report: Encodable {
      var file: String, bytes: Int, sha256: String?, name: String?, version: String?
      var labels: [String]?, description: String?, summary: ModelSummary

      enum CodingKeys: String, CodingKey {
        case file, bytes, sha256, name, version, labels, description
      }

      func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(file, forKey: .file)
        try container.encode(bytes, forKey: .bytes)
        try container.encodeIfPresent(sha256, forKey: .sha256)
        try container.encodeIfPresent(name, forKey: .name)
        try container.encodeIfPresent(version, forKey: .version)
        try container.encodeIfPresent(labels, forKey: .labels)
        try container.encodeIfPresent(description, forKey: .description)
      }
    }
  }

  struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a model on a raw tensor, for comparison with other runtimes.",
      discussion: """
        The input file holds the first input tensor, little-endian, NHWC; the output file receives \
        the first output tensor in the same form.

        EXAMPLE
          fishcam model run fomo.tflite --input in.bin --output out.bin
        """)

    @Argument(help: "A model's name or .tflite file.", completion: .file(extensions: ["tflite"]))
    var model: String

    @Option(help: "The raw input tensor.", completion: .file())
    var input: String

    @Option(help: "Where to write the raw output tensor.", completion: .file())
    var output: String

    @Option(help: "Kernels: \(KernelVariant.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kernels = KernelVariant.best

    func run() throws {
      let interpreter = try Interpreter(
        try Model.graph(model).graph, options: InferenceOptions(kernels: kernels))
      guard let bytes = FileManager.default.contents(atPath: input) else {
        throw ValidationError("\(input): there is no such file, or no permission to read it.")
      }
      let wanted = interpreter.inputs[0].byteCount
      guard bytes.count == wanted else {
        throw ValidationError(
          "\(input): holds \(bytes.count) bytes; the input tensor has \(wanted).")
      }
      interpreter.withInput(0) { $0.copyBytes(from: bytes) }
      interpreter.run()
      let result = interpreter.withOutput(0) { Data($0) }
      do { try result.write(to: URL(filePath: output)) } catch { throw OutputError(file: output) }
    }
  }
}
