import Foundation
import Inference
import TFLite
import TestSupport
import Testing

/// Models that other people trained, with outputs of LiteRT's reference kernels.
private enum SharedModels {
  static let models = SharedMaterial.folder.appendingPathComponent("models")

  static func golden(_ name: String, _ file: String) throws -> [UInt8] {
    let url = models.appendingPathComponent("golden/\(name)/\(file)")
    return [UInt8](try Data(contentsOf: url))
  }

  static func model(_ name: String) throws -> TFLiteModel {
    try TFLiteModel(path: models.appendingPathComponent("\(name).tflite").path)
  }

  /// Every model but the detector, and those whose activations are quantised at run time.
  static let exact = [
    "fomo_0.1_96gray_int8_washers", "fomo_0.35_240_f32", "fomo_0.35_96_int8_balloon",
    "fomo_0.35_96gray_int8_f32io", "fomo_0.35_96gray_int8_u8io", "fomo_640x360_dynrange_virat",
    "fomo_640x360_f16_virat", "fomo_640x360_f32_virat", "fomo_640x360_int8_virat",
    "mobilenet_v1_0.25_128_quant", "mobilenet_v1_0.25_224_imagenet_f16",
    "mobilenet_v1_0.25_224_imagenet_f32", "mobilenet_v1_0.25_224_imagenet_int8",
    "mobilenet_v1_0.5_160_quant", "mobilenet_v1_0.75_192_quant", "mobilenet_v2_1.0_224_quant",
    "mobilenet_v2_1.0_224_inat_bird_quant", "resnet8_32_int8", "vww_96_float", "vww_96_int8",
  ]
}

@Suite(
  "Goldens of LiteRT",
  .enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
struct GoldenTests {
  @Test("Models equal LiteRT's reference kernels", arguments: SharedModels.exact)
  func models(_ name: String) throws {
    let model = try SharedModels.model(name)
    let input = try SharedModels.golden(name, "input.bin")
    let expected = try SharedModels.golden(name, "reference.bin")
    for variant in KernelVariant.available {
      let result = try run(model, on: input, variant)
      if model.tensors[model.outputs[0]].elementType == .float32 {
        let difference = largestDifference(floats(result), floats(expected))
        #expect(difference <= 1e-4, "\(variant) differs by \(difference)")
      } else {
        let differing = zip(result, expected).count { $0 != $1 }
        #expect(
          differing == 0 && result.count == expected.count,
          "\(variant): \(differing) of \(expected.count) differ")
      }
    }
  }

  /// A float in the last place more or less before it is quantised may become the next integer, so
  /// only the portable kernels, which add in the reference's order, give the reference's result.
  @Test("Activations quantised at run time are within a step of the reference's")
  func hybrid() throws {
    let name = "mobilenet_v1_0.25_224_imagenet_dynrange"
    let model = try SharedModels.model(name)
    let input = try SharedModels.golden(name, "input.bin")
    let expected = floats(try SharedModels.golden(name, "reference.bin"))
    #expect(largestDifference(floats(try run(model, on: input, .portable)), expected) <= 1e-4)
    for variant in fastVariants {
      let result = floats(try run(model, on: input, variant))
      #expect(largestDifference(result, expected) <= 0.01, "\(variant)")
      #expect(
        result.firstIndex(of: result.max() ?? 0) == expected.firstIndex(of: expected.max() ?? 0))
    }
  }

  @Test("The detector finds the boxes that LiteRT's reference kernels find")
  func detector() throws {
    let name = "ssd_automl_256_traffic_quant"
    let model = try SharedModels.model(name)
    for variant in KernelVariant.available {
      let interpreter = try Interpreter(model, options: InferenceOptions(kernels: variant))
      let input = try SharedModels.golden(name, "input.bin")
      interpreter.withInput(0) { $0.copyBytes(from: input) }
      interpreter.run()
      let results = interpreter.outputs.indices.map { interpreter.withOutput($0) { Array($0) } }
      let expected = try interpreter.outputs.indices.map {
        try SharedModels.golden(name, $0 == 0 ? "reference.bin" : "reference_\($0).bin")
      }
      // Boxes of equal score have no order of their own.
      for (output, count) in [(0, 12), (1, 3), (2, 3)] {
        let (ours, theirs) = (floats(results[output]), floats(expected[output]))
        #expect(largestDifference(Array(ours[..<count]), Array(theirs[..<count])) < 1e-5)
      }
      #expect(results[3] == expected[3])
      #expect(results[4] == expected[4] && results[5] == expected[5], "\(variant)")
    }
  }

  @Test("A second run with the same input gives the same output")
  func again() throws {
    let model = try SharedModels.model("fomo_0.35_96_int8_balloon")
    let interpreter = try Interpreter(model)
    let input = try SharedModels.golden("fomo_0.35_96_int8_balloon", "input.bin")
    interpreter.withInput(0) { $0.copyBytes(from: input) }
    interpreter.run()
    let first = interpreter.withOutput(0) { Array($0) }
    for _ in 0..<3 { interpreter.run() }
    #expect(interpreter.withOutput(0) { Array($0) } == first)
    #expect(interpreter.withInput(0) { Array($0) } == input)
  }

  @Test("The summary counts the multiply-adds that the design states")
  func summary() throws {
    let summary = ModelSummary(try SharedModels.model("fomo_0.35_96_int8_balloon"))
    #expect(summary.problem == nil)
    #expect((5_000_000...7_000_000).contains(summary.multiplyAdds))
    #expect(summary.inputs[0].shape == [1, 96, 96, 3])
    #expect(summary.operators[0].inputs[0] == "int8[1,96,96,3]")
    #expect(summary.arenaBytes > 0 && summary.parameterBytes > 10_000)
    let back = try JSONDecoder().decode(
      ModelSummary.self, from: JSONEncoder().encode(summary))
    #expect(back == summary)
  }

  @Test("A damaged copy of a model is refused or runs, but never crashes", arguments: [1, 2, 3])
  func mutations(_ seed: UInt64) throws {
    var numbers = SeededNumbers(seed)
    for name in ["fomo_0.1_96gray_int8_washers", "fomo_640x360_f16_virat"] {
      let path = SharedModels.models.appendingPathComponent("\(name).tflite")
      let original = [UInt8](try Data(contentsOf: path))
      for _ in 0..<150 { tryMutation(of: original, &numbers) }
    }
  }
}
