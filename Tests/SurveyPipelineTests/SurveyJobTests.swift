import Detection
import Foundation
import SpeciesCatalog
import Survey
import SurveyExport
import SurveyPipeline
import SurveyStore
import TestSupport
import Testing

@Suite struct SurveyJobTests {
  private let dives: DiveFolder

  init() throws { dives = try DiveFolder() }

  @Test func theWholePath() throws {
    try dives.video("Reef/D1/a.mp4")
    try dives.video("Reef/D2/b.mp4", [("blue", 40, 40, 0, 6), ("blue", 120, 40, 2, 3)])
    let store = try dives.survey()
    let summary = try dives.process(store)
    #expect(summary.recordingsDone == 2)
    #expect(summary.framesSampled == 12)
    let table = try TallyTable(store)
    #expect(table.rows.count == 4)
    #expect(table.maxN("Reef", "D1", "red fish") == 3)
    #expect(table.maxN("Reef", "D1", "blue fish") == 1)
    #expect(table.maxN("Reef", "D2", "red fish") == 0)
    #expect(table.maxN("Reef", "D2", "blue fish") == 2)
    let red = try #require(table.rows.first { $0.label.label == "red fish" })
    #expect(red.tally.maxNSeconds == 3)
    #expect(red.tally.firstSeenSeconds == 1)
    #expect(red.tally.frames == 6)
    // Seconds 0…5 show 0, 1, 2, 3, 1, 0 red fish.
    #expect(abs(red.tally.meanCount - 7.0 / 6) < 1e-9)
    #expect(abs(red.tally.effortSeconds - 6) < 0.01)
  }

  @Test func fishWithoutANameAreCountedAsSuch() throws {
    try dives.video(
      "Reef/D1/a.mp4", [("red", 16, 16, 0, 6), ("magenta", 64, 48, 2, 4), ("blue", 160, 64, 4, 5)])
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: dives.modelPath)))
    var card = BlobModel.openCard(sha256: SpeciesCatalog.sha256(bytes))
    card["files"] = BlobModel.files(card, ["still": ["scale": 1.0, "offset": 0.1]])
    try dives.folder.write(
      try JSONSerialization.data(withJSONObject: card), to: "model/card.json")
    let store = try dives.survey()
    try dives.process(store)
    let table = try TallyTable(store)
    #expect(table.run.options.contains(" still=1.0,0.1"))
    #expect(table.run.options.contains("named>0.8,0.8/1.0"))
    #expect(table.rows.map(\.label.label) == ["red fish", "blue fish", "fish, unidentified"])
    #expect(table.rows.map(\.tally.maxN) == [1, 1, 1])
    let unidentified = try #require(table.rows.last)
    #expect(unidentified.label.scientificName == nil && unidentified.label.aphiaID == nil)
    #expect(unidentified.label.threshold == 0.4)
    #expect(unidentified.tally.firstSeenSeconds == 2)
  }

  @Test func centroidsLieInTheUprightFrame() throws {
    try dives.video("a.mp4", [("red", 144, 24, 0, 6)])
    let store = try dives.survey()
    try dives.process(store)
    let rows = try store.detectionsForTests()
    #expect(rows.count == 6)
    for row in rows {
      #expect(abs(row.x - 152.0 / 192) < 0.02)
      #expect(abs(row.y - 32.0 / 96) < 0.02)
    }
  }

  @Test func runningAgainDoesNothing() throws {
    try dives.video("Reef/a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    let again = try dives.process(store)
    #expect(again.recordingsDone == 0)
    #expect(again.recordingsAlreadyDone == 1)
    #expect(again.framesSampled == 0)
    try dives.video("Reef/b.mp4", [("blue", 40, 40, 0, 6)])
    let more = try dives.process(store)
    #expect(more.recordingsDone == 1)
    #expect(more.recordingsAlreadyDone == 1)
  }

  /// Outputs of a published tool for files of one name overwrite each other.
  @Test func oneNameInTwoFoldersIsTwoRecordings() throws {
    try dives.video("siteA/GX010001.MP4", [("red", 40, 40, 0, 6)])
    try dives.video("siteB/GX010001.MP4", [("blue", 40, 40, 0, 6), ("blue", 120, 40, 0, 6)])
    let store = try dives.survey()
    try dives.process(store)
    let table = try TallyTable(store)
    #expect(table.maxN("siteA", "siteA", "red fish") == 1)
    #expect(table.maxN("siteA", "siteA", "blue fish") == 0)
    #expect(table.maxN("siteB", "siteB", "blue fish") == 2)
  }

  @Test func aCopyIsNotDecodedTwice() throws {
    try dives.video("Reef/a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    let copy = dives.folder.path + "/copy"
    try FileManager.default.copyItem(atPath: dives.root + "/Reef", toPath: copy)
    let summary = try dives.process(store, inputs: [copy])
    #expect(summary.framesSampled == 0)
    #expect(summary.recordingsAlreadyDone == 1)
    let table = try TallyTable(store)
    #expect(table.maxN("copy", "copy", "red fish") == 3)
    #expect(table.maxN("Reef", "Reef", "red fish") == 3)
  }

  @Test func aContentTwiceInADeploymentCountsOnce() throws {
    let path = try dives.video("Reef/a.mp4")
    try FileManager.default.copyItem(atPath: path, toPath: dives.root + "/Reef/a copy.mp4")
    let store = try dives.survey()
    try dives.process(store)
    let row = try #require(TallyTable(store).rows.first)
    #expect(row.tally.frames == 6)
  }

  @Test func aMovedFileIsTheSameRecording() throws {
    let path = try dives.video("Reef/a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    let moved = try dives.folder.file("dives/Reef/renamed.mp4")
    try FileManager.default.moveItem(atPath: path, toPath: moved)
    let summary = try dives.process(store)
    #expect(summary.framesSampled == 0)
    #expect(try store.recordings().map(\.path) == [moved])
  }

  @Test func aChangedFileIsLookedAtAgain() throws {
    let path = try dives.video("Reef/a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    try FileManager.default.removeItem(atPath: path)
    try dives.video("Reef/a.mp4", [("blue", 40, 40, 0, 6)])
    #expect(try dives.process(store).recordingsDone == 1)
    #expect(try TallyTable(store).maxN("Reef", "Reef", "red fish") == 0)
  }

  @Test func aFileChangedWithoutChangingSizeIsLookedAtAgain() throws {
    let path = try dives.video("Reef/a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    var data = try Data(contentsOf: URL(filePath: path))
    let place = try #require(data.range(of: Data("Lavf".utf8))?.lowerBound)
    data[place] = UInt8(ascii: "X")
    try data.write(to: URL(filePath: path))
    #expect(try dives.process(store).recordingsDone == 1)
  }

  @Test func oneUnreadableFileDoesNotStopTheRest() throws {
    try dives.video("Reef/a.mp4")
    try dives.folder.write(Data("no video".utf8), to: "dives/Reef/broken.mp4")
    let store = try dives.survey()
    let log = EventLog()
    let summary = try dives.process(store, report: log.add)
    #expect(summary.recordingsDone == 1)
    #expect(summary.recordingsFailed == 1)
    #expect(log.finished.map(\.status).sorted { $0.rawValue < $1.rawValue } == [.done, .failed])
    let failed = try #require(store.recordings().first { $0.reason != nil })
    #expect(failed.name == "broken.mp4")
    let problems = try store.recordingProblems(run: summary.run)
    #expect(problems.map(\.path) == [failed.path])
    // Nothing of it in the tally: failed is not the same as empty.
    #expect(try TallyTable(store).rows.allSatisfy { $0.tally.frames == 6 })
  }

  @Test func chaptersGoOn() throws {
    try dives.video("Reef/D/GX020007.MP4", [("red", 40, 40, 2, 4), ("red", 100, 40, 2, 4)])
    try dives.video("Reef/D/GX010007.MP4", [("red", 40, 40, 1, 2)])
    let store = try dives.survey()
    try dives.process(store)
    let row = try #require(TallyTable(store).rows.first)
    #expect(row.tally.maxN == 2)
    #expect(row.maxNRecording == "GX020007.MP4")
    #expect(row.tally.maxNTime?.seconds == 2)
    #expect(abs((row.tally.maxNSeconds ?? 0) - 8) < 0.01)
    #expect(row.tally.frames == 12)
  }

  @Test func thresholdBelongsToTheTally() throws {
    // Half a cell of red scores about a half.
    try dives.video("a.mp4", [("red", 16, 16, 0, 6)])
    let store = try dives.survey()
    try dives.process(store, detector: DetectorOptions(threshold: 0.4))
    let low = try TallyTable(store, threshold: 0.2)
    let high = try TallyTable(store, threshold: 0.9)
    #expect(low.rows[0].label.threshold == 0.2)
    #expect(high.rows[0].tally.maxN <= low.rows[0].tally.maxN)
    #expect(throws: SurveyStoreError.self) { try TallyTable(store, threshold: 0.05) }
    // Another threshold for counting is no other run, and is said.
    let log = EventLog()
    let again = try dives.process(
      store, detector: DetectorOptions(threshold: 0.6), report: log.add)
    #expect(again.framesSampled == 0)
    #expect(log.warnings.contains { $0.contains("0.6") && $0.contains("before: 0.4") })
    #expect(try TallyTable(store).rows[0].label.threshold == 0.6)
  }

  @Test func edgeImpulseThresholdsNeedTheirOwnRun() throws {
    try dives.video("a.mp4")
    let store = try dives.survey()
    let options = { DetectorOptions(decoder: .edgeImpulse, threshold: $0) }
    try dives.process(store, detector: options(0.5))
    #expect(throws: SurveyStoreError.self) { try TallyTable(store, threshold: 0.7) }
    #expect(try dives.process(store, detector: options(0.7)).framesSampled == 6)
    #expect(try store.runs().count == 2)
  }

  @Test func samplings() throws {
    try dives.video("a.mp4")
    let store = try dives.survey()
    #expect(try dives.process(store, sampling: .all).framesSampled == 60)
    #expect(try dives.process(store, sampling: .keyframes).framesSampled == 3)
    let keyframes = try #require(TallyTable(store).rows.first)
    #expect(abs(keyframes.tally.effortSeconds - 6) < 0.01)
    #expect(try dives.process(store, sampling: .period(microseconds: 2_000_000)).framesSampled == 3)
    #expect(try store.runs().map(\.sample) == ["all", "keyframes", "2"])
  }

  @Test func jobsDoNotChangeResults() throws {
    for name in ["A/a", "A/b", "B/c", "C/d", "C/e"] {
      try dives.video(name + ".mp4", [("red", 8 * Int(name.utf8.last ?? 0) % 160, 40, 1, 5)])
    }
    let tables = try [1, 4].map { jobs in
      let store = try dives.survey("jobs-\(jobs).sqlite")
      try dives.process(store, jobs: jobs)
      return try TallyTable(store).csv
    }
    #expect(tables[0] == tables[1])
  }

  @Test func aStoppedRunGoesOn() throws {
    for (index, name) in ["a", "b", "c"].enumerated() {
      try dives.video("Reef/\(name).mp4", DiveFolder.fish + [("blue", 40 * index, 0, 0, 6)])
    }
    let undisturbed = try dives.survey("undisturbed.sqlite")
    try dives.process(undisturbed, sampling: .all)
    let expected = try TallyTable(undisturbed, by: .recording).csv
    for stop in [1, 5, 9, 14] {
      let store = try dives.survey("stopped-\(stop).sqlite")
      let cancellation = Cancellation()
      let log = EventLog()
      let first = try dives.process(store, sampling: .all, jobs: 1, cancellation: cancellation) {
        log.add($0)
        if log.events.count >= stop + 4 { cancellation.cancel() }
      }
      #expect(first.wasCancelled)
      let second = try dives.process(store, sampling: .all)
      #expect(first.framesSampled + second.framesSampled == 180)
      #expect(try TallyTable(store, by: .recording).csv == expected)
    }
  }

  @Test func framesOfTheHighestCountsAreKept() throws {
    try dives.video("Reef/D1/a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    let run = try store.tallyRun()
    let record = try #require(try store.deploymentRecords(run: run).first)
    let recording = record.recordings[0].id
    let sightings = try store.reviewSightings(run: run.id, deployment: record.deployment.id)
    var counts: [Int] = []
    for sighting in sightings {
      guard let picture = try store.evidence(frame: sighting.frameID) else { continue }
      #expect(picture.prefix(2) == [0xFF, 0xD8])
      let frame = try store.reviewFrame(sighting.frameID, recording: recording)
      counts.append(frame.detections.count { $0.label == "red fish" && $0.isCounted })
    }
    // Seconds 0…5 show 0, 1, 2, 3, 1, 0 red fish: each new maximum is kept, and the first blue one.
    #expect(counts == [1, 2, 3, 1])
  }

  @Test func photosCount() throws {
    let video = try dives.video("v.mp4", [("red", 40, 40, 0, 6), ("red", 120, 40, 0, 6)])
    let photos = try dives.folder.file("photos/p1.jpg")
    try Tool.ffmpeg(["-i", video, "-frames:v", "1", "-q:v", "2", photos])
    let store = try dives.survey()
    let summary = try dives.process(store, inputs: [dives.folder.path + "/photos"])
    #expect(summary.framesSampled == 1)
    let row = try #require(TallyTable(store).rows.first)
    #expect(row.tally.maxN == 2)
    #expect(row.tally.effortSeconds == 0)
  }

  @Test func twoProcessesAreRefused() throws {
    try dives.video("a.mp4")
    let store = try dives.survey()
    let inner = EventLog()
    try dives.process(store) { event in
      guard case .planned = event else { return }
      do { try dives.process(store) } catch {
        inner.add(.warning(String(describing: error)))
      }
    }
    #expect(inner.warnings.count == 1)
    #expect(inner.warnings.first?.contains("another fishcam") == true)
    #expect(!FileManager.default.fileExists(atPath: store.path + ".lock"))
  }
}

extension SurveyStore {
  /// Centroids of all detections, read as a partner would.
  fileprivate func detectionsForTests() throws -> [(x: Double, y: Double)] {
    let result = try Tool.succeed(
      "sqlite3", ["-separator", " ", path, "SELECT x, y FROM detection ORDER BY id"])
    return result.text.split(separator: "\n").map { line in
      let values = line.split(separator: " ").compactMap { Double($0) }
      return (values[0], values[1])
    }
  }
}
