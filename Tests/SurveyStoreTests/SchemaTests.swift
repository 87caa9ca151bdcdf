import Foundation
import GRDB
import Survey
import SurveyStore
import TestSupport
import Testing

@Suite struct SchemaTests {
  private func opened(_ folder: TemporaryFolder, _ name: String) throws -> SurveyStore {
    try SurveyStore(path: folder.path + "/" + name)
  }

  /// Every schema that was released, as a database that was written with it.
  @Test(arguments: [
    "survey-schema-1.sqlite", "survey-schema-2.sqlite", "survey-schema-3.sqlite",
    "survey-schema-4.sqlite",
  ])
  func releasedSchemasOpenAndTally(_ name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/" + name
    try FileManager.default.copyItem(
      atPath: Repository.path("Tests/Fixtures/schemas/" + name), toPath: path)
    let store = try SurveyStore(path: path)
    let run = try store.tallyRun()
    let record = try #require(try store.deploymentRecords(run: run).first)
    #expect(record.deployment.site == "Reef")
    #expect(Tally(of: "tang", in: record.counts).maxN == 2)
    // What later schemas have added can be written.
    let pass = try store.beginPass(run: run.id, media: 1, programVersion: "0", machine: "test")
    let background = StoredBackground(
      stretch: 7, start: 1, end: 2, picture: ([1, 2, 3], 4.5), cameraMoves: true)
    try store.save(background, in: pass)
    #expect(try store.background(of: 7, in: pass) == background)
    #expect(try store.evidence(frame: 1) == nil)
    // A content of the survey is known again by its samples, and gets the full hash when asked.
    let recording = try #require(store.recordings().first { $0.mediaID == 1 })
    let media = { (full: String?) in
      MediaDescription(
        contentHash: "Reef/D1/a.mp4", fullHash: full, size: 1, kind: "video", codec: "h264",
        width: 640, height: 360, durationSeconds: 3, creationTime: nil, timeBase: (1, 1000))
    }
    #expect(try store.media(media(nil)) == recording.mediaID)
    #expect(try store.media(media("full"), former: recording.mediaID) == recording.mediaID)
    #expect(try store.media(media("other"), former: recording.mediaID) != recording.mediaID)
  }

  @Test func contentsAreToldApartByTheirFullHash() throws {
    let survey = try SurveyFixture()
    let media = { (hash: String, full: String?, former: Int64?) in
      try survey.store.media(
        MediaDescription(
          contentHash: hash, fullHash: full, size: 1, kind: "video", codec: "h264", width: 640,
          height: 360, durationSeconds: 3, creationTime: nil, timeBase: (1, 1000)), former: former)
    }
    let sampled = try media("s", nil, nil)
    // Nobody knows whether this one is the same as the one of which samples were read.
    let first = try media("s", "f1", nil)
    #expect(first != sampled)
    #expect(try media("s", "f2", sampled) == sampled)
    let third = try media("s", "f3", sampled)
    #expect(Set([sampled, first, third]).count == 3)
    for (full, id) in [("f1", first), ("f2", sampled), ("f3", third)] {
      #expect(try media("s", full, nil) == id)
    }
    #expect(try media("s", nil, nil) == sampled)
    // Files that are small enough are read whole anyway.
    let small = try media("t", nil, nil)
    #expect(try media("t", "t", nil) == small)
  }

  @Test func backgroundsBelongToTheirPass() throws {
    let survey = try SurveyFixture()
    try survey.add("a.mp4", frames: [[]], status: .failed)
    let pass = try #require(try survey.store.pass(run: survey.run.id, media: 1))
    let stored = [
      StoredBackground(stretch: 0, start: 0, end: 600, picture: nil, cameraMoves: false),
      StoredBackground(
        stretch: 1, start: 600, end: 1200, picture: ([UInt8](0...255), 0.1 + 0.2),
        cameraMoves: false),
    ]
    for background in stored { try survey.store.save(background, in: pass) }
    for background in stored {
      #expect(try survey.store.background(of: background.stretch, in: pass) == background)
    }
    #expect(try survey.store.background(of: 2, in: pass) == nil)
    #expect(
      try survey.rows("SELECT stretch, status FROM background") == [
        ["0", "none"], ["1", "still"],
      ])
    // A look that begins anew makes them anew.
    let again = try survey.store.beginPass(
      run: survey.run.id, media: 1, programVersion: "0", machine: "test")
    #expect(try survey.store.background(of: 0, in: again) == nil)
    #expect(try survey.rows("SELECT COUNT(*) FROM background") == [["0"]])
  }

  @Test func evidenceOfTheThreeHighestCountsStays() throws {
    let survey = try SurveyFixture()
    try survey.add("a.mp4", frames: [[]], status: .running)
    let (store, run) = (survey.store, survey.run)
    let pass = try #require(try store.pass(run: run.id, media: 1))
    #expect(!pass.isFlawed)
    let tang = Detection(label: 0, x: 0.25, y: 0.5, score: 0.75, width: 0.1, height: 0.2)
    let faint = Detection(label: 0, x: 0.1 + 0.2, y: 0.5, score: 0.3)
    let frames = (1...5).map { count in
      FrameResult(
        time: FrameTime(pts: Int64(count) * 1000, seconds: Double(count)), isDamaged: false,
        detections: [faint] + Array(repeating: tang, count: count), evidence: [0xFF, UInt8(count)])
    }
    try store.append(frames, to: pass, of: run, flawed: true)
    #expect(try store.pass(run: run.id, media: 1)?.isFlawed == true)
    #expect(try store.detections(atPTS: 1000, in: pass, of: run) == [faint, tang])
    #expect(try store.detections(atPTS: 1001, in: pass, of: run) == nil)
    #expect(try store.mostCounted(in: pass, of: run, thresholds: [0.5, 0.6]) == [5, 0])
    #expect(try store.mostCounted(in: pass, of: run, thresholds: [0.2, 0.6]) == [6, 0])
    #expect(try survey.rows("SELECT COUNT(*) FROM evidence") == [["5"]])
    try store.finish(pass, .done, reason: nil, start: 0, end: 6)
    let kept = try survey.rows(
      "SELECT f.pts FROM evidence e JOIN frame f ON f.id = e.frame_id ORDER BY f.pts")
    #expect(kept == [["3000"], ["4000"], ["5000"]])
    let frame = try #require(try survey.rows("SELECT id FROM frame WHERE pts = 5000").first?.first)
    #expect(try store.evidence(frame: try #require(Int64(frame))) == [0xFF, 5])
  }

  @Test func otherFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    #expect(throws: SurveyStoreError.self) { try opened(folder, "none.sqlite") }
    try folder.write(Data("this is no database, whatever its name says".utf8), to: "text.sqlite")
    // Not even root can make a file there.
    let place = #expect(throws: SurveyStoreError.self) {
      try SurveyStore(path: "/proc/survey.sqlite", create: true)
    }
    #expect(place?.description.contains("cannot be written") == true)
    let text = #expect(throws: SurveyStoreError.self) { try opened(folder, "text.sqlite") }
    #expect(text?.description.contains("not a Fishcam survey") == true)
    try DatabaseQueue(path: folder.path + "/other.sqlite").write {
      try $0.execute(sql: "CREATE TABLE bookmarks (url TEXT)")
    }
    let other = #expect(throws: SurveyStoreError.self) {
      try SurveyStore(path: folder.path + "/other.sqlite", create: true)
    }
    #expect(other?.description.contains("not a Fishcam survey") == true)
  }

  @Test func aNewerSurveyIsRefused() throws {
    let survey = try SurveyFixture()
    try survey.execute("INSERT INTO grdb_migrations (identifier) VALUES ('99 future')")
    let error = #expect(throws: SurveyStoreError.self) { try SurveyStore(path: survey.store.path) }
    #expect(error?.description.contains("newer Fishcam") == true)
  }

  @Test func theFileIsSafeAndChecked() throws {
    let survey = try SurveyFixture()
    #expect(try survey.rows("PRAGMA journal_mode") == [["wal"]])
    try survey.add("a.mp4", frames: [[(0, 0.9)]])
    #expect(throws: (any Error).self) {
      try survey.execute(
        "INSERT INTO detection (frame_id, run_label_id, x, y, score) VALUES (99, 1, 0, 0, 1)")
    }
    #expect(try survey.rows("PRAGMA foreign_key_check").isEmpty)
  }

  @Test func aBatchIsStoredWholeOrNotAtAll() throws {
    let survey = try SurveyFixture()
    try survey.add("a.mp4", frames: [[(0, 0.9)]], status: .running)
    let media = try #require(try survey.store.recordings().first?.mediaID)
    let pass = try #require(try survey.store.pass(run: survey.run.id, media: media))
    let frame = { (pts: Int64) in
      FrameResult(
        time: FrameTime(pts: pts, seconds: Double(pts) / 1000), isDamaged: false, detections: [])
    }
    // The second frame has a time that is stored already.
    #expect(throws: SurveyStoreError.self) {
      try survey.store.append([frame(5000), frame(0)], to: pass, of: survey.run)
    }
    #expect(try survey.rows("SELECT COUNT(*) FROM frame") == [["1"]])
    #expect(try survey.store.pass(run: survey.run.id, media: media)?.lastPTS == 0)
  }
}

/// Writes the fixture of the newest schema; run once when a schema is about to be released, with
/// the file's path in `FISHCAM_WRITE_SCHEMA_FIXTURE`.
@Suite(
  .enabled(
    if: ProcessInfo.processInfo.environment["FISHCAM_WRITE_SCHEMA_FIXTURE"] != nil,
    "writes a fixture; FISHCAM_WRITE_SCHEMA_FIXTURE names it"))
struct SchemaFixtureWriter {
  @Test func write() throws {
    let path = try #require(
      ProcessInfo.processInfo.environment["FISHCAM_WRITE_SCHEMA_FIXTURE"])
    let survey = try SurveyFixture()
    try survey.add(
      "a.mp4", frames: [[(0, 0.9), (0, 0.8), (0, 0.2)], [], [(1, 0.7)]])
    try survey.add("b.mp4", opcode: "D2", frames: [[(0, 0.9)]], status: .partial)
    try survey.judge("confirm", frame: 0, label: "tang")
    let pass = try survey.store.beginPass(
      run: survey.run.id, media: 1, programVersion: "0", machine: "test")
    try survey.store.save(
      StoredBackground(stretch: 0, start: 0, end: 3, picture: nil, cameraMoves: false), in: pass)
    try survey.execute("VACUUM INTO '\(path)'")
  }
}
