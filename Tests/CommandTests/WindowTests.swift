import Foundation
import TestSupport
import Testing

/// A classifier slid over drawn pictures whose fish are known.
@Suite struct WindowTests {
  private let files: EvaluateFolder
  private let model: String

  init() throws {
    files = try EvaluateFolder()
    model = try files.folder.write(Data(WindowModel.file(side: 32)), to: "window/windows.tflite")
    let hash = String(try Tool.succeed("sha256sum", [model]).text.prefix(64))
    try files.folder.write(WindowModel.card(sha256: hash), to: "window/card.json")
  }

  private func evaluate(_ options: [String]) throws -> Tool.Result {
    try FishcamProgram.run(
      ["evaluate", "--model", model, "--annotations", files.annotations] + options)
  }

  /// The same fish as by a model of whole frames.
  @Test func figuresOfWindows() throws {
    let result = try evaluate(["--windows", "32,16", "--json"])
    let report = try EvaluateFolder.Report(result.output)
    #expect(result.code == 0, "\(result.errors)")
    #expect(report["right"] == 4)
    #expect(report["wrong"] == 1)
    #expect(report["missed"] == 1)
    #expect(report["by_class/blue fish/f1"] == 1)
    #expect(report["recall_small"] == 0.833333)
    #expect(report["small_boxes"] == 6)
    #expect(report["recall_large"] == nil)
    let points = report.members["by_threshold"] as? [[String: Any]] ?? []
    #expect(points.count == 90)
    let decoder = (report.members["model"] as? [String: Any])?["decoder"] as? String
    #expect(decoder == "windows 32,16")
    let text = try evaluate(["--windows", "32,16"]).text
    #expect(text.contains("decoder: windows 32,16"))
    #expect(text.contains("small 0.833 (6), medium – (0), large – (0)"))
  }

  @Test func curvesAndPlotsAsForEveryModel() throws {
    let plots = files.folder.path + "/plots"
    let result = try evaluate(["--windows", "32,16", "--threshold", "best", "--plots", plots])
    #expect(result.code == 0, "\(result.errors)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: plots).count == 4)
  }

  /// Centroids lie ten pixels within their boxes, or far off: from 40 pixels on the missed one's
  /// neighbourhood reaches no detection either, but the empty picture has no box at all.
  @Test func aMarginForModelsOfAnyGrid() throws {
    var (annotations, moved) = (
      files.document["annotations"] as? [[String: Any]] ?? [], files.document
    )
    annotations[2]["bbox"] = [40, 14, 20, 20]
    moved["annotations"] = annotations
    let truth = try files.folder.write(
      JSONSerialization.data(withJSONObject: moved), to: "reef/moved.json")
    let right = { (margin: String) in
      let result = try FishcamProgram.run([
        "evaluate", "--model", model, "--windows", "32,16", "--annotations", truth, "--margin",
        margin, "--json",
      ])
      return try EvaluateFolder.Report(result.output)
    }
    // The fish of the second picture is centred at 24, 16 pixels before its box.
    #expect(try right("15")["right"] == 3)
    #expect(try right("16")["right"] == 4)
    #expect(try right("16")["margin_px"] == 16)
  }

  @Test func detectMerges() throws {
    let picture = files.folder.path + "/reef/p0.png"
    let detect = { (options: [String]) in
      try FishcamProgram.run(
        ["detect", picture, "--model", model, "--windows", "32,16"] + options)
    }
    #expect(try detect([]).text.split(separator: "\n").count == 1 + 8)
    let merged = try detect(["--merge"])
    let rows = merged.text.split(separator: "\n").dropFirst().map {
      $0.split(separator: ",").map(String.init)
    }
    #expect(rows.map { $0[2] } == ["red fish", "red fish"])
    #expect(Set(rows.map { $0[3] }) == ["0.12500", "0.37500"])
  }

  @Test func classifyNamesTheBackground() throws {
    let result = try FishcamProgram.run([
      "classify", files.folder.path + "/reef/p2.png", "--model", model, "--top", "1",
    ])
    #expect(result.code == 0)
    #expect(result.text.contains("background"))
  }

  @Test func wrongCombinations() throws {
    let blobs = files.program.model
    let picture = files.folder.path + "/reef/p0.png"
    for (command, words) in [
      (
        ["evaluate", "--annotations", files.annotations, "--model", model], "--windows SIZE,STRIDE"
      ),
      (
        ["evaluate", "--annotations", files.annotations, "--model", blobs, "--windows", "32,16"],
        "leave --windows out"
      ),
      (
        ["evaluate", "--annotations", files.annotations, "--model", model, "--windows", "100,50"],
        ".png: is 192 × 96 pixels, smaller than windows of 100"
      ),
      (
        [
          "evaluate", "--annotations", files.annotations, "--model", model, "--windows", "32,16",
          "--decoder", "peak",
        ], "--decoder"
      ),
      (
        ["evaluate", "--annotations", files.annotations, "--model", model, "--windows", "32"],
        "windows"
      ),
      (
        ["evaluate", "--annotations", files.annotations, "--model", blobs, "--margin", "-1"],
        "--margin"
      ),
      (["detect", picture, "--model", blobs, "--windows", "32,16"], "leave --windows out"),
      (["detect", picture, "--model", model, "--merge"], "--windows"),
    ] as [([String], String)] {
      let result = try FishcamProgram.run(command)
      #expect(result.code == 2, "\(command)")
      #expect(result.errors.contains(words), "\(command): \(result.errors)")
    }
    let small = try FishcamProgram.run([
      "detect", picture, "--model", model, "--windows", "100,50",
    ])
    #expect(small.code == 1 && small.errors.contains("smaller than windows of 100"))
  }

  /// The shipped classifier on frames of one real video.
  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func realFish() throws {
    let data = SharedMaterial.path("data/reef/val")
    let bytes = try Data(contentsOf: URL(filePath: data + "/annotations.coco.json"))
    var document = try #require(
      try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    let images = try #require(document["images"] as? [[String: Any]])
    let chosen = images.enumerated().filter { $0.offset % 20 == 0 }.map(\.element)
    let ids = Set(chosen.compactMap { $0["id"] as? Int })
    document["images"] = chosen
    document["annotations"] = (document["annotations"] as? [[String: Any]])?.filter {
      ids.contains($0["image_id"] as? Int ?? -1)
    }
    let annotations = try files.folder.write(
      JSONSerialization.data(withJSONObject: document), to: "real.json")
    let result = try FishcamProgram.run([
      "evaluate", "--model", "fish-window", "--windows", "128,64", "--annotations", annotations,
      "--images", data, "--json",
    ])
    let report = try EvaluateFolder.Report(result.output)
    #expect(report["f1"] ?? 0 > 0.3, "\(result.errors)")
  }
}
