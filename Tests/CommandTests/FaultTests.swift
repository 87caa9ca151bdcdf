import Foundation
import TestSupport
import Testing

/// What goes wrong at sea: the program ends with a word on it, and what was found is kept.
@Suite struct FaultTests {
  private let dives: ProgramFolder
  private var path: String { dives.folder.path }

  init() throws { dives = try ProgramFolder() }

  private func arguments(_ inputs: [String], _ options: [String] = [], database: String)
    -> [String]
  {
    ["process"] + inputs + ["--database", database, "--model", dives.model, "--json"] + options
  }

  private func process(_ inputs: [String], _ options: [String] = [], database: String = "s.sqlite")
    throws -> Tool.Result
  {
    try FishcamProgram.run(arguments(inputs, options, database: database), in: path)
  }

  private func start(_ inputs: [String], _ options: [String] = [], database: String = "s.sqlite")
    throws -> Running
  {
    try Running(
      arguments(inputs, options, database: database), in: path, files: dives.folder)
  }

  private func rows(_ database: String, _ query: String) throws -> String {
    let path = database.hasPrefix("/") ? database : path + "/" + database
    return try Tool.succeed("sqlite3", [path, query]).text
  }

  /// Everything that a survey says of the videos, byte for byte.
  private func exports(_ database: String) throws -> [String] {
    let tally = try FishcamProgram.run(
      ["tally", "--database", database, "--format", "csv", "--by", "recording"], in: path)
    return [
      tally.text,
      try rows(
        database,
        """
        SELECT r.name, f.pts, printf('%!.17g', f.pts_s), f.status, l.label, printf('%!.17g', d.x),
            printf('%!.17g', d.y), printf('%!.17g', d.score)
          FROM recording r JOIN pass p ON p.media_id = r.media_id JOIN frame f ON f.pass_id = p.id
            LEFT JOIN detection d ON d.frame_id = f.id
            LEFT JOIN run_label l ON l.id = d.run_label_id
          ORDER BY r.name, f.pts, d.id
        """),
      try rows(
        database,
        """
        SELECT r.name, p.status, p.start_s, p.end_s, f.pts, HEX(e.picture)
          FROM recording r JOIN pass p ON p.media_id = r.media_id JOIN frame f ON f.pass_id = p.id
            JOIN evidence e ON e.frame_id = f.id
          ORDER BY r.name, f.pts
        """),
    ]
  }

  @Test func killedAtTwentyMomentsItComesToTheSameExports() throws {
    for (name, seconds) in [("Reef/a", 30), ("Reef/b", 36), ("Wall/c", 40)] {
      try dives.video("dives/\(name).mp4", seconds: seconds)
    }
    let options = ["--sample", "all"]
    let start = ContinuousClock.now
    #expect(try process(["dives"], options, database: "whole.sqlite").code == 0)
    let took = (ContinuousClock.now - start) / .seconds(1)
    let expected = try exports("whole.sqlite")
    #expect(expected[0].split(separator: "\r\n").count == 7)
    #expect(expected[1].split(separator: "\n").count > 1060)
    #expect(expected[2].split(separator: "\n").count == 9)
    var generator = SeededGenerator(seed: 1)
    var wasCutShort = 0
    for round in 0..<5 {
      let database = "killed-\(round).sqlite"
      for _ in 0..<4 {
        let running = try self.start(["dives"], options, database: database)
        Thread.sleep(forTimeInterval: took * .random(in: 0.02...0.5, using: &generator))
        running.process.terminate(with: SIGKILL)
        if running.process.terminationReason == .uncaughtSignal { wasCutShort += 1 }
      }
      #expect(try process(["dives"], options, database: database).code == 0)
      #expect(try exports(database) == expected, "round \(round)")
      #expect(try rows(database, "PRAGMA integrity_check") == "ok\n")
    }
    #expect(wasCutShort >= 5)
  }

  @Test(.enabled(if: SmallDisk.isAllowed, "\(SmallDisk.reason)"))
  func aFullDiskIsNamedAndTheSurveyGoesOnWhenThereIsSpace() throws {
    for seconds in [40, 50] { try dives.video("dives/\(seconds).mp4", seconds: seconds) }
    let options = ["--sample", "all"]
    #expect(try process(["dives"], options, database: "whole.sqlite").code == 0)
    let disk = try SmallDisk(megabytes: 8)
    let database = disk.path + "/s.sqlite"
    let isSaid = { (errors: String) in
      #expect(errors.contains(disk.path + ": "))
      for words in [" MB are free", " MB are needed", "free some space there"] {
        #expect(errors.contains(words), "\(errors)")
      }
    }
    // Too little to begin with, though more than what stays free.
    try disk.fill(leaving: 2_000_000)
    let before = try process(["dives"], options, database: database)
    #expect(before.code == 3)
    isSaid(before.errors)
    #expect(try rows(database, "SELECT COUNT(*) FROM pass") == "0\n")
    try disk.empty()
    // Another program takes it on the way.
    let running = try start(["dives"], options, database: database)
    try running.wait {
      try String(contentsOfFile: disk.path + "/s.log", encoding: .utf8).contains("begin:")
    }
    try disk.fill(leaving: 200_000)
    let during = try running.end()
    #expect(during.code == 3)
    isSaid(during.errors)
    try disk.empty()
    #expect(try process(["dives"], options, database: database).code == 0)
    #expect(try exports(database) == exports("whole.sqlite"))
    let log = try String(contentsOfFile: disk.path + "/s.log", encoding: .utf8)
    #expect(log.matches(of: /error: .* MB are needed/).count == 2)
  }

  @Test func theDatabaseIsWaitedForWhileAnotherProgramChangesIt() throws {
    try dives.video("dives/a.mp4")
    #expect(try process(["dives"]).code == 0)
    try dives.video("dives/b.mp4", seconds: 5)
    let lock = try DatabaseLock(path + "/s.sqlite")
    let running = try start(["dives"])
    Thread.sleep(forTimeInterval: 1)
    #expect(running.process.isRunning)
    lock.end()
    let result = try running.end()
    #expect(result.code == 0)
    #expect(try FishcamProgram.summary(result)["recordings_done"] as? Int == 1)
  }

  @Test func filesThatGoAwayMeanwhileAreSaid() throws {
    let open = try dives.video("dives/a.mp4", seconds: 120)
    let waiting = try dives.video("dives/b.mp4", seconds: 4)
    try dives.video("dives/c.mp4", seconds: 5)
    let running = try start(["dives"], ["--sample", "all", "--jobs", "1"])
    try running.wait { try rows("s.sqlite", "SELECT COUNT(*) > 0 FROM frame") == "1\n" }
    // One that is being read is not lost to those who read it; one that waits is.
    for file in [open, waiting] { try FileManager.default.removeItem(atPath: file) }
    let result = try running.end()
    #expect(result.code == 1)
    let summary = try FishcamProgram.summary(result)
    #expect(summary["recordings_done"] as? Int == 2)
    #expect(summary["recordings_failed"] as? Int == 1)
    #expect(
      try rows(
        "s.sqlite", "SELECT recording, status, reason, frames FROM effort ORDER BY recording")
          == """
          \(open)|done||1200
          \(waiting)|failed|there is no such file|0
          \(path)/dives/c.mp4|done||50

          """)
    let log = try String(contentsOfFile: path + "/s.log", encoding: .utf8)
    #expect(log.contains("summary: failed: \(waiting): there is no such file"))
  }

  @Test func aFileThatIsCutWhileItIsReadGivesWhatWasRead() throws {
    let cut = try dives.folder.file("dives/a.mp4")
    try Tool.ffmpeg(["-f", "lavfi", "-i", "testsrc2=s=192x96:r=25:d=60", "-c:v", "libx264", cut])
    try dives.video("dives/b.mp4", seconds: 4)
    let running = try start(["dives"], ["--sample", "all", "--jobs", "1"])
    try running.wait { try rows("s.sqlite", "SELECT COUNT(*) > 0 FROM frame") == "1\n" }
    #expect(truncate(cut, 0) == 0)
    #expect(try running.end().code == 0)
    let state = try rows("s.sqlite", "SELECT status, reason FROM effort ORDER BY recording")
      .split(separator: "\n")
    #expect(state[0].hasPrefix("partial|the file ends before its index says"))
    #expect(state[1] == "done|")
  }

  @Test func damagedFilesAreReportedAndTheOthersCounted() throws {
    let good = try dives.video("dives/good.mp4", seconds: 5)
    let data = try Data(contentsOf: URL(filePath: good))
    for (round, mutated) in Mutations.of(data, count: 200, seed: 5).enumerated() {
      try dives.folder.write(mutated, to: "dives/damaged-\(round).mp4")
    }
    let running = try start(["dives"], ["--sample", "all"])
    let result = try running.end(within: 120)
    #expect(result.code == 1)
    #expect(running.peakMegabytes < (Tool.isSanitized ? 4000 : 400))
    let summary = try FishcamProgram.summary(result)
    let (done, failed) = (summary["recordings_done"] as? Int, summary["recordings_failed"] as? Int)
    #expect((done ?? 0) + (failed ?? 0) == 201)
    #expect(failed ?? 0 > 20 && done ?? 0 > 20)
    // What is not whole has a reason.
    #expect(
      try rows(
        "s.sqlite",
        """
        SELECT COUNT(*), SUM(reason IS NULL AND status IS NOT 'done') FROM effort
        """) == "201|0\n")
    #expect(
      try rows("s.sqlite", "SELECT frames FROM effort WHERE recording = '\(good)'") == "50\n")
  }

  @Test func aFolderOfTenThousandFiles() throws {
    let folder = path + "/dives/card"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let photo = try Data(
      contentsOf: URL(filePath: Repository.path("Tests/Fixtures/pictures/grey.jpg")))
    for number in 0..<10_000 {
      let (name, data) =
        switch number {
        case ..<300: ("photo-\(number).jpg", photo + Data("\(number)".utf8))
        case ..<600: ("empty-\(number).mp4", Data())
        case ..<5000: ("GX01\(number).THM", Data())
        default: ("tile-\(number).tile", Data())
        }
      try #require(FileManager.default.createFile(atPath: folder + "/" + name, contents: data))
    }
    let running = try start(["dives"])
    let result = try running.end(within: 120)
    #expect(result.code == 1)
    #expect(running.peakMegabytes < (Tool.isSanitized ? 3000 : 300))
    let summary = try FishcamProgram.summary(result)
    #expect(summary["recordings_done"] as? Int == 300)
    #expect(summary["recordings_failed"] as? Int == 300)
    #expect(result.errors.contains("passed over by their names: 5000 × .tile"))
    // The log repeats twenty of the failures.
    let log = try String(contentsOfFile: path + "/s.log", encoding: .utf8)
    #expect(log.components(separatedBy: "summary: failed: ").count == 22)
    #expect(log.contains("summary: failed: 280 more"))
  }

  @Test func aSecondProcessIsRefused() throws {
    try dives.video("dives/a.mp4", seconds: 60)
    let first = try start(["dives"], ["--sample", "all"])
    try first.wait { FileManager.default.fileExists(atPath: path + "/s.sqlite.lock") }
    let second = try process(["dives"], ["--sample", "all"])
    #expect(second.code == 2)
    #expect(second.errors.contains("s.sqlite: another fishcam is processing into this survey"))
    #expect(second.text.isEmpty)
    let result = try first.end()
    #expect(result.code == 0)
    #expect(try FishcamProgram.summary(result)["frames_sampled"] as? Int == 600)
  }
}

/// The program while it runs.
private final class Running {
  let process: Foundation.Process
  /// The most memory that it was seen to hold.
  private(set) var peakMegabytes = 0
  private let output: String
  private let errors: String

  init(_ arguments: [String], in folder: String, files: TemporaryFolder) throws {
    output = try files.write(Data(), to: "output-\(UUID().uuidString)")
    errors = try files.write(Data(), to: "errors-\(UUID().uuidString)")
    process = try Tool.start(
      FishcamProgram.path, arguments, in: folder, output: output, errors: errors)
  }

  /// Waits until something is so; what cannot be asked yet is not so.
  func wait(until isSo: () throws -> Bool) throws {
    for _ in 0..<3000 {
      if let so = try? isSo(), so { return }
      try #require(process.isRunning, "it has ended too early")
      Thread.sleep(forTimeInterval: 0.01)
    }
    Issue.record("it has not come so far in 30 s")
  }

  /// Waits for its end; kills what does not end.
  func end(within seconds: Double = 120) throws -> Tool.Result {
    let start = ContinuousClock.now
    while process.isRunning {
      look()
      if ContinuousClock.now - start > .seconds(seconds) {
        Issue.record("it has not ended after \(seconds) s")
        process.terminate(with: SIGKILL)
      }
      Thread.sleep(forTimeInterval: 0.01)
    }
    process.waitUntilExit()
    let code = process.terminationStatus
    return Tool.Result(
      code: process.terminationReason == .uncaughtSignal ? -code : code,
      output: try Data(contentsOf: URL(filePath: output)),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }

  private func look() {
    let status = try? String(
      contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(whereSeparator: { " \t".contains($0) }).dropFirst().first
    peakMegabytes = max(peakMegabytes, (kilobytes.flatMap { Int($0) } ?? 0) / 1024)
  }
}

extension Foundation.Process {
  /// Sends a signal, and waits for its end.
  fileprivate func terminate(with signal: Int32) {
    kill(processIdentifier, signal)
    waitUntilExit()
  }
}
