import Foundation
import TestSupport
import Testing

@Suite struct UsageTests {
  /// More than a hundred libraries come with FFmpeg's: a start that needs none of them loads none.
  @Test(.enabled(if: Tool.path(of: "ldd") != nil, "ldd is not installed"))
  func codecsAreLoadedWhenTheyAreNeeded() throws {
    let libraries = try Tool.succeed("ldd", [FishcamProgram.path]).text
    #expect(libraries.contains("libsqlite3"))
    #expect(!libraries.contains("libavcodec"))
  }

  private let dives: ProgramFolder

  init() throws { dives = try ProgramFolder() }

  private func run(_ arguments: [String]) throws -> Tool.Result {
    try FishcamProgram.run(arguments, in: dives.folder.path)
  }

  @Test(arguments: [
    ["process"], ["process", "no-such-folder"], ["process", ".", "--sample", "sometimes"],
    ["process", ".", "--threshold", "2"], ["process", ".", "--model", "no-such-model"],
    ["process", ".", "--jobs", "0"],
    ["process", ".", "--nice", "20"], ["process", ".", "--hash", "some"],
    ["process", ".", "--decoder", "magic"], ["frobnicate"],
    ["tally", "--database", "none.sqlite"], ["tally", "--by", "weather"],
    ["model", "info", "none.tflite"], ["species", "show", "trout"], ["model", "run", "x.tflite"],
  ])
  func wrongUsageEndsWith2(_ arguments: [String]) throws {
    let result = try run(arguments)
    #expect(result.code == 2, "\(arguments)")
    #expect(!result.errors.isEmpty)
    #expect(result.text.isEmpty)
  }

  @Test func helpHasExamplesAndGoesToStandardOutput() throws {
    for command in [
      [], ["process"], ["tally"], ["review"], ["detect"], ["model", "info"], ["model", "bench"],
      ["model", "run"], ["model", "check"], ["classify"], ["evaluate"], ["species", "list"],
      ["species", "show"],
    ] {
      let result = try run(command + ["--help"])
      #expect(result.code == 0)
      #expect(result.text.contains("EXAMPLE"), "\(command)")
      #expect(result.errors.isEmpty)
    }
  }

  @Test func versionAndCompletion() throws {
    #expect(try run(["--version"]).text.split(separator: ".").count == 3)
    for shell in ["bash", "zsh", "fish"] {
      #expect(try run(["--generate-completion-script", shell]).text.contains("process"))
    }
  }

  @Test func speciesOfTheCatalogue() throws {
    let list = try run(["species", "list"])
    #expect(list.text.contains("Zebrasoma xanthurum"))
    #expect(try run(["species", "show", "palette"]).text.contains("219676"))
  }

  @Test func aLabelListThatDoesNotFitIsNamed() throws {
    try dives.folder.write(Data("red\nblue\ngreen\nyellow\n".utf8), to: "model/labels.txt")
    let result = try run(["detect", dives.model, "--model", dives.model])
    #expect(result.code == 2)
    #expect(result.errors.contains("labels.txt"))
  }

  @Test func aCorruptModelIsNamed() throws {
    let broken = try dives.folder.write(Data("TFL3 but not really".utf8), to: "broken.tflite")
    let result = try run(["model", "info", broken])
    #expect(result.code == 2)
    #expect(result.errors.contains("broken.tflite"))
  }
}

@Suite struct ModelCommandTests {
  @Test func infoBenchAndRun() throws {
    let dives = try ProgramFolder()
    let info = try FishcamProgram.run(["model", "info", dives.model, "--json"])
    let object = try #require(
      try JSONSerialization.jsonObject(with: info.output) as? [String: Any])
    #expect(object["multiplyAdds"] as? Int == 24 * 12 * 3 * 192)
    #expect(object["labels"] as? [String] == ["red fish", "blue fish"])
    #expect((object["operators"] as? [[String: Any]])?.first?["name"] as? String == "CONV_2D")
    let bench = try FishcamProgram.run(["model", "bench", dives.model, "--json"])
    let times = try #require(
      try JSONSerialization.jsonObject(with: bench.output) as? [String: Any])
    #expect(times["median_ms"] as? Double ?? 0 > 0)
    #expect(times["p90_ms"] as? Double ?? 0 >= times["median_ms"] as? Double ?? 1)
    #expect(times["runs"] as? Int ?? 0 >= 5)
    #expect(times["kernels"] as? String != nil)
    let short = try dives.folder.write(Data(count: 10), to: "in.bin")
    let wrong = try FishcamProgram.run(
      ["model", "run", dives.model, "--input", short, "--output", short + ".out"])
    #expect(wrong.code == 2)
    #expect(wrong.errors.contains("holds 10 bytes"))
  }

  @Test func anExperimentalModelIsCalledSoWhereverItIsUsed() throws {
    let dives = try ProgramFolder()
    let labels = [("red fish", 0.5), ("blue fish", 0.5)].map { ["label": $0.0, "threshold": $0.1] }
    let card: [String: Any] = [
      "name": "blobs", "version": "7", "task": "centroids", "description": "Looks for blobs.",
      "experimental": true, "input": ["fit": "letterbox", "pixelRange": [0, 1]], "background": 0,
      "files": [["file": "blobs.tflite", "precision": "float32", "sha256": try dives.hash]],
      "labels": labels, "decoder": "peak", "floor": 0.2, "trainingData": [Any](), "licence": "none",
    ]
    let file = try dives.folder.write(
      JSONSerialization.data(withJSONObject: card), to: "model/card.json")
    try FileManager.default.removeItem(
      atPath: (file as NSString).deletingLastPathComponent + "/labels.txt")
    let video = try dives.video("a.mp4", seconds: 2)
    let survey = dives.folder.path + "/survey.sqlite"
    for command in [["detect", video], ["process", video, "--database", survey, "--quiet"]] {
      let result = try FishcamProgram.run(command + ["--model", dives.model])
      #expect(result.code == 0, "\(result.errors)")
      #expect(result.errors.contains("note: blobs is experimental. Looks for blobs."))
    }
    let version = try Tool.succeed("sqlite3", [survey, "SELECT model_version FROM run"]).text
    #expect(version == "7 (experimental)\n")
    let info = try FishcamProgram.run(["model", "info", dives.model])
    #expect(info.text.contains("blobs 7 (experimental): Looks for blobs."))
  }

  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func runEqualsTheGoldens() throws {
    let folder = try TemporaryFolder()
    for name in ["fomo_0.35_96_int8_balloon", "fomo_0.35_96gray_int8_u8io"] {
      let golden = SharedMaterial.path("models/golden/\(name)")
      let output = folder.path + "/out.bin"
      let result = try FishcamProgram.run([
        "model", "run", SharedMaterial.path("models/\(name).tflite"), "--input",
        golden + "/input.bin", "--output", output,
      ])
      #expect(result.code == 0)
      #expect(
        try Data(contentsOf: URL(filePath: output))
          == Data(contentsOf: URL(filePath: golden + "/reference.bin")), "\(name)")
    }
  }
}

@Suite struct DetectTests {
  @Test func centroidsAsRowsJSONAndPictures() throws {
    let dives = try ProgramFolder()
    let video = try dives.video("a.mp4", seconds: 4)
    let rows = try FishcamProgram.run(["detect", video, "--model", dives.model])
    let lines = rows.text.split(separator: "\n")
    #expect(lines.first == "file,pts_s,label,x,y,score,width,height")
    #expect(lines.count == 1 + 0 + 1 + 2 + 3)
    #expect(lines[1].hasPrefix("\(video),1.000000,red fish,0.2916"))
    let marked = dives.folder.path + "/marked"
    let json = try FishcamProgram.run([
      "detect", video, "--model", dives.model, "--json", "--draw", marked, "--sample", "2s",
    ])
    let files = try #require(
      try JSONSerialization.jsonObject(with: json.output) as? [[String: Any]])
    let frames = try #require(files[0]["frames"] as? [[String: Any]])
    #expect(frames.count == 2)
    let fish = try #require((frames[1]["detections"] as? [[String: Any]])?.first)
    #expect(abs((fish["x_px"] as? Double ?? 0) - 56) < 1)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: marked).sorted() == [
        "a.mp4.jpg", "a.mp4_2.000s.jpg",
      ])
    let some = try FishcamProgram.run(
      ["detect", "no.jpg", video, "--model", dives.model, "--sample", "keyframes"])
    #expect(some.code == 1)
    #expect(some.errors.contains("no.jpg"))
  }
}
