import Foundation
import TestSupport
import Testing

@Suite struct EvaluateTests {
  @Test func figuresOfPicturesWithKnownFish() throws {
    let files = try EvaluateFolder()
    let report = try files.report()
    // Complete pictures: red, two and one right of four, one wrong; blue, one right.
    #expect(report["images"] == 5)
    #expect(report["complete_images"] == 4)
    #expect(report["dropped_boxes"] == 1)
    #expect(report["right"] == 4)
    #expect(report["wrong"] == 1)
    #expect(report["missed"] == 1)
    #expect(report["precision"] == 0.8)
    #expect(report["f1"] == 0.8)
    #expect(report["recall"] == 0.833333)
    #expect(report["recall_incomplete"] == 1)
    #expect(report["threshold"] == 0.5)
    #expect(report["count_mae"] == 0.5)
    #expect(report["count_bias"] == 0)
    #expect(report["false_positives_per_empty_image"] == 1)
    #expect(report["max_n_mae"] == 0)
    #expect(report["by_class/red fish/f1"] == 0.75)
    #expect(report["by_class/blue fish/f1"] == 1)
    #expect(report["macro_f1"] == 0.875)
    #expect(report["by_source/reef/f1"] == 0.8)
    #expect(report["by_source/kelp/f1"] == nil)
    #expect(report["by_source/kelp/recall"] == 1)
    #expect(report["by_video/a/max_n_found"] == 2)
    #expect(report["near_centre_f1"] == 0.8)
    let classes = report.members["classes"] as? [String: Any]
    #expect(classes?["weed"] is NSNull)
    let intervals = report.members["intervals"] as? [String: [Double]]
    #expect(intervals?["f1"]?.count == 2)
  }

  @Test func theTableSaysWhatItMeasured() throws {
    let files = try EvaluateFolder()
    let result = try files.run()
    #expect(result.code == 0)
    for words in [
      "5 images of 3 videos, 6 fish", "1 image has incomplete labels", "1 box under two pixels",
      "red fish → red fish, blue fish → blue fish, weed → background", "threshold: 0.50",
      "source kelp", "class blue fish", "Macro-F1 0.875",
    ] {
      #expect(result.text.contains(words), "\(words)")
    }
  }

  @Test func figuresDoNotDependOnJobs() throws {
    let files = try EvaluateFolder()
    let one = try files.run(["--json", "--jobs", "1"])
    #expect(one.code == 0)
    #expect(try files.run(["--json", "--jobs", "4"]).output == one.output)
  }

  /// A name is one thing, and that there is a fish another.
  @Test func anOpenSet() throws {
    let files = try EvaluateFolder()
    let card = BlobModel.openCard(sha256: try files.program.hash)
    try files.folder.write(JSONSerialization.data(withJSONObject: card), to: "model/card.json")
    let report = try files.report()
    #expect(report["named/named"] == 5)
    #expect(report["named/right"] == 4)
    #expect(report["named/right_share"] == 0.8)
    #expect(report["named/unidentified"] == 0)
    #expect(report["named/by_class/blue fish/right"] == 1)
    #expect(report["named/any_name/f1"] == 0.8)
    #expect(report["threshold"] == 0.4)
    // A class without a label of its own is fish, unidentified: what is named there is wrong.
    let table = try files.folder.write(
      Data("truth,label\nred fish,red fish\nblue fish,\"fish, unidentified\"\n".utf8), to: "map.csv"
    )
    let other = try files.report(["--classes", table])
    #expect(other["named/named"] == 5)
    #expect(other["named/right"] == 3)
    #expect(other["named/any_name/f1"] == 0.8)
    #expect(other["by_class/blue fish/wrong"] == 1)
    #expect(other["by_class/fish, unidentified/missed"] == 1)
    // Scores say whether there is a fish, so a wrong name is no error of theirs.
    #expect(other["calibration_error"] == report["calibration_error"])
    let text = try files.run().text
    #expect(text.contains("Named 5, of these 4 right (80 %); 0 unidentified."))
    let one = try files.report(["--threshold", "best"])
    let levels = one.members["thresholds"] as? [String: Double]
    #expect(Set((levels ?? [:]).values).count == 1)
  }

  @Test func reliabilityIsOfProbabilities() throws {
    let files = try EvaluateFolder()
    var card = BlobModel.openCard(sha256: try files.program.hash)
    card["files"] = BlobModel.files(card, ["still": ["scale": 0.1, "offset": 0.0]])
    try files.folder.write(JSONSerialization.data(withJSONObject: card), to: "model/card.json")
    let bins = try files.report().members["reliability"] as? [[String: Any]] ?? []
    let filled = bins.filter { ($0["detections"] as? Int ?? 0) > 0 }
    #expect(filled.count == 1)
    let mean = filled.first?["mean_score"] as? Double ?? 0
    #expect(mean > 0.7 && mean < 0.81)
  }

  @Test func aTableOfClasses() throws {
    let files = try EvaluateFolder()
    let table = try files.folder.write(
      Data("truth,label\nred fish,red fish\nweed,blue fish\n".utf8), to: "map.csv")
    let report = try files.report(["--classes", table])
    // The blue one is now a false one beside the weed that it should have been.
    #expect(report["by_class/blue fish/right"] == 0)
    #expect(report["by_class/blue fish/wrong"] == 1)
    #expect(report["by_class/blue fish/missed"] == 1)
    let red = try files.folder.write(Data("truth,label\nred fish,red fish\n".utf8), to: "red.csv")
    let alone = try files.report(["--classes", red])
    #expect(alone["f1"] == 0.75)
    let notes = alone.members["notes"] as? [String] ?? []
    #expect(notes.contains { $0.contains("blue fish") })
  }

  @Test func regionsToIgnore() throws {
    var files = try EvaluateFolder()
    var annotations = files.document["annotations"] as? [[String: Any]] ?? []
    annotations.append([
      "id": 99, "image_id": 3, "category_id": 1, "bbox": [100, 40, 40, 40], "iscrowd": 1,
    ])
    files.document["annotations"] = annotations
    try files.write()
    let report = try files.report()
    #expect(report["wrong"] == 0)
    #expect(report["empty_images"] == 0)
    #expect(report["false_positives_per_empty_image"] == nil)
  }

  @Test func thresholds() throws {
    let files = try EvaluateFolder()
    let high = try files.report(["--threshold", "1"])
    #expect(high["threshold"] == 1)
    let best = try files.report(["--threshold", "best"])
    #expect(best.members["threshold_from"] as? String == "best")
    #expect(best["f1"] == 0.8)
    let cubes = try files.report(["--decoder", "edge-impulse"])
    #expect(cubes["f1"] == 0.8)
    #expect(cubes["average_precision"] == nil)
    let refused = try files.run(["--decoder", "edge-impulse", "--threshold", "best"])
    #expect(refused.code == 2 && refused.errors.contains("--decoder peak"), "\(refused.errors)")
  }

  @Test(arguments: ["0", "-0.1", "2", "nan", "much"])
  func thresholdsThatNoScoreCanBeAreExplained(_ given: String) throws {
    let refused = try EvaluateFolder().run(["--threshold=\(given)"])
    #expect(refused.code != 0 && refused.errors.contains("above 0 and at most 1, or give “best”"))
  }

  @Test func tablesAndPlots() throws {
    let files = try EvaluateFolder()
    let (tables, plots) = (files.folder.path + "/csv", files.folder.path + "/plots")
    #expect(try files.run(["--csv", tables, "--plots", plots]).code == 0)
    let read = { (name: String) in
      String(
        decoding: try Data(contentsOf: URL(filePath: files.folder.path + "/" + name)), as: UTF8.self
      )
    }
    let images = try read("csv/images.csv")
    #expect(images.contains("p1.png,a,reef,yes,2,1,1,0,1\r\n"))
    #expect(images.contains("p4.png,c,kelp,no,1,,1,,0\r\n"))
    #expect(try read("csv/figures.csv").split(separator: "\r\n").count == 1 + 1 + 2 + 2 + 3)
    #expect(try read("csv/thresholds.csv").contains("red fish,0.50,"))
    for name in ["counts", "precision-recall", "f1-by-threshold", "reliability"] {
      let parser = XMLCheck(try read("plots/\(name).svg"))
      #expect(parser.isWellFormed, "\(name)")
    }
  }

  /// A pixel of a picture: red, green, blue.
  private func pixel(_ path: String, x: Int, y: Int) throws -> [UInt8] {
    let raw = path + ".rgb"
    try Tool.ffmpeg([
      "-i", path, "-vf", "crop=1:1:\(x):\(y):exact=1,format=rgb24", "-f", "rawvideo", raw,
    ])
    return [UInt8](try Data(contentsOf: URL(filePath: raw)))
  }

  @Test func worstFramesAreDrawn() throws {
    let files = try EvaluateFolder()
    let worst = files.folder.path + "/worst"
    let result = try files.run(["--worst", worst])
    #expect(result.code == 0)
    #expect(
      result.errors.contains("2 frames in \(worst): white boxes are found, yellow ones missed"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: worst).sorted() == [
        "01 p1.jpg", "02 p2.jpg",
      ])
    // The left side of a box that was missed, and the middle of a fish that has none.
    let (missed, wrong) = (
      try pixel(worst + "/01 p1.jpg", x: 150, y: 70), try pixel(worst + "/02 p2.jpg", x: 120, y: 56)
    )
    // JPEG blurs colours of thin lines.
    let (yellow, red) = (missed.map(Int.init), wrong.map(Int.init))
    #expect(min(yellow[0], yellow[1]) > yellow[2] + 30, "\(missed)")
    #expect(red[0] > red[1] + 10 && red[1] > red[2] + 15, "\(wrong)")
    let again = try files.run(["--worst", worst])
    #expect(again.code == 2 && again.errors.contains("is not empty"))
    let blocked = try files.folder.write(Data(), to: "file")
    #expect(try files.run(["--worst", blocked + "/x"]).code == 3)
  }

  /// Only what the picture shows of a box is drawn, or this would take hours.
  @Test(.timeLimit(.minutes(1)))
  func boxesFarLargerThanTheirPictureAreDrawn() throws {
    var files = try EvaluateFolder()
    var boxes = try #require(files.document["annotations"] as? [[String: Any]])
    let missed = try #require(boxes.firstIndex { ($0["bbox"] as? [Int])?.first == 150 })
    boxes[missed]["bbox"] = [150, 60, 900_000, 900_000]
    files.document["annotations"] = boxes
    try files.write()
    let worst = files.folder.path + "/worst"
    #expect(try files.run(["--worst", worst]).code == 0)
    let yellow = try pixel(worst + "/01 p1.jpg", x: 150, y: 80).map(Int.init)
    #expect(min(yellow[0], yellow[1]) > yellow[2] + 30)
  }

  /// Of fish that the truth does not know each is an error.
  @Test func worstFramesOfAClipAreDrawn() throws {
    let files = try EvaluateFolder()
    // One more fish each second, at 10 frames a second.
    let clip = try files.program.video("dive.mp4", seconds: 3)
    let frames = (0..<30).map { ["frame": $0, "boxes_xywhn": [Double]()] as [String: Any] }
    let truth = try files.folder.write(
      JSONSerialization.data(withJSONObject: ["frames": frames]), to: "dive.gt.json")
    let map = try files.folder.write(Data("truth,label\nfish,red fish\n".utf8), to: "map.csv")
    let worst = files.folder.path + "/worst"
    let result = try FishcamProgram.run([
      "evaluate", "--model", files.program.model, "--clip", clip, "--truth", truth, "--classes",
      map,
      "--worst", worst,
    ])
    #expect(result.code == 0, "\(result.errors)")
    let drawn = try FileManager.default.contentsOfDirectory(atPath: worst)
    #expect(
      drawn.count == 20 && drawn.contains("01 dive 20.jpg") && drawn.contains("20 dive 19.jpg"))
  }

  @Test func aClipWithItsTruth() throws {
    let files = try EvaluateFolder()
    // One more fish each second, at 10 frames a second.
    let clip = try files.program.video("dive.mp4", seconds: 3)
    let first: [Double] = [56.0 / 192, 24.0 / 96, 20.0 / 192, 20.0 / 96]
    let second: [Double] = [88.0 / 192, 24.0 / 96, 20.0 / 192, 20.0 / 96]
    var frames: [[String: Any]] = (0..<30).map { frame in
      let boxes = [first, second].prefix(frame / 10)
      return ["frame": frame, "boxes_xywhn": Array(boxes)]
    }
    let run = { (frames: [[String: Any]]) in
      let truth = try files.folder.write(
        JSONSerialization.data(withJSONObject: ["frames": frames]), to: "dive.gt.json")
      let map = try files.folder.write(Data("truth,label\nfish,red fish\n".utf8), to: "map.csv")
      return try FishcamProgram.run([
        "evaluate", "--model", files.program.model, "--clip", clip, "--truth", truth, "--classes",
        map, "--json",
      ])
    }
    let whole = try EvaluateFolder.Report(try run(frames).output)
    #expect(whole["images"] == 30)
    #expect(whole["boxes"] == 30)
    #expect(whole["f1"] == 1)
    #expect(whole["max_n_mae"] == 0)
    #expect(whole["false_positives_per_empty_image"] == 0)
    frames.removeLast(12)
    let part = try EvaluateFolder.Report(try run(frames).output)
    #expect(part["images"] == 18)
    let notes = part.members["notes"] as? [String] ?? []
    #expect(notes.first == "12 of the clip's 30 frames are not in its truth and were left out.")
    let long = try run(frames + [["frame": 40, "boxes_xywhn": [Double]()]])
    #expect(long.code == 2)
    #expect(long.errors.contains("speaks of frame 40") && long.errors.contains("30 frames"))
    let twice = try run(frames + [["frame": 3, "boxes_xywhn": [Double]()]])
    #expect(twice.code == 2 && twice.errors.contains("frame 3 is listed twice"))
    let wide = try run([["frame": 0, "boxes_xywhn": [[640, 360, 20, 20]]]])
    #expect(wide.code == 2 && wide.errors.contains("0 to 1"))
  }

  /// As the truth of `Samples/` is: frames in order, fish with their species.
  @Test func aClipWhoseTruthNamesSpecies() throws {
    let files = try EvaluateFolder()
    let clip = try files.program.video("dive.mp4", seconds: 3)
    let fish = { (species: String, x: Double) -> [String: Any] in
      [
        "species": species, "x": x / 192, "y": 24.0 / 96, "w": 20.0 / 192, "h": 20.0 / 96,
        "visible": 1,
      ]
    }
    let run = { (second: String) in
      let frames = (0..<30).map { frame in
        [
          "pts_s": Double(frame) / 10,
          "fish": Array([fish("red fish", 56), fish(second, 88)].prefix(frame / 10)),
        ]
      }
      let truth = try files.folder.write(
        JSONSerialization.data(withJSONObject: ["rendered": true, "frames": frames]),
        to: "dive.gt.json")
      return try FishcamProgram.run([
        "evaluate", "--model", files.program.model, "--clip", clip, "--truth", truth, "--json",
      ])
    }
    let right = try EvaluateFolder.Report(try run("red fish").output)
    #expect(right["boxes"] == 30)
    #expect(right["by_class/red fish/f1"] == 1)
    let other = try EvaluateFolder.Report(try run("blue fish").output)
    #expect(other["by_class/blue fish/recall"] == 0)
    #expect(other["by_class/red fish/precision"] == 0.666667)
  }

  /// Its scores are products, side by side with others; read as logits they would find fish everywhere.
  @Test func theShippedNamesOfDrawnFishAreRight() throws {
    let film = Repository.path("Samples/Coral Garden/CG-02/second drop.mp4")
    let truth = Repository.path("Samples/Coral Garden/CG-02/second drop.gt.json")
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: truth)))
        as? [String: Any])
    let folder = try TemporaryFolder()
    var frames = try #require(document["frames"] as? [[String: Any]])
    for index in frames.indices { frames[index]["frame"] = index }
    let few = stride(from: 0, to: frames.count, by: 30).map { frames[$0] }
    let part = try folder.write(
      JSONSerialization.data(withJSONObject: ["frames": few]), to: "part.gt.json")
    let result = try FishcamProgram.run([
      "evaluate", "--model", "reef-ten", "--clip", film, "--truth", part, "--json",
    ])
    let report = try EvaluateFolder.Report(result.output)
    #expect(report["images"] == 12)
    #expect(report["named/named"] ?? 0 > 100)
    #expect(report["named/right_share"] ?? 0 > 0.95)
    #expect(report["by_class/Pomacanthus chrysurus/recall"] ?? 0 > 0.8)
  }

  @Test func videosOfOneNameInTwoSourcesStayApart() throws {
    var files = try EvaluateFolder()
    var images = files.document["images"] as? [[String: Any]] ?? []
    images[1]["source"] = "pier"
    files.document["images"] = images
    try files.write()
    let report = try files.report()
    #expect(report["videos"] == 4)
    #expect(report["by_video/reef: a/right"] == 2)
    #expect(report["by_video/pier: a/right"] == 1)
    #expect(report["by_video/b/right"] == 1)
  }

  @Test func inputsForOtherPrograms() throws {
    let files = try EvaluateFolder()
    let folder = files.folder.path + "/inputs"
    #expect(try files.run(["--save-inputs", folder]).code == 0)
    let list = try JSONSerialization.jsonObject(
      with: Data(contentsOf: URL(filePath: folder + "/inputs.json")))
    let entries = try #require(list as? [[String: Any]])
    #expect(entries.map { $0["file_name"] as? String }.contains("p2.png") && entries.count == 5)
    #expect(entries[0]["width"] as? Int == 192 && entries[0]["left"] as? Int == 0)
    let name = try #require(entries[0]["input"] as? String)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: folder + "/" + name)))
    #expect(bytes.starts(with: [0x93] + Array("NUMPY".utf8) + [1, 0]))
    #expect(String(decoding: bytes[10..<128], as: UTF8.self).contains("'shape': (96, 192, 3)"))
    #expect(bytes.count == 128 + 96 * 192 * 3 || (bytes.count - 96 * 192 * 3) % 64 == 0)
    // The middle of the first fish is red.
    let pixel = bytes.count - 96 * 192 * 3 + (24 * 192 + 24) * 3
    #expect(bytes[pixel] > 240 && bytes[pixel + 1] < 15)
  }

  /// The three boxes that LiteRT gives for this picture at 0.3 and up, taken for the truth.
  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func boxesOfAnSSD() throws {
    let folder = try TemporaryFolder()
    let golden = SharedMaterial.path("models/golden/ssd_automl_256_traffic_quant/reference.bin")
    let corners = try Data(contentsOf: URL(filePath: golden)).withUnsafeBytes { bytes in
      (0..<12).map { Double(bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)) }
    }
    let annotations = [1, 0, 1].enumerated().map { index, category -> [String: Any] in
      let box = corners[index * 4..<index * 4 + 4].map { $0 * 256 }
      return [
        "id": index, "image_id": 1, "category_id": category,
        "bbox": [box[1], box[0], box[3] - box[1], box[2] - box[0]],
      ]
    }
    let document: [String: Any] = [
      "images": [["id": 1, "file_name": "0001.bmp", "width": 256, "height": 256]],
      "categories": [["id": 0, "name": "class 0"], ["id": 1, "name": "class 1"]],
      "annotations": annotations,
    ]
    let file = try folder.write(JSONSerialization.data(withJSONObject: document), to: "coco.json")
    let result = try FishcamProgram.run([
      "evaluate", "--model", SharedMaterial.path("models/ssd_automl_256_traffic_quant.tflite"),
      "--annotations", file, "--images", SharedMaterial.path("models/images"), "--threshold", "0.3",
      "--json",
    ])
    let report = try EvaluateFolder.Report(result.output)
    #expect(report["f1"] == 1, "\(result.errors)")
    #expect(report["average_precision_iou50"] == 1)
    #expect(report["by_class/class 1/boxes"] == 2)
  }

  @Test func wrongUse() throws {
    let files = try EvaluateFolder()
    for (arguments, words) in [
      ([], "Give the truth"), (["--clip", "a.mp4"], "--truth"),
      (["--annotations", "a.json", "--clip", "a.mp4", "--truth", "b.json"], "Give the truth"),
      (["--clip", "a.mp4", "--truth", "b.json", "--images", "c"], "--images"),
      (["--annotations", files.annotations, "--threshold", "2"], "threshold"),
      (["--annotations", files.annotations, "--jobs", "0"], "--jobs"),
      (["--annotations", files.folder.path + "/none.json"], "there is no such file"),
      (["--annotations", files.annotations, "--images", files.folder.path], "4 more"),
      (
        ["--annotations", files.annotations, "--csv", files.annotations + "/x"], "cannot be written"
      ),
    ] as [([String], String)] {
      let result = try FishcamProgram.run(
        ["evaluate", "--model", files.program.model] + arguments)
      #expect(result.code == 2 || words == "cannot be written" && result.code == 3)
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
    }
  }

  @Test func picturesThatAreNotThoseAnnotated() throws {
    var files = try EvaluateFolder()
    var images = files.document["images"] as? [[String: Any]] ?? []
    // Half the size is the same picture, another shape is another picture.
    images[1]["width"] = 384
    images[1]["height"] = 192
    files.document["images"] = images
    try files.write()
    #expect(try files.run().code == 0)
    images[0]["width"] = 100
    files.document["images"] = images
    try files.write()
    let result = try files.run()
    #expect(result.code == 2)
    #expect(result.errors.contains("p0.png: is 192 × 96 pixels"), "\(result.errors)")
    try files.folder.write(Data("no picture".utf8), to: "reef/p2.png")
    images[0]["width"] = 192
    files.document["images"] = images
    try files.write()
    #expect(try files.run().code == 2)
  }

  /// Needs Python with ai-edge-litert, numpy and scipy: that of `FISHCAM_PYTHON`, or the one that
  /// `Scripts/evaluate-independently` made.
  @Test(
    .enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"),
    .enabled(if: Independent.python != nil, "\(Independent.reason)"),
    arguments: ["int8", "float32"], ["reef/val", "aquarium/val"])
  func agreesWithLiteRTAndSciPy(_ precision: String, _ split: String) throws {
    let folder = try TemporaryFolder()
    let data = SharedMaterial.path("data/" + split)
    let classes = try folder.write(
      Data("truth,label\nfish,fish\nshark,fish\nstingray,fish\n".utf8), to: "classes.csv")
    let bytes = try Data(contentsOf: URL(filePath: data + "/annotations.coco.json"))
    var document = try #require(
      try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    let images = try #require(document["images"] as? [[String: Any]])
    let chosen = images.enumerated().filter { $0.offset % 5 == 0 }.map(\.element)
    let ids = Set(chosen.compactMap { $0["id"] as? Int })
    document["images"] = chosen
    document["annotations"] = (document["annotations"] as? [[String: Any]])?.filter {
      ids.contains($0["image_id"] as? Int ?? -1)
    }
    let annotations = try folder.write(
      JSONSerialization.data(withJSONObject: document), to: "coco.json")
    let model = Repository.path("Species/models/fish/fish-\(precision).tflite")
    let result = try FishcamProgram.run([
      "evaluate", "--model", model, "--annotations", annotations, "--images", data,
      "--save-inputs", folder.path + "/inputs", "--classes", classes, "--json",
    ])
    let own = try EvaluateFolder.Report(result.output)
    let other = try Tool.succeed(
      try #require(Independent.python),
      [
        Repository.path("Scripts/evaluation/independent.py"), "--model", model, "--card",
        Repository.path("Species/models/fish/card.json"), "--annotations", annotations, "--inputs",
        folder.path + "/inputs", "--classes", classes,
      ])
    let independent = try EvaluateFolder.Report(other.output)
    let figures = ["f1", "precision", "recall", "near_centre_f1"]
    for figure in figures + (split == "reef/val" ? ["by_source/luderick/f1"] : []) {
      let (mine, theirs) = (try #require(own[figure]), try #require(independent[figure]))
      #expect(abs(mine - theirs) <= 0.005, "\(figure): \(mine), by Python \(theirs)")
    }
    #expect(own["complete_images"] == independent["complete_images"])
  }
}

/// Python for measuring by other means.
private enum Independent {
  static let reason =
    "needs Python with ai-edge-litert and scipy: run Scripts/evaluate-independently once, or set "
    + "FISHCAM_PYTHON"

  static let python: String? = {
    let given = ProcessInfo.processInfo.environment["FISHCAM_PYTHON"]
    return [given, Repository.path(".build-evaluation/bin/python")].compactMap { $0 }.first {
      (try? Tool.run($0, ["-c", "import ai_edge_litert, numpy, scipy"]).code) == 0
    }
  }()
}

/// Whether tags close in the order in which they open.
private struct XMLCheck {
  let isWellFormed: Bool

  init(_ text: String) {
    var open: [Substring] = []
    var good = true
    for piece in text.split(separator: "<") {
      guard let end = piece.firstIndex(of: ">") else {
        good = false
        break
      }
      let tag = piece[..<end]
      let name = tag.drop { $0 == "/" }.prefix { !" /\n".contains($0) }
      if tag.hasPrefix("/") {
        if open.popLast() != name { good = false }
      } else if !tag.hasSuffix("/") {
        open.append(name)
      }
    }
    isWellFormed = good && open.isEmpty && text.hasPrefix("<svg ")
  }
}
