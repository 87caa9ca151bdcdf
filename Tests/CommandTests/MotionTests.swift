import Foundation
import TestSupport
import Testing

/// The program with a model that finds what moves, and nothing else.
@Suite struct MotionTests {
  private let folder: TemporaryFolder
  private let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = try folder.write(
      Data(MotionModel.file(width: 192, height: 96)), to: "model/motion.tflite")
    let hash = try Tool.succeed("sha256sum", [model]).text.prefix(64)
    try folder.write(
      try JSONSerialization.data(withJSONObject: MotionModel.card(sha256: String(hash))),
      to: "model/card.json")
  }

  @discardableResult
  private func make(_ source: String, _ name: String, _ options: [String] = []) throws -> String {
    let path = try folder.file(name)
    try Tool.ffmpeg(["-f", "lavfi", "-i", source] + options + [path])
    return path
  }

  private func detect(_ files: [String], _ options: [String] = []) throws -> Tool.Result {
    try FishcamProgram.run(["detect"] + files + ["--model", model] + options, in: folder.path)
  }

  @Test func detectSeesMotionInVideosAlone() throws {
    let options = ["-c:v", "libx264", "-qp", "10"]
    let swimming = try make(MotionModel.swimming(seconds: 12), "swimming.mp4", options)
    let still = try make(MotionModel.still(seconds: 12), "still.mp4", options)
    let photo = try make(MotionModel.swimming(seconds: 12), "photo.png", ["-frames:v", "1"])
    let result = try detect([swimming, still, photo], ["--draw", folder.path + "/drawn"])
    #expect(result.code == 0)
    let lines = result.text.split(separator: "\n").dropFirst()
    #expect(lines.count == 12)
    #expect(lines.allSatisfy { $0.hasPrefix(swimming) })
    let json = try detect([swimming], ["--json"])
    let reports = try JSONSerialization.jsonObject(with: json.output) as? [[String: Any]]
    let frames = reports?.first?["frames"] as? [[String: Any]]
    let first = (frames?.first?["detections"] as? [[String: Any]])?.first
    #expect(abs((first?["width"] as? Double ?? 0) - 16.0 / 192) < 1e-6)
    #expect(abs((first?["height"] as? Double ?? 0) - 16.0 / 96) < 1e-6)
    // The right side of the box of 16 × 16 around the first fish is drawn in yellow.
    let drawn = try Tool.succeed(
      "ffmpeg",
      [
        "-v", "error", "-i", folder.path + "/drawn/swimming.mp4.jpg", "-f", "rawvideo", "-pix_fmt",
        "rgb24", "-",
      ]
    ).output
    #expect(drawn.count == 192 * 96 * 3)
    let green = (14...20).map { drawn[(28 * 192 + $0) * 3 + 1] }
    #expect(green[2] > 160 && green[2] == green.max(), "\(green)")
  }

  @Test func coloursOfMarksAreSaidWhereThereAreSeveral() throws {
    let photo = try make(MotionModel.still(seconds: 1), "photo.png", ["-frames:v", "1"])
    let options = ["detect", photo, "--draw", "marks"]
    let result = try FishcamProgram.run(options + ["--model", "aquarium"], in: folder.path)
    #expect(result.code == 0)
    #expect(
      result.errors.contains("marks in marks: fish yellow, jellyfish orange, penguin blue"))
    let one = try FishcamProgram.run(options, in: folder.path)
    #expect(one.code == 0 && !one.errors.contains("marks in"))
  }

  @Test func aMovingCameraIsSaid() throws {
    let path = try make(MotionModel.passing(seconds: 12), "dives/a.mp4", ["-c:v", "libx264"])
    let result = try FishcamProgram.run(
      ["process", "dives", "--database", "s.sqlite", "--model", model, "--json"], in: folder.path)
    #expect(result.code == 0)
    #expect(try FishcamProgram.summary(result)["stretches_with_moving_camera"] as? Int == 1)
    #expect(result.errors.contains("warning: \(path): the camera moves (0:00:00–0:00:12)"))
    let looked = try detect([path])
    #expect(looked.code == 0)
    #expect(looked.errors.contains("the camera moves (0:00:00–0:00:12)"))
    #expect(looked.text.split(separator: "\n").count == 1)
  }

  @Test func killedItGoesOnToTheSameDetections() throws {
    for number in 0..<3 {
      try make(
        MotionModel.swimming(seconds: 36, from: number), "dives/\(number).mp4",
        ["-c:v", "libx264", "-qp", "12", "-g", number == 1 ? "500" : "5"])
    }
    let process = { (database: String) in
      [
        "process", "dives", "--database", database, "--model", self.model, "--sample", "all",
        "--json",
      ]
    }
    let found = { (database: String) in
      try Tool.succeed(
        "sqlite3",
        [
          self.folder.path + "/" + database,
          """
          SELECT r.name, f.pts, d.x, d.y, d.score FROM detection d
            JOIN frame f ON f.id = d.frame_id JOIN pass p ON p.id = f.pass_id
            JOIN recording r ON r.media_id = p.media_id ORDER BY r.name, f.pts, d.y, d.x;
          SELECT r.name, stretch, level, HEX(picture) FROM background b
            JOIN pass p ON p.id = b.pass_id JOIN recording r ON r.media_id = p.media_id
            ORDER BY r.name, stretch;
          """,
        ]
      ).text
    }
    let start = ContinuousClock.now
    #expect(try FishcamProgram.run(process("whole.sqlite"), in: folder.path).code == 0)
    let took = (ContinuousClock.now - start) / .seconds(1)
    let expected = try found("whole.sqlite")
    #expect(expected.split(separator: "\n").count == 3 * 360 + 3)
    var generator = SeededGenerator(seed: 2)
    for round in 0..<5 {
      let output = try folder.write(Data(), to: "output")
      let running = try Tool.start(
        FishcamProgram.path, process("k\(round).sqlite"), in: folder.path, output: output,
        errors: output)
      Thread.sleep(forTimeInterval: took * Double.random(in: 0.05...0.95, using: &generator))
      kill(running.processIdentifier, SIGKILL)
      running.waitUntilExit()
      #expect(try FishcamProgram.run(process("k\(round).sqlite"), in: folder.path).code == 0)
      #expect(try found("k\(round).sqlite") == expected, "round \(round)")
    }
  }

  /// A truth of six pictures of one video and one of another, a box at each fish.
  private func truth(_ source: String, isOneVideo: Bool = true) throws -> String {
    try make(source, "reef/p%d.png", ["-vf", "fps=1/2", "-frames:v", "6"])
    var (images, annotations): ([[String: Any]], [[String: Any]]) = ([], [])
    for index in 0..<6 {
      var image: [String: Any] = [
        "id": index + 1, "file_name": "p\(index + 1).png", "width": 192, "height": 96,
      ]
      if isOneVideo { image["video"] = "dive" }
      images.append(image)
      annotations.append([
        "id": index + 1, "image_id": index + 1, "category_id": 1, "bbox": [0, 0, 192, 96],
      ])
    }
    let document: [String: Any] = [
      "images": images, "annotations": annotations, "categories": [["id": 1, "name": "mover"]],
    ]
    return try folder.write(
      try JSONSerialization.data(withJSONObject: document), to: "reef/coco.json")
  }

  private func evaluate(_ options: [String]) throws -> EvaluateFolder.Report {
    let result = try FishcamProgram.run(
      ["evaluate", "--model", model, "--json"] + options, in: folder.path)
    guard result.code == 0 else { throw EvaluateFolder.Refusal(words: result.errors) }
    return try EvaluateFolder.Report(result.output)
  }

  @Test func picturesOfOneVideoHaveABackground() throws {
    let annotations = try truth(MotionModel.swimming(seconds: 12))
    let report = try evaluate(["--annotations", annotations, "--save-inputs", "saved"])
    #expect(report["images"] == 6)
    #expect(report["recall"] == 1 && report["precision"] == 1)
    #expect(report["count_mae"] == 0)
    // What the model was given: a fourth channel that shows the fish's 256 pixels.
    let saved = try Data(contentsOf: URL(filePath: folder.path + "/saved/000002.npy"))
    #expect(String(decoding: saved.prefix(128), as: UTF8.self).contains("(96, 192, 4)"))
    let motion = stride(from: saved.count - 192 * 96 * 4 + 3, to: saved.count, by: 4)
      .count { saved[$0] > 200 }
    #expect(motion == 256)
  }

  @Test func picturesOfNoVideoHaveNone() throws {
    let annotations = try truth(MotionModel.swimming(seconds: 12), isOneVideo: false)
    let report = try evaluate(["--annotations", annotations])
    #expect(report["videos"] == 6 && report["recall"] == 0)
  }

  @Test func picturesOfAMovingCameraAreSaid() throws {
    let annotations = try truth(MotionModel.passing(seconds: 12))
    let report = try evaluate(["--annotations", annotations])
    #expect(report["recall"] == 0)
    let notes = report.members["notes"] as? [String] ?? []
    #expect(notes.contains("The camera moves (dive): looked at without motion."))
  }

  @Test func aClipIsLookedAtAsInASurvey() throws {
    let clip = try make(
      MotionModel.swimming(seconds: 12), "clip.mp4", ["-c:v", "libx264", "-qp", "10"])
    let frames = (0..<12).map { second -> [String: Any] in
      let x = Double(16 * second + 8) / 192
      let y = Double(24 + 32 * (second % 2)) / 96
      return ["frame": second * 10, "boxes_xywhn": [[x, y, 20.0 / 192, 20.0 / 96]]]
    }
    let truth = try folder.write(
      try JSONSerialization.data(withJSONObject: ["frames": frames]), to: "clip.gt.json")
    let report = try evaluate(["--clip", clip, "--truth", truth])
    #expect(report["f1"] == 1)
    #expect((report["average_precision_iou50"] ?? 0) == 1)
    #expect(report["max_n_mae"] == 0)
  }
}
