import Foundation
import SpeciesCatalog
import Survey
import SurveyExport
import SurveyPipeline
import SurveyStore
import TestSupport
import Testing

/// Surveys with a model that finds what moves, and nothing else.
@Suite struct MotionSurveyTests {
  private let dives: DiveFolder
  private let model: String

  init() throws {
    dives = try DiveFolder()
    let bytes = MotionModel.file(width: 192, height: 96)
    model = try dives.folder.write(Data(bytes), to: "motion/motion.tflite")
    try dives.folder.write(
      try JSONSerialization.data(
        withJSONObject: MotionModel.card(sha256: SpeciesCatalog.sha256(bytes))),
      to: "motion/card.json")
  }

  @discardableResult
  private func video(_ name: String, _ source: String, keyframes distance: Int = 5) throws -> String
  {
    let path = try dives.folder.file("dives/" + name)
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", source, "-c:v", "libx264", "-qp", "10", "-g", "\(distance)",
      "-sc_threshold", "0", path,
    ])
    return path
  }

  /// Rows of a query, as a partner reads them.
  private func rows(_ store: SurveyStore, _ sql: String) throws -> [String] {
    try Tool.succeed("sqlite3", [store.path, sql]).text.split(separator: "\n").map(String.init)
  }

  private let found = """
    SELECT r.name, f.pts, d.x, d.y, d.width, d.height, d.score FROM detection d
      JOIN frame f ON f.id = d.frame_id JOIN pass p ON p.id = f.pass_id
      JOIN recording r ON r.media_id = p.media_id ORDER BY r.name, f.pts, d.y, d.x
    """
  private let kept = """
    SELECT r.name, b.stretch, b.start_s, b.end_s, b.status, b.level, HEX(b.picture)
      FROM background b JOIN pass p ON p.id = b.pass_id
      JOIN recording r ON r.media_id = p.media_id ORDER BY r.name, b.stretch
    """

  @Test func whatMovesIsCountedAndWhatLiesStillIsNot() throws {
    try video("Reef/moving/a.mp4", MotionModel.swimming(seconds: 12))
    try video("Reef/still/b.mp4", MotionModel.still(seconds: 12))
    let store = try dives.survey()
    let summary = try dives.process(store, model: model)
    #expect(summary.stretchesWithMovingCamera == 0)
    let table = try TallyTable(store)
    #expect(table.maxN("Reef", "moving", "mover") == 1)
    #expect(table.maxN("Reef", "still", "mover") == 0)
    let row = try #require(table.rows.first { $0.opcode == "moving" })
    #expect(row.tally.meanCount == 1)
    #expect(
      try rows(store, "SELECT DISTINCT ROUND(width * 192), ROUND(height * 96) FROM detection")
        == ["16.0|16.0"])
    #expect(
      try rows(store, "SELECT stretch, status, start_s, end_s FROM background")
        == ["0|still|0.0|12.0", "0|still|0.0|12.0"])
  }

  @Test func jobsAndSamplingsSeeTheSameBackground() throws {
    for name in ["a", "b", "c"] {
      try video(
        "\(name).mp4", MotionModel.swimming(seconds: 12, from: Int(name.utf8.last ?? 0)),
        keyframes: name == "b" ? 500 : 5)
    }
    let stores = try [1, 2, 3].map { jobs in
      let store = try dives.survey("jobs-\(jobs).sqlite")
      try dives.process(store, jobs: jobs, model: model)
      return store
    }
    let expected = try rows(stores[0], found)
    #expect(expected.count == 36)
    for store in stores.dropFirst() { #expect(try rows(store, found) == expected) }
    let keyframes = try dives.survey("keyframes.sqlite")
    try dives.process(keyframes, sampling: .keyframes, model: model)
    #expect(try rows(keyframes, kept) == rows(stores[0], kept))
  }

  @Test func aStoppedRunGoesOnWithItsBackground() throws {
    for (index, name) in ["a", "b"].enumerated() {
      try video("\(name).mp4", MotionModel.swimming(seconds: 12, from: index))
    }
    let undisturbed = try dives.survey("undisturbed.sqlite")
    try dives.process(undisturbed, sampling: .all, model: model, longestStretch: 5)
    let (expected, backgrounds) = (try rows(undisturbed, found), try rows(undisturbed, kept))
    #expect(expected.count == 240 && backgrounds.count == 6)
    for stop in [1, 4, 9, 15] {
      let store = try dives.survey("stopped-\(stop).sqlite")
      let cancellation = Cancellation()
      let log = EventLog()
      let first = try dives.process(
        store, sampling: .all, jobs: 1, cancellation: cancellation, model: model, longestStretch: 5
      ) {
        log.add($0)
        if log.events.count >= stop + 4 { cancellation.cancel() }
      }
      #expect(first.wasCancelled && first.framesSampled < 240)
      try dives.process(store, sampling: .all, model: model, longestStretch: 5)
      #expect(try rows(store, found) == expected)
      #expect(try rows(store, kept) == backgrounds)
    }
  }

  /// What is stored is used: a resumed look sees the picture that the first one has seen.
  @Test func aStoredBackgroundIsNotMadeAgain() throws {
    try video("a.mp4", MotionModel.swimming(seconds: 12))
    let store = try dives.survey()
    let cancellation = Cancellation()
    let log = EventLog()
    try dives.process(
      store, sampling: .all, jobs: 1, cancellation: cancellation, model: model
    ) {
      log.add($0)
      if log.events.count >= 8 { cancellation.cancel() }
    }
    #expect(try rows(store, "SELECT COUNT(*) FROM background") == ["1"])
    // A level as of a moving camera: from here on nothing moves.
    _ = try rows(store, "UPDATE background SET level = 99; SELECT 1")
    let seen = try rows(store, found).count
    try dives.process(store, sampling: .all, model: model)
    #expect(try rows(store, "SELECT COUNT(*) FROM frame") == ["120"])
    #expect(try rows(store, found).count == seen)
  }

  /// The light changes half-way: one background would show half of it as moving.
  @Test func aLongRecordingHasSeveral() throws {
    let halves = ["white", "black"].map {
      "color=gray:s=192x96:r=10:d=10,drawbox=x=72:y=24:w=40:h=40:color=\($0):t=fill"
    }
    try video("a.mp4", "\(halves[0])[a];\(halves[1])[b];[a][b]concat")
    let one = try dives.survey("one.sqlite")
    try dives.process(one, model: model)
    #expect(try TallyTable(one).rows[0].tally.maxN > 0)
    let two = try dives.survey("two.sqlite")
    try dives.process(two, model: model, longestStretch: 10)
    #expect(try rows(two, "SELECT status FROM background") == ["still", "still"])
    #expect(try TallyTable(two).rows[0].tally.maxN == 0)
  }

  @Test func aMovingCameraIsSaidAndSeesNoMotion() throws {
    let path = try video("a.mp4", MotionModel.passing(seconds: 12))
    let store = try dives.survey()
    let log = EventLog()
    let summary = try dives.process(store, model: model, report: log.add)
    #expect(summary.stretchesWithMovingCamera == 1)
    #expect(
      log.warnings.contains {
        $0.contains(path) && $0.contains("the camera moves (0:00:00–0:00:12)")
      })
    #expect(try rows(store, "SELECT status FROM background") == ["moving"])
    #expect(try TallyTable(store).rows[0].tally.maxN == 0)
    #expect(try TallyTable(store).rows[0].tally.frames == 12)
  }

  @Test func photosHaveNoBackground() throws {
    let clip = try video("v.mp4", MotionModel.swimming(seconds: 12))
    for number in 0..<6 {
      try Tool.ffmpeg([
        "-ss", "\(number)", "-i", clip, "-frames:v", "1",
        try dives.folder.file("photos/p\(number).jpg"),
      ])
    }
    let store = try dives.survey()
    let photos = dives.folder.path + "/photos"
    #expect(try dives.process(store, inputs: [photos], model: model).framesSampled == 6)
    #expect(try rows(store, "SELECT COUNT(*) FROM background") == ["0"])
    #expect(try TallyTable(store).rows[0].tally.maxN == 0)
  }

  @Test func fewFramesHaveNoMotion() throws {
    try video("a.mp4", MotionModel.swimming(seconds: 12) + ",trim=end=0.35")
    let store = try dives.survey()
    try dives.process(store, sampling: .all, model: model)
    #expect(try rows(store, "SELECT status FROM background") == ["none"])
    #expect(try TallyTable(store).rows[0].tally.maxN == 0)
  }

  /// Another model of the same survey, without motion, makes no backgrounds.
  @Test func modelsWithoutMotionAreAsBefore() throws {
    try dives.video("a.mp4")
    let store = try dives.survey()
    try dives.process(store)
    #expect(try rows(store, "SELECT COUNT(*) FROM background") == ["0"])
    #expect(try rows(store, "SELECT options FROM run")[0].contains("motion") == false)
  }
}
