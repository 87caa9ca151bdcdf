import Foundation
import Survey
import SurveyStore
import TestSupport
import Testing

@Suite struct TallyingTests {
  private let survey: SurveyFixture

  init() throws { survey = try SurveyFixture() }

  private func tally(_ label: String, threshold: Double? = nil) throws -> Tally {
    let run = try survey.store.tallyRun()
    let record = try #require(
      try survey.store.deploymentRecords(run: run, threshold: threshold).first)
    return Tally(of: label, in: record.counts)
  }

  /// What partners read in the views `tally` and `maxn`.
  private func viewed(_ label: String) throws -> [String] {
    try survey.rows("SELECT max_n FROM tally WHERE label = '\(label)'").flatMap { $0 }
  }

  @Test func thresholds() throws {
    try survey.add(
      "a.mp4", frames: [[(0, 0.9), (0, 0.55), (0, 0.2)], [(1, 0.55)], [], [(1, 0.6)]])
    #expect(try tally("tang").maxN == 2)
    #expect(try tally("angelfish").maxN == 1)
    #expect(try tally("angelfish").firstSeenSeconds == 3)
    #expect(try tally("tang", threshold: 0.15).maxN == 3)
    #expect(try tally("tang", threshold: 0.95).maxN == 0)
    #expect(try viewed("tang") == ["2"])
    #expect(try viewed("angelfish") == ["1"])
  }

  @Test func verdictsCount() throws {
    try survey.add("a.mp4", frames: [[(0, 0.9), (0, 0.8)], [(0, 0.9)], [(1, 0.3)]])
    try survey.judge("reject", frame: 0, label: "tang")
    #expect(try tally("tang").maxN == 1)
    #expect(try viewed("tang") == ["1"])
    try survey.judge("undo", frame: 0, label: "tang")
    #expect(try tally("tang").maxN == 2)
    #expect(try viewed("tang") == ["2"])
    // A confirmed detection counts whatever its score.
    try survey.judge("confirm", frame: 2, label: "angelfish")
    #expect(try tally("angelfish").maxN == 1)
    #expect(try tally("angelfish").maxNVerified == 1)
    #expect(try viewed("angelfish") == ["1"])
    try survey.judge("rename", frame: 1, label: "tang", as: "goby")
    #expect(try tally("goby").maxN == 1)
    #expect(try viewed("goby") == ["1"])
    #expect(try survey.store.reviewersLabels(run: survey.store.tallyRun()).map(\.label) == ["goby"])
    try survey.judge("reject", frame: 1, label: "tang")
    #expect(try tally("goby").maxN == 0)
  }

  @Test func verdictsAreNeverChangedOrRemoved() throws {
    try survey.add("a.mp4", frames: [[(0, 0.9)]])
    try survey.judge("reject", frame: 0, label: "tang")
    #expect(throws: (any Error).self) { try survey.execute("UPDATE verdict SET kind = 'confirm'") }
    #expect(throws: (any Error).self) { try survey.execute("DELETE FROM verdict") }
  }

  /// A decoder's garbage looks like many fish.
  @Test func damagedFramesDoNotCount() throws {
    try survey.add(
      "a.mp4", frames: [[(0, 0.9)], [(0, 0.9), (0, 0.9), (0, 0.9)]], status: .partial, damaged: [1])
    #expect(try tally("tang").maxN == 1)
    #expect(try tally("tang").frames == 1)
    #expect(try viewed("tang") == ["1"])
  }

  @Test func whatReviewersNameIsNotSoughtEverywhere() throws {
    try survey.add("a.mp4", frames: [[(0, 0.9)]])
    try survey.add("b.mp4", opcode: "D2", frames: [[(0, 0.9)]])
    try survey.judge("rename", frame: 0, label: "tang", as: "goby")
    #expect(
      try survey.rows("SELECT opcode, label, max_n FROM tally WHERE label = 'goby'")
        == [["D1", "goby", "1"]])
  }

  @Test func theSameContentTwiceIsSaid() throws {
    let first = try survey.add("a.mp4", frames: [[(0, 0.9)]])
    let recording = try #require(try survey.store.recordings().first { $0.id == first })
    var copy = recording
    copy.id = 0
    copy.path += ".copy"
    copy.name = "b.mp4"
    try survey.store.save(copy)
    try survey.store.orderRecordings(deployment: copy.deploymentID)
    #expect(try tally("tang").frames == 1)
    let problems = try survey.store.recordingProblems(run: survey.run.id)
    #expect(problems.map(\.path) == [copy.path])
    #expect(problems[0].reason.contains("the same content as a.mp4"))
  }

  @Test func unusableFramesAreLeftOut() throws {
    try survey.add("a.mp4", frames: [[(0, 0.9), (0, 0.8)], [(0, 0.9)]])
    try survey.execute(
      """
      INSERT INTO verdict (kind, frame_id, reviewer, created_at)
      SELECT 'unusable', id, 'Ana', '2026-01-01T00:00:00Z' FROM frame WHERE pts = 0
      """)
    #expect(try tally("tang").maxN == 1)
    #expect(try tally("tang").frames == 1)
    #expect(try viewed("tang") == ["1"])
  }

  @Test func unfinishedAndFailedRecordingsAreLeftOut() throws {
    try survey.add("a.mp4", frames: [[(0, 0.9)]])
    try survey.add("b.mp4", frames: [[(0, 0.9), (0, 0.9)]], status: .running)
    try survey.add("c.mp4", frames: [[], []], status: .partial)
    #expect(try tally("tang").maxN == 1)
    #expect(try tally("tang").frames == 3)
    let problems = try survey.store.recordingProblems(run: survey.run.id)
    #expect(problems.map { $0.path.suffix(5) } == ["b.mp4", "c.mp4"])
    #expect(problems[0].reason.contains("run process again"))
  }

  @Test func viewsAgreeWithTheTallyOnASeededSurvey() throws {
    var generator = SeededGenerator(seed: 5)
    for name in ["GX020041.MP4", "GX010042.MP4", "GX010041.MP4"] {
      for opcode in ["D1", "D2"] {
        let frames = (0..<40).map { _ in
          (0..<Int.random(in: 0...4, using: &generator)).map { _ in
            (
              Int.random(in: 0...1, using: &generator),
              Double.random(in: 0.1...1, using: &generator)
            )
          }
        }
        try survey.add(name, opcode: opcode, frames: frames)
      }
    }
    let records = try survey.store.deploymentRecords(run: survey.store.tallyRun())
    #expect(records.count == 2)
    for record in records {
      for label in ["tang", "angelfish"] {
        let tally = Tally(of: label, in: record.counts)
        let row = try #require(
          try survey.rows(
            """
            SELECT max_n, mean_count, frames FROM tally
            WHERE opcode = '\(record.deployment.opcode)' AND label = '\(label)'
            """
          ).first)
        #expect(row[0] == String(tally.maxN))
        #expect(abs((Double(row[1]) ?? -1) - tally.meanCount) < 1e-9)
        #expect(row[2] == String(tally.frames))
        let evidence = try #require(
          try survey.rows(
            """
            SELECT recording, pts_s FROM maxn
            WHERE opcode = '\(record.deployment.opcode)' AND label = '\(label)'
            """
          ).first)
        let index = try #require(tally.maxNRecording)
        #expect(evidence[0].hasSuffix(record.recordings[index].name))
        #expect(Double(evidence[1]) == tally.maxNTime?.seconds)
      }
    }
    let effort = try survey.rows("SELECT SUM(frames), ROUND(SUM(effort_min), 9) FROM effort")
    #expect(effort == [["240", "4.0"]])
  }

  @Test func theRunThatWorkedLast() throws {
    try survey.add("a.mp4", frames: [[]])
    let other = try survey.store.run(SurveyFixture.description(options: "b"))
    #expect(try survey.store.tallyRun().id == survey.run.id)
    let media = try #require(try survey.store.recordings().first?.mediaID)
    _ = try survey.store.beginPass(
      run: other.id, media: media, programVersion: "0", machine: "test")
    #expect(try survey.store.tallyRun().id == other.id)
    #expect(try survey.store.tallyRun(survey.run.id).id == survey.run.id)
    #expect(throws: SurveyStoreError.self) { try survey.store.tallyRun(99) }
  }
}
