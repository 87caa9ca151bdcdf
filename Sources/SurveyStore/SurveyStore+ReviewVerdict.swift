internal import GRDB
public import Survey

/// A state of the survey, to tell later what has changed since.
public struct ReviewRevision: Sendable, Equatable {
  /// Row id of the newest verdict.
  public var lastVerdict: Int64
  /// Differs as soon as recordings, passes or thresholds do.
  public var processing: String
}

extension SurveyStore {
  /// Adds what a reviewer says of a detection.
  ///
  /// - Parameters:
  ///   - kind: `confirm`, `reject`, `rename` or `undo`.
  ///   - detection: the detection's row id.
  ///   - taxon: the new name; only for `rename`, and needed there.
  ///   - reviewer: who says so.
  /// - Returns: the verdict's row id.
  /// - Throws: `SurveyStoreError.missing` where there is no such detection, `unusable` where a
  ///   renaming lacks its name.
  @discardableResult
  public func addVerdict(
    _ kind: VerdictKind, detection: Int64, taxon: ReviewTaxon? = nil, reviewer: String
  ) throws -> Int64 {
    try write { database in
      guard
        try Bool.fetchOne(
          database, sql: "SELECT 1 FROM detection WHERE id = ?", arguments: [detection]) != nil
      else { throw SurveyStoreError.missing(what: "detection", id: detection) }
      let given = kind == .rename ? taxon : nil
      try database.execute(
        sql: """
          INSERT INTO verdict (kind, detection_id, label, scientific_name, common_name, aphia_id,
            reviewer, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          kind.rawValue, detection, given?.label, given?.scientificName, given?.commonName,
          given?.aphiaID, reviewer, Self.now(),
        ])
      return database.lastInsertedRowID
    }
  }

  /// The survey's state now.
  ///
  /// Reads no frame and no detection, so it is cheap enough to ask before every page.
  public func reviewRevision() throws -> ReviewRevision {
    try read { database in
      let lastVerdict = try Int64.fetchOne(database, sql: "SELECT MAX(id) FROM verdict") ?? 0
      let processing = try String.fetchOne(
        database,
        sql: """
          SELECT
            (SELECT COUNT(*) || ' ' || TOTAL(id * deployment_id) || ' '
              || TOTAL(id * COALESCE(media_id, 0)) FROM recording) || ' ' ||
            (SELECT COUNT(*) || ' ' || TOTAL(id * (status IN ('done', 'partial'))) || ' '
              || COALESCE(MAX(finished_at), '') FROM pass) || ' ' ||
            (SELECT COUNT(*) || ' ' || TOTAL(id * threshold) FROM run_label) || ' ' ||
            (SELECT TOTAL(id * COALESCE(successful_count, 1)) FROM deployment)
          """)
      return ReviewRevision(lastVerdict: lastVerdict, processing: processing ?? "")
    }
  }

  /// The deployments that verdicts newer than a given one are about.
  public func deploymentsJudged(after verdict: Int64) throws -> Set<Int64> {
    try read { database in
      try Int64.fetchSet(
        database,
        sql: """
          SELECT r.deployment_id FROM verdict v
            LEFT JOIN detection d ON d.id = v.detection_id
            JOIN frame f ON f.id = COALESCE(v.frame_id, d.frame_id)
            JOIN pass p ON p.id = f.pass_id JOIN recording r ON r.media_id = p.media_id
          WHERE v.id > ?
          UNION
          SELECT r.deployment_id FROM verdict v JOIN recording r ON r.id = v.recording_id
          WHERE v.id > ?
          """, arguments: [verdict, verdict])
    }
  }
}
