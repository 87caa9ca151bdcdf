import Foundation
import GRDB
import Survey
import SurveyStore
import TestSupport

/// A survey that is written by hand: frames a second apart with given scores.
final class SurveyFixture: Sendable {
  let folder: TemporaryFolder
  let store: SurveyStore
  let run: StoredRun

  init() throws {
    folder = try TemporaryFolder()
    store = try SurveyStore(path: folder.path + "/survey.sqlite", create: true)
    run = try store.run(Self.description())
  }

  static func description(options: String = "a", decoder: String = "peak") -> RunDescription {
    RunDescription(
      modelName: "reef", modelVersion: "1", modelHash: "hash", options: options, sample: "1",
      decoder: decoder, floor: 0.1, gridWidth: 12, gridHeight: 12, programVersion: "0",
      machine: "test",
      labels: [
        .init(
          label: "tang", scientificName: "Zebrasoma xanthurum", commonName: "Yellowtail tang",
          aphiaID: 219_681, threshold: 0.5),
        .init(
          label: "angelfish", scientificName: nil, commonName: nil, aphiaID: nil, threshold: 0.6),
      ])
  }

  /// Adds a recording with frames of scores for each label.
  @discardableResult
  func add(
    _ name: String, site: String = "Reef", opcode: String = "D1", frames: [[(Int, Double)]],
    status: StoredPass.Status = .done, damaged: Set<Int> = []
  ) throws -> Int64 {
    let deployment = try store.deployment(site: site, opcode: opcode, folder: "/dives/\(opcode)")
    let media = try store.media(
      MediaDescription(
        contentHash: "\(site)/\(opcode)/\(name)", size: 1, kind: "video", codec: "h264",
        width: 640, height: 360, durationSeconds: Double(frames.count), creationTime: nil,
        timeBase: (1, 1000)))
    let recording = try store.save(
      StoredRecording(
        deploymentID: deployment.id, mediaID: media, path: "/dives/\(site)/\(opcode)/\(name)",
        name: name))
    try store.orderRecordings(deployment: deployment.id)
    let pass = try store.beginPass(
      run: run.id, media: media, programVersion: "0", machine: "test")
    try store.append(
      frames.enumerated().map { second, scores in
        FrameResult(
          time: FrameTime(pts: Int64(second) * 1000, seconds: Double(second)),
          isDamaged: damaged.contains(second),
          detections: scores.map { Detection(label: $0.0, x: 0.5, y: 0.5, score: $0.1) })
      }, to: pass, of: run)
    if status != .running {
      try store.finish(
        pass, status, reason: status == .done ? nil : "cut", start: 0, end: Double(frames.count))
    }
    return recording
  }

  /// Rows of a query, as another program sees them.
  func rows(_ sql: String) throws -> [[String]] {
    try DatabaseQueue(path: store.path).read { database in
      try Row.fetchAll(database, sql: sql).map { row in
        row.databaseValues.map { $0.isNull ? "" : String.fromDatabaseValue($0) ?? "\($0)" }
      }
    }
  }

  /// Writes as another program could.
  func execute(_ sql: String) throws {
    try DatabaseQueue(path: store.path).writeWithoutTransaction { try $0.execute(sql: sql) }
  }

  /// Adds a verdict on the detection of a label in a frame.
  func judge(_ kind: String, frame second: Int, label: String, as newLabel: String? = nil) throws {
    let name = newLabel.map { "'\($0)'" } ?? "NULL"
    try execute(
      """
      INSERT INTO verdict (kind, detection_id, label, reviewer, created_at)
      SELECT '\(kind)', d.id, \(name), 'Ana', '2026-01-01T00:00:00Z' FROM detection d
        JOIN frame f ON f.id = d.frame_id JOIN run_label l ON l.id = d.run_label_id
      WHERE f.pts = \(second * 1000) AND l.label = '\(label)' LIMIT 1
      """)
  }
}
