import Foundation
import SpeciesCatalog
import Survey
import SurveyExport
import SurveyPipeline
import SurveyStore
import TestSupport
import Testing

@Suite struct SurveyFaultTests {
  private let dives: DiveFolder

  init() throws {
    dives = try DiveFolder()
    try dives.video("a.mp4")
    try dives.video("b.mp4", [("blue", 40, 40, 0, 6)])
  }

  /// The system refuses a write, whatever was free when that was looked at.
  @Test(.enabled(if: SmallDisk.isAllowed, "\(SmallDisk.reason)"))
  func aDiskThatIsFullNowIsNamed() throws {
    let undisturbed = try dives.survey()
    try dives.process(undisturbed, sampling: .all)
    let expected = try TallyTable(undisturbed, by: .recording).csv
    let disk = try SmallDisk(megabytes: 2)
    let store = try SurveyStore(path: disk.path + "/s.sqlite", create: true)
    let error = #expect(throws: SurveyPipelineError.self) {
      try dives.process(store, sampling: .all, spareBytes: 0) { event in
        if case .begun = event { Self.must { try disk.fill(leaving: 0) } }
      }
    }
    guard case .noSpace(let folder, let free, let needed) = try #require(error) else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(folder == disk.path)
    #expect(free < needed)
    try disk.empty()
    try dives.process(store, sampling: .all, spareBytes: 0)
    #expect(try TallyTable(store, by: .recording).csv == expected)
  }

  @Test func anotherProgramThatKeepsTheDatabaseLockedIsSaid() throws {
    let undisturbed = try dives.survey()
    try dives.process(undisturbed, sampling: .all)
    let expected = try TallyTable(undisturbed, by: .recording).csv
    let path = dives.folder.path + "/locked.sqlite"
    let store = try SurveyStore(path: path, create: true, patience: 0.3)
    let lock = Holder()
    let error = #expect(throws: SurveyStoreError.self) {
      try dives.process(store, sampling: .all, jobs: 1) { event in
        if case .finished = event { Self.must { try lock.hold(path) } }
      }
    }
    #expect(error?.description.contains("locked.sqlite: another program has kept") == true)
    #expect(error?.description.contains("0.3 s") == true)
    // What was found before is there, and the rest comes when the lock is gone.
    #expect(try store.runs().count == 1)
    lock.end()
    let rest = try dives.process(store, sampling: .all)
    #expect(rest.recordingsAlreadyDone == 1 && rest.recordingsDone == 1)
    #expect(try TallyTable(store, by: .recording).csv == expected)
  }

  @Test func whatIsLackingIsSaidBeforeAnythingIsStored() throws {
    let store = try dives.survey()
    let error = #expect(throws: SurveyPipelineError.self) {
      try dives.process(store, spareBytes: .max / 2)
    }
    #expect(error?.description.contains(dives.folder.path + ": ") == true)
    #expect(try store.recordings().isEmpty)
  }

  @Test func linksThatLeadInCirclesEnd() throws {
    let manager = FileManager.default
    for (link, target) in [
      ("Reef/Wall/back", "../../Wall"), ("Wall/forth", "../Reef"), ("Reef/itself", "itself"),
      ("Reef/own.mp4", "own.mp4"), ("Reef/up", ".."),
    ] {
      let path = try dives.folder.file("dives/" + link)
      try manager.createSymbolicLink(atPath: path, withDestinationPath: target)
    }
    let store = try dives.survey()
    let summary = try dives.process(store)
    #expect(summary.recordingsDone == 2)
    #expect(summary.failures.map { ($0.path as NSString).lastPathComponent } == ["own.mp4"])
    #expect(try store.recordings().count == 3)
  }

  @Test func theSpeedCountsWhatWasGoneThroughNow() throws {
    let store = try dives.survey()
    let cancellation = Cancellation()
    let log = EventLog()
    let first = try dives.process(store, sampling: .all, jobs: 1, cancellation: cancellation) {
      log.add($0)
      if log.events.count >= 8 { cancellation.cancel() }
    }
    #expect(first.wasCancelled && first.videoSeconds > 0)
    let second = try dives.process(store, sampling: .all)
    let all = first.videoSeconds + second.videoSeconds
    // A tenth of a second may be between what one has stored and the other has begun with.
    #expect(abs(all - 12) < 0.25, "\(first.videoSeconds) + \(second.videoSeconds)")
    #expect(second.videoMinutesPerMinute(seconds: 2) == second.videoSeconds / 2)
    let third = try dives.process(store, sampling: .all)
    #expect(third.videoSeconds == 0 && third.videoMinutesPerMinute(seconds: 2) == nil)
  }

  private static func must(_ body: () throws -> Void) {
    do { try body() } catch { Issue.record(error) }
  }

  /// A lock that is taken in an event, once.
  private final class Holder: @unchecked Sendable {
    private var lock: DatabaseLock?
    func hold(_ path: String) throws { lock = try lock ?? DatabaseLock(path) }
    func end() { lock?.end() }
  }
}

@Suite struct SurveyLogTests {
  @Test(arguments: [
    ("survey.sqlite", "survey.log"), ("/a b/May.SQLITE", "/a b/May.log"), ("x.db", "x.log"),
    ("2024.05", "2024.05.log"), ("survey", "survey.log"), ("x.log", "x.log.log"),
    ("dives.sqlite/survey", "dives.sqlite/survey.log"),
  ])
  func theLogLiesBesideTheDatabase(_ database: String, _ log: String) {
    #expect(SurveyLog.path(beside: database) == log)
  }

  @Test func progressDoesNotMakeItGrow() throws {
    let folder = try TemporaryFolder()
    let log = try SurveyLog(path: folder.path + "/s.log")
    for step in 0..<1000 {
      log.note(.looking(done: step, total: 1000))
      log.note(.advanced(seconds: 1, frames: step))
    }
    #expect(try Data(contentsOf: URL(filePath: log.path)).isEmpty)
    log.note(.warning("two\nlines"))
    let text = try String(contentsOfFile: log.path, encoding: .utf8)
    #expect(text.hasSuffix("] warning: two␤lines\n"))
    #expect(text.split(separator: "\n").count == 1)
    #expect(log.failure == nil)
  }

  @Test func whatCannotBeWrittenIsNoReasonToStop() throws {
    guard FileManager.default.fileExists(atPath: "/dev/full") else { return }
    let log = try SurveyLog(path: "/dev/full")
    log.note(.warning("no space"))
    #expect(log.failure == String(cString: strerror(ENOSPC)))
  }
}
