import Foundation
import TestSupport
import Testing

@Suite struct ProcessTests {
  private let dives: ProgramFolder
  private var path: String { dives.folder.path }

  init() throws { dives = try ProgramFolder() }

  private func process(_ inputs: [String], _ options: [String] = [], database: String = "s.sqlite")
    throws -> Tool.Result
  {
    try FishcamProgram.run(
      ["process"] + inputs + ["--database", database, "--model", dives.model, "--json"] + options,
      in: path)
  }

  @Test func theSummaryIsTheLastLine() throws {
    try dives.video("dives/Reef/a.mp4")
    let result = try process(["dives"])
    #expect(result.code == 0)
    let summary = try FishcamProgram.summary(result)
    #expect(summary["recordings_done"] as? Int == 1)
    #expect(summary["recordings_failed"] as? Int == 0)
    #expect(summary["frames_sampled"] as? Int == 6)
    #expect(summary["detections"] as? Int == 15)
    #expect(summary["database"] as? String == "s.sqlite")
    #expect(summary["seconds"] as? Double != nil)
    let again = try process(["dives"])
    #expect(again.code == 0)
    #expect(try FishcamProgram.summary(again)["frames_sampled"] as? Int == 0)
    #expect(again.errors.contains("Nothing to do: 1 recording already processed"))
  }

  @Test func quietSaysNothing() throws {
    try dives.video("dives/a.mp4")
    let result = try FishcamProgram.run(
      ["process", "dives", "--database", "s.sqlite", "--model", dives.model, "--quiet"], in: path)
    #expect(result.code == 0)
    #expect(result.text.isEmpty && result.errors.isEmpty)
  }

  /// What partners' folders hold: all that can be read is, the rest is there as failed.
  @Test func aFolderOfTroubles() throws {
    let good = try dives.folder.file("dives/Reef/good.mp4")
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=4", "-c:v", "libx264", "-movflags",
      "+faststart", good,
    ])
    let data = try Data(contentsOf: URL(filePath: good))
    try dives.folder.write(Data("no video\n".utf8), to: "dives/Reef/text.mp4")
    try dives.folder.write(data.prefix(data.count * 7 / 10), to: "dives/Reef/truncated.mp4")
    let late = try dives.video("dives/Reef/late.mp4", seconds: 5)
    let lateData = try Data(contentsOf: URL(filePath: late))
    try dives.folder.write(
      lateData.prefix(lateData.count / 2), to: "dives/Reef/no-moov.mp4")
    try FileManager.default.removeItem(atPath: late)
    try dives.folder.write(Data(), to: "dives/Reef/empty.mp4")
    try FileManager.default.createSymbolicLink(
      atPath: path + "/dives/Reef/link.mp4", withDestinationPath: "/nowhere/GX010001.MP4")
    try dives.video("dives/Reef/it's \"odd\"\nnäme é.mp4", seconds: 4)
    try Tool.ffmpeg(
      ["-f", "lavfi", "-i", "sine=d=1", path + "/dives/Reef/sound.mp4"])
    for name in ["grey.jpg", "cmyk.jpg", "orientation-6.jpg"] {
      try FileManager.default.copyItem(
        atPath: Repository.path("Tests/Fixtures/pictures/" + name),
        toPath: path + "/dives/Reef/" + name)
    }
    try Tool.succeed(
      "bash", ["-c", "cp '\(good)' '\(path)/dives/Reef/'$'latin-\\xe9.mp4'"])
    let result = try process(["dives"])
    #expect(result.code == 1)
    let summary = try FishcamProgram.summary(result)
    #expect(summary["recordings_failed"] as? Int == 6)
    #expect(summary["recordings_done"] as? Int == 6)
    let rows = try Tool.succeed(
      "sqlite3",
      [
        path + "/s.sqlite", "-separator", "|",
        "SELECT name, reason FROM recording WHERE status = 'failed' ORDER BY name",
      ]
    ).text.split(separator: "\n")
    #expect(
      rows.map { $0.prefix { $0 != "|" } } == [
        "empty.mp4", "latin-\u{FFFD}.mp4", "link.mp4", "no-moov.mp4", "sound.mp4", "text.mp4",
      ])
    for (row, words) in zip(
      rows,
      [
        "0 bytes", "rename the file", "is its drive connected", "no index", "no picture in it",
        "not a video",
      ])
    {
      #expect(row.contains(words), "\(row)")
    }
    let partial = try Tool.succeed(
      "sqlite3", [path + "/s.sqlite", "SELECT reason FROM effort WHERE status = 'partial'"])
    #expect(partial.text.contains("ends before its index says"))
    // Run again: the failed ones are tried again, nothing else is done.
    let again = try process(["dives"])
    #expect(again.code == 1)
    #expect(try FishcamProgram.summary(again)["frames_sampled"] as? Int == 0)
  }

  @Test func killedAtAnyMomentItGoesOnToTheSameExport() throws {
    for (name, seconds) in [("Reef/a", 30), ("Reef/b", 36), ("Wall/c", 40)] {
      try dives.video("dives/\(name).mp4", seconds: seconds)
    }
    let options = ["--sample", "all"]
    let start = ContinuousClock.now
    #expect(try process(["dives"], options, database: "whole.sqlite").code == 0)
    let took = ContinuousClock.now - start
    let export = { (database: String) in
      try FishcamProgram.run(
        ["tally", "--database", database, "--format", "csv", "--by", "recording"], in: self.path
      ).text
    }
    let expected = try export("whole.sqlite")
    #expect(expected.split(separator: "\r\n").count == 7)
    var generator = SeededGenerator(seed: 1)
    var wasCutShort = 0
    for round in 0..<10 {
      let database = "killed-\(round).sqlite"
      let output = try dives.folder.write(Data(), to: "output")
      let running = try Tool.start(
        FishcamProgram.path,
        ["process", "dives", "--database", database, "--model", dives.model] + options, in: path,
        output: output, errors: output)
      Thread.sleep(
        forTimeInterval: took / .seconds(1) * Double.random(in: 0.02...0.98, using: &generator))
      kill(running.processIdentifier, SIGKILL)
      running.waitUntilExit()
      if running.terminationReason == .uncaughtSignal { wasCutShort += 1 }
      #expect(try process(["dives"], options, database: database).code == 0)
      #expect(try export(database) == expected, "round \(round)")
    }
    #expect(wasCutShort >= 5)
  }

  @Test func interruptedItSaysSoAndGoesOn() throws {
    try dives.video("dives/a.mp4", seconds: 60, options: ["-g", "10"])
    let output = try dives.folder.write(Data(), to: "output")
    let errors = try dives.folder.write(Data(), to: "errors")
    let running = try Tool.start(
      FishcamProgram.path,
      [
        "process", "dives", "--database", "s.sqlite", "--model", dives.model, "--sample", "all",
        "--jobs", "1", "--json",
      ], in: path, output: output, errors: errors)
    Thread.sleep(forTimeInterval: 0.6)
    running.interrupt()
    running.waitUntilExit()
    #expect(running.terminationReason == .exit)
    let said = try String(contentsOfFile: errors, encoding: .utf8)
    if running.terminationStatus == 130 {
      #expect(said.contains("Run the same command to go on"))
    } else {
      #expect(running.terminationStatus == 0)
    }
    #expect(try process(["dives"], ["--sample", "all"]).code == 0)
    let frames = try Tool.succeed("sqlite3", [path + "/s.sqlite", "SELECT COUNT(*) FROM frame"])
    #expect(frames.text == "600\n")
  }

  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func everyFrameOfTheClips() throws {
    let clips = SharedMaterial.path("clips")
    let model = SharedMaterial.path("models/fomo_0.35_96_int8_balloon.tflite")
    let arguments = [
      "process", clips, "--database", "x.sqlite", "--sample", "all", "--model", model,
    ]
    let result = try FishcamProgram.run(arguments + ["--json"], in: path)
    #expect(result.code == 0)
    #expect(try FishcamProgram.summary(result)["frames_sampled"] as? Int == 1078)
    let names = [
      "deepfish_7117_caranx", "luderick_20190618_3", "luderick_2205_36", "tank_kazuhito",
    ]
    for name in names {
      let stored = try Tool.succeed(
        "sqlite3",
        [
          path + "/x.sqlite",
          """
          SELECT printf('%.6f', f.pts_s) FROM frame f JOIN pass p ON p.id = f.pass_id
            JOIN recording r ON r.media_id = p.media_id WHERE r.name = '\(name).mp4' ORDER BY pts
          """,
        ]
      ).text.split(separator: "\n")
      let probed = try Tool.succeed(
        "ffprobe",
        [
          "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of",
          "csv=p=0", clips + "/\(name).mp4",
        ]
      ).text.split(separator: "\n").map { $0.prefix { $0 != "," } }
      #expect(stored == probed, "\(name)")
    }
    let again = try FishcamProgram.run(arguments + ["--json"], in: path)
    #expect(try FishcamProgram.summary(again)["frames_sampled"] as? Int == 0)
    #expect(again.errors.contains("Nothing to do: 4 recordings already processed"))
  }
}
