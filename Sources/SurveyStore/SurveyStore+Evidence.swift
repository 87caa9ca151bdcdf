internal import Foundation
internal import GRDB
public import Survey

extension SurveyStore {
  /// The JPEG of a frame that was kept as evidence of a count; `nil` for most frames.
  public func evidence(frame: Int64) throws -> [UInt8]? {
    try read {
      try Data.fetchOne(
        $0, sql: "SELECT picture FROM evidence WHERE frame_id = ?", arguments: [frame]
      ).map { [UInt8]($0) }
    }
  }

  /// Adds the picture of a frame.
  public func addEvidence(_ picture: [UInt8], frame: Int64) throws {
    try write {
      try $0.execute(
        sql: "INSERT OR IGNORE INTO evidence (frame_id, picture) VALUES (?, ?)",
        arguments: [frame, Data(picture)])
    }
  }

  /// Frames without a picture that are among the three of each label with the highest counts in the
  /// usable part of a recording, by file, with the file's size when it was looked at.
  public func missingEvidence(run: Int64, deployment: Int64) throws
    -> [(path: String, size: Int64?, frames: [(id: Int64, pts: Int64)])]
  {
    let rows = try read {
      try Row.fetchAll(
        $0,
        sql: """
          WITH counts AS (
            SELECT c.recording_id, c.frame_id, c.pts, d.run_label_id, COUNT(*) AS individuals
            FROM counted_frame c
              JOIN usable_window w ON w.run_id = c.run_id AND w.recording_id = c.recording_id
              JOIN detection d ON d.frame_id = c.frame_id JOIN run_label l ON l.id = d.run_label_id
            WHERE c.run_id = ? AND c.deployment_id = ? AND d.score >= l.threshold
            GROUP BY c.recording_id, c.frame_id, d.run_label_id),
          placed AS (
            SELECT recording_id, frame_id, pts, ROW_NUMBER() OVER (
              PARTITION BY recording_id, run_label_id ORDER BY individuals DESC, pts) AS place
            FROM counts)
          SELECT DISTINCT r.path, r.size, p.frame_id, p.pts FROM placed p
            JOIN recording r ON r.id = p.recording_id
          WHERE p.place <= 3 AND p.frame_id NOT IN (SELECT frame_id FROM evidence)
          ORDER BY r.path, p.pts
          """, arguments: [run, deployment]
      )
    }
    return Dictionary(grouping: rows, by: { $0["path"] as String }).sorted { $0.key < $1.key }.map {
      ($0.key, $0.value[0]["size"], $0.value.map { ($0["frame_id"], $0["pts"]) })
    }
  }

  /// The most individuals of each label, in the run's order, in one stored frame of a pass.
  ///
  /// - Parameter thresholds: scores from which a detection counts, by label.
  public func mostCounted(in pass: StoredPass, of run: StoredRun, thresholds: [Double]) throws
    -> [Int]
  {
    try read { database in
      try zip(run.labelIDs, thresholds).map { label, threshold in
        try Int.fetchOne(
          database,
          sql: """
            SELECT COALESCE(MAX(individuals), 0) FROM (
              SELECT COUNT(*) AS individuals FROM frame f JOIN detection d ON d.frame_id = f.id
              WHERE f.pass_id = ? AND f.status = 'ok' AND d.run_label_id = ? AND d.score >= ?
              GROUP BY f.id)
            """, arguments: [pass.id, label, threshold]) ?? 0
      }
    }
  }

  /// What was found in a stored frame of a pass, in the order of finding; `nil` where there is none.
  public func detections(atPTS pts: Int64, in pass: StoredPass, of run: StoredRun) throws
    -> [Detection]?
  {
    try read { database in
      let frame = try Int64.fetchOne(
        database, sql: "SELECT id FROM frame WHERE pass_id = ? AND pts = ?",
        arguments: [pass.id, pts])
      guard let frame else { return nil }
      return try Row.fetchAll(
        database,
        sql: """
          SELECT run_label_id, x, y, width, height, score FROM detection
          WHERE frame_id = ? ORDER BY id
          """, arguments: [frame]
      ).compactMap { row in
        run.labelIDs.firstIndex(of: row["run_label_id"]).map {
          Detection(
            label: $0, x: row["x"], y: row["y"], score: row["score"], width: row["width"],
            height: row["height"])
        }
      }
    }
  }

  /// Keeps, of a pass's evidence, the three frames of each label with the highest counts, the
  /// earlier of equal ones.
  static func thinEvidence(_ database: Database, pass: Int64) throws {
    try database.execute(
      sql: """
        WITH counts AS (
          SELECT e.frame_id, f.pts, d.run_label_id, COUNT(*) AS individuals
          FROM evidence e JOIN frame f ON f.id = e.frame_id JOIN detection d ON d.frame_id = f.id
            JOIN run_label l ON l.id = d.run_label_id
          WHERE f.pass_id = :pass AND d.score >= l.threshold
          GROUP BY e.frame_id, d.run_label_id),
        placed AS (
          SELECT frame_id, ROW_NUMBER() OVER (
            PARTITION BY run_label_id ORDER BY individuals DESC, pts) AS place
          FROM counts)
        DELETE FROM evidence WHERE frame_id IN (SELECT id FROM frame WHERE pass_id = :pass)
          AND frame_id NOT IN (SELECT frame_id FROM placed WHERE place <= 3)
        """, arguments: ["pass": pass])
  }
}
