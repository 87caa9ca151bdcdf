import Foundation
import TestSupport
import Testing

@Suite(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
struct ClassifierTests {
  private func shared(_ name: String) -> String { SharedMaterial.path("models/" + name) }

  private func rows(_ result: Tool.Result) throws -> [[String: Any]] {
    try JSONSerialization.jsonObject(with: result.output) as? [[String: Any]] ?? []
  }

  @Test(arguments: [
    "mobilenet_v1_0.25_224_imagenet_f32", "mobilenet_v1_0.25_224_imagenet_f16",
    "mobilenet_v1_0.25_224_imagenet_int8", "mobilenet_v1_0.25_224_imagenet_dynrange",
    "mobilenet_v1_0.5_160_quant", "mobilenet_v1_0.75_192_quant", "mobilenet_v2_1.0_224_quant",
  ])
  func whatAPersonSees(_ model: String) throws {
    let pictures = ["parrot.jpg", "cat_720p.jpg", "hot_dog.jpg"].map { shared("images/" + $0) }
    let result = try FishcamProgram.run(
      ["classify"] + pictures + [
        "--model", shared(model + ".tflite"), "--labels", shared("images/imagenet_labels.txt"),
        "--top", "1", "--json",
      ])
    #expect(result.code == 0)
    let best = try rows(result).map {
      ($0["labels"] as? [[String: Any]])?.first?["label"] as? String ?? ""
    }
    #expect(best.count == 3)
    for (name, words) in zip(best, [["macaw"], ["cat"], ["hotdog"]]) {
      #expect(words.contains { name.contains($0) }, "\(best)")
    }
    #expect(try rows(result).allSatisfy { $0["milliseconds"] as? Double ?? 0 > 0 })
  }

  @Test func aBirdByTheModelsOwnLabels() throws {
    let result = try FishcamProgram.run([
      "classify", shared("images/bird.bmp"), "--model",
      shared("mobilenet_v2_1.0_224_inat_bird_quant.tflite"), "--top", "1",
    ])
    #expect(result.text.contains("Poecile atricapillus (Black-capped Chickadee)"))
  }

  @Test func windowsOfAClassifier() throws {
    let result = try FishcamProgram.run([
      "detect", shared("images/parrot.jpg"), "--model",
      shared("mobilenet_v1_0.25_128_quant.tflite"), "--windows", "224,200", "--label", "macaw",
      "--json",
    ])
    let frames = try #require(try rows(result).first?["frames"] as? [[String: Any]])
    let windows = try #require(frames.first?["detections"] as? [[String: Any]])
    #expect(windows.count >= 2)
    for window in windows {
      #expect(window["label"] as? String == "macaw")
      let width =
        (window["width"] as? Double ?? 0) * (window["x_px"] as? Double ?? 0)
        / (window["x"] as? Double ?? 1)
      #expect(abs(width - 224) < 1e-6)
    }
    let wrong = try FishcamProgram.run([
      "detect", shared("images/parrot.jpg"), "--model",
      shared("mobilenet_v1_0.25_128_quant.tflite"), "--windows", "224,200", "--label", "tuna",
    ])
    #expect(wrong.code == 2 && wrong.errors.contains("tuna"))
  }

  /// The boxes that LiteRT gives for this picture, of which three score 0.3 or more.
  ///
  /// Its golden has the network's state inputs at code 0; a picture by itself has them at their zero
  /// point, which moves the boxes by up to a hundredth.
  @Test func boxesOfAnSSD() throws {
    let result = try FishcamProgram.run([
      "detect", shared("images/0001.bmp"), "--model",
      shared("ssd_automl_256_traffic_quant.tflite"), "--threshold", "0.3", "--json",
    ])
    let frames = try #require(try rows(result).first?["frames"] as? [[String: Any]])
    let found = try #require(frames.first?["detections"] as? [[String: Any]])
    let golden = shared("golden/ssd_automl_256_traffic_quant/reference.bin")
    let boxes = try Data(contentsOf: URL(filePath: golden)).withUnsafeBytes { bytes in
      (0..<12).map { Double(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)) }
    }
    #expect(found.count == 3)
    for (index, detection) in found.enumerated() {
      let box = boxes[index * 4..<index * 4 + 4].map { $0 }
      #expect(abs((detection["x"] as? Double ?? 0) - (box[1] + box[3]) / 2) < 0.015)
      #expect(abs((detection["y"] as? Double ?? 0) - (box[0] + box[2]) / 2) < 0.015)
      #expect(abs((detection["width"] as? Double ?? 0) - (box[3] - box[1])) < 0.015)
    }
    let refused = try FishcamProgram.run([
      "detect", shared("images/0001.bmp"), "--model",
      shared("ssd_automl_256_traffic_quant.tflite"), "--decoder", "peak",
    ])
    #expect(refused.code == 2 && refused.errors.contains("leave it out"))
  }

  @Test func checkAndBenchTakeSeveralModels() throws {
    let models = ["fomo_0.35_96_int8_balloon", "vww_96_float"].map { shared($0 + ".tflite") }
    let check = try FishcamProgram.run(["model", "check", "--inputs", "1"] + models)
    #expect(check.code == 0, "\(check.text)")
    let folder = try TemporaryFolder()
    let broken = try folder.write(Data("TFL3".utf8), to: "broken.tflite")
    #expect(try FishcamProgram.run(["model", "check", broken]).code == 1)
    let csv = folder.path + "/sizes.csv"
    let bench = try FishcamProgram.run(
      ["model", "bench"] + models + [
        "--seconds", "0.05", "--watts", "10", "--budget", "10W", "--csv", csv,
      ])
    #expect(bench.code == 0)
    #expect(bench.text.contains("per day"))
    let lines = try String(contentsOfFile: csv, encoding: .utf8).split(separator: "\r\n")
    #expect(lines.count == 3)
    #expect(lines[1].hasPrefix("fomo_0.35_96_int8_balloon.tflite,56616,5872896,"))
  }
}
