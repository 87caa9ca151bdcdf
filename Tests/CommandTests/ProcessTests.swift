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
    let seconds = try #require(summary["seconds"] as? Double)
    #expect(summary["video_minutes"] as? Double == 0.1)
    let speed = try #require(summary["video_minutes_per_minute"] as? Double)
    #expect(abs(speed - 6 / seconds) < 0.05 * speed)
    #expect(result.errors.contains(" min of video per minute."))
    let again = try process(["dives"])
    #expect(again.code == 0)
    #expect(try FishcamProgram.summary(again)["frames_sampled"] as? Int == 0)
    #expect(try FishcamProgram.summary(again)["video_minutes_per_minute"] as? Double == 0)
    #expect(again.errors.contains("Nothing to do: 1 recording already processed"))
  }

  @Test func theLogKeepsWhatHappened() throws {
    try dives.video("dives/Reef/a.mp4")
    try dives.folder.write(Data("no video\n".utf8), to: "dives/Reef/two\nlines.mp4")
    #expect(try process(["dives"], ["--sample", "500ms"]).code == 1)
    let log = { try String(contentsOfFile: self.path + "/s.log", encoding: .utf8) }
    let lines = try log().split(separator: "\n")
    for line in lines {
      #expect(
        line.wholeMatch(
          of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) \[\d+\] [a-z]+: .+/) != nil,
        "\(line)")
    }
    let events = lines.map { $0.drop { $0 != "]" }.dropFirst(2) }
    let expected = [
      "start: fishcam ", "failed: \(path)/dives/Reef/two␤lines.mp4: this is not a video",
      "plan: 1 recording to process, 0.10 min of video; 0 already processed",
      "begin: \(path)/dives/Reef/a.mp4", "done: \(path)/dives/Reef/a.mp4: 12 frames",
      "summary: 1 recording processed, 0 already processed, 1 failed; 12 frames, ",
      "summary: failed: \(path)/dives/Reef/two␤lines.mp4: this is not a video",
      "summary: Reef, Reef: 100 % of what is counted is turbid",
    ]
    #expect(events.count == expected.count)
    for (event, start) in zip(events, expected) { #expect(event.hasPrefix(start), "\(event)") }
    #expect(events[0].contains("--sample 0.5s --jobs "))
    #expect(events[0].contains("SHA-256 \(try dives.hash)"))
    #expect(events[5].contains("0.10 min of video in "))
    // The next run's lines come after them.
    #expect(try process(["dives/none"]).code == 2)
    let later = try log()
    #expect(later.hasPrefix(lines.joined(separator: "\n")))
    #expect(later.hasSuffix("error: dives/none: there is no such file or folder\n"))
  }

  /// Divers keep logs too.
  @Test func aLogOfSomethingElseIsLeftAlone() throws {
    try dives.video("dives/a.mp4")
    try dives.folder.write(Data("2024-05-03 08:30 Coral Garden, 18 m\n".utf8), to: "s.log")
    let result = try process(["dives"])
    #expect(result.code == 0)
    #expect(result.errors.contains("s.log: this is no log of fishcam's"))
    let kept = try String(contentsOfFile: path + "/s.log", encoding: .utf8)
    #expect(kept == "2024-05-03 08:30 Coral Garden, 18 m\n")
    #expect(try process(["dives"], ["--log", "s.log"]).code == 2)
    #expect(try process(["dives"], ["--log", "none/s.log"]).code == 3)
    #expect(try process(["dives"], ["--log", "/dev/null"]).code == 0)
    #expect(try process(["dives"], ["--log", "other.log"]).code == 0)
    #expect(FileManager.default.fileExists(atPath: path + "/other.log"))
  }

  @Test func niceLetsOthersGoFirst() throws {
    try dives.video("dives/a.mp4", seconds: 60)
    let output = try dives.folder.write(Data(), to: "output")
    let own = getpriority(Int32(PRIO_PROCESS.rawValue), 0)
    let running = try Tool.start(
      FishcamProgram.path,
      [
        "process", "dives", "--database", "s.sqlite", "--model", dives.model, "--sample", "all",
        "--nice", "7",
      ], in: path, output: output, errors: output)
    // Until the threads that read and look are there, and those of the decoder.
    var priorities: Set<Int32> = []
    while running.isRunning {
      let folder = "/proc/\(running.processIdentifier)/task"
      // One of the system's, which waits for signals and timers, sets its own.
      let threads = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter {
        let name = try? String(contentsOfFile: "\(folder)/\($0)/comm", encoding: .utf8)
        return name?.hasPrefix("fishcam") == true
      }
      let now = threads.compactMap(UInt32.init).map {
        getpriority(Int32(PRIO_PROCESS.rawValue), $0)
      }
      if now.count >= 6 { priorities = Set(now) }
      if now.count >= 6, FileManager.default.fileExists(atPath: path + "/s.sqlite-wal") { break }
      Thread.sleep(forTimeInterval: 0.005)
    }
    running.waitUntilExit()
    #expect(running.terminationStatus == 0)
    #expect(priorities == [min(19, own + 7)])
  }

  /// A copy on an archive's disk with one bit flipped where samples do not look.
  @Test func everyByteCountsWhereItIsAskedFor() throws {
    let original = try dives.video("dives/a.mp4")
    // Behind the video, 40 MiB that belong to it and that no decoder reads.
    var data = try Data(contentsOf: URL(filePath: original))
    data += [0x02, 0x80, 0x00, 0x00] + Array("free".utf8) + Data(count: 40 << 20 - 8)
    try data.write(to: URL(filePath: original))
    let place = (data.count - 1 << 20) / 15 * 7 - 1000
    data[place] ^= 1
    let samples = try process(["dives"])
    #expect(try FishcamProgram.summary(samples)["recordings_done"] as? Int == 1)
    try dives.folder.write(data, to: "dives/b.mp4")
    let figures = { (options: [String]) in
      let summary = try FishcamProgram.summary(try self.process(["dives"], options))
      return ["recordings_done", "recordings_already_done"].map { summary[$0] as? Int }
    }
    #expect(try figures([]) == [0, 2])
    #expect(try figures(["--hash", "full"]) == [1, 1])
    #expect(try figures(["--hash", "full"]) == [0, 2])
    #expect(try figures([]) == [0, 2])
    // Changed in its place, with size and time as they were.
    let times = try dives.folder.write(Data(), to: "times")
    try Tool.succeed("touch", ["-r", original, times])
    data[place] ^= 6
    try data.write(to: URL(filePath: original))
    try Tool.succeed("touch", ["-r", times, original])
    #expect(try figures([]) == [0, 2])
    #expect(try figures(["--hash", "full"]) == [1, 1])
    let contents = try Tool.succeed(
      "sqlite3",
      [
        path + "/s.sqlite",
        "SELECT COUNT(*), COUNT(DISTINCT full_hash), COUNT(DISTINCT content_hash) FROM media",
      ])
    #expect(contents.text == "3|3|3\n")
    let sum = try Tool.succeed(
      "bash", ["-c", "(stat -c %s '\(original)'; cat '\(original)') | sha256sum"]
    ).text.prefix(64)
    let known = try Tool.succeed(
      "sqlite3",
      [
        path + "/s.sqlite",
        """
        SELECT m.full_hash FROM recording r JOIN media m ON m.id = r.media_id
          WHERE r.name = 'a.mp4'
        """,
      ])
    #expect(known.text.hasPrefix(sum))
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
      #expect(running.terminationStatus == 0, "\(said)")
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
