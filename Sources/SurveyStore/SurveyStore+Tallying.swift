internal import GRDB
public import Survey

/// A run as the survey keeps it.
public struct RunSummary: Sendable, Identifiable {
  /// Row id.
  public var id: Int64
  /// Name and version of the model.
  public var model: String
  /// SHA-256 of the model's file.
  public var modelHash: String
  /// Canonical text of all that changes results.
  public var options: String
  /// Canonical text of the sampling.
  public var sample: String
  /// Name of the decoder.
  public var decoder: String
  /// Score from which detections were kept.
  public var floor: Double
  /// Cells of the model's output grid.
  public var gridWidth: Int, gridHeight: Int
  /// The labels in channel order, with the thresholds that count unless others are asked for.
  public var labels: [RunDescription.Label]
}

/// What one run found in one deployment.
public struct DeploymentRecord: Sendable {
  /// One file of the deployment.
  public struct Recording: Sendable {
    /// Row id.
    public var id: Int64
    /// Path relative to the deployment's folder.
    public var name: String
    /// When the camera says it began.
    public var creationTime: String?
    /// Length of what could be read of it, usable or not.
    public var seconds: Double
  }

  /// Site, opcode and folder.
  public var deployment: StoredDeployment
  /// When it started, ISO 8601, where a manifest says so.
  public var dateTime: String?
  /// Seconds to add to the camera's clock.
  public var clockOffsetSeconds: Double
  /// Time zone of the site: an IANA name or `±hh:mm`.
  public var timeZone: String?
  /// The recordings in the order they were made, in step with `counts.recordings`.
  public var recordings: [Recording]
  /// Counts at the threshold asked for.
  public var counts: DeploymentCounts
}

extension SurveyStore {
  /// All runs, oldest first.
  public func runs() throws -> [RunSummary] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM run ORDER BY id").map { row in
        let labels = try Row.fetchAll(
          database, sql: "SELECT * FROM run_label WHERE run_id = ? ORDER BY position",
          arguments: [row["id"]]
        ).map {
          RunDescription.Label(
            label: $0["label"], scientificName: $0["scientific_name"],
            commonName: $0["common_name"], aphiaID: $0["aphia_id"], threshold: $0["threshold"])
        }
        return RunSummary(
          id: row["id"], model: "\(row["model_name"] as String) \(row["model_version"] as String)",
          modelHash: row["model_hash"], options: row["options"], sample: row["sample"],
          decoder: row["decoder"], floor: row["floor"],
          gridWidth: row["grid_width"], gridHeight: row["grid_height"], labels: labels)
      }
    }
  }

  /// The run that tallies are of: the one asked for, or the one that worked last.
  ///
  /// - Throws: `SurveyStoreError` where there is none.
  public func tallyRun(_ id: Int64? = nil) throws -> RunSummary {
    let runs = try runs()
    if let id {
      guard let run = runs.first(where: { $0.id == id }) else {
        throw SurveyStoreError.unknownRun(id, known: runs.map(\.id))
      }
      return run
    }
    let last = try read {
      try Int64.fetchOne($0, sql: "SELECT run_id FROM pass ORDER BY id DESC LIMIT 1")
    }
    guard let run = runs.first(where: { $0.id == last }) ?? runs.last else {
      throw SurveyStoreError.noRun(path: path)
    }
    return run
  }

  /// Labels that reviewers have given and the run itself does not have, by name.
  public func reviewersLabels(run: RunSummary) throws -> [RunDescription.Label] {
    let known = Set(run.labels.map(\.label))
    return try read { database in
      try Row.fetchAll(
        database, sql: "SELECT * FROM counted_label WHERE run_id = ? ORDER BY label",
        arguments: [run.id]
      ).map {
        RunDescription.Label(
          label: $0["label"], scientificName: $0["scientific_name"],
          commonName: $0["common_name"], aphiaID: $0["aphia_id"], threshold: $0["threshold"])
      }.filter { !known.contains($0.label) }
    }
  }

  /// Deployments that `successful_count` keeps out of tallies, as site and opcode.
  public func deploymentsLeftOut() throws -> [StoredDeployment] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT d.id, s.name AS site, d.opcode, d.folder FROM deployment d
          JOIN site s ON s.id = d.site_id WHERE d.successful_count = 0 ORDER BY s.name, d.opcode
          """
      ).map {
        StoredDeployment(id: $0["id"], site: $0["site"], opcode: $0["opcode"], folder: $0["folder"])
      }
    }
  }

  /// Files that a run's figures do not, or not wholly, have, and why.
  public func recordingProblems(run: Int64) throws -> [(path: String, reason: String)] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT r.path, COALESCE(r.reason, p.reason, CASE
              WHEN p.id IS NULL THEN 'not processed by this run'
              WHEN p.status = 'running' THEN 'not finished; run process again to go on' END,
              'the same content as ' || twin.name || ' in this deployment, which counts once')
            AS reason
          FROM recording r LEFT JOIN pass p ON p.media_id = r.media_id AND p.run_id = ?
            LEFT JOIN recording twin ON twin.media_id = r.media_id
              AND twin.deployment_id = r.deployment_id AND (twin.position, twin.id) < (r.position, r.id)
          WHERE r.status = 'failed' OR p.id IS NULL OR p.status <> 'done' OR twin.id IS NOT NULL
          GROUP BY r.id ORDER BY r.path
          """, arguments: [run]
      ).map { ($0["path"], $0["reason"] ?? "unknown") }
    }
  }

  /// What a run found in each deployment whose counts may be used, by site and opcode.
  ///
  /// Recordings that are not finished are left out. A content that lies twice in a deployment
  /// counts once.
  ///
  /// - Parameter threshold: score from which a detection counts; `nil` is each label's own.
  /// - Throws: `SurveyStoreError` where the run cannot answer for the threshold.
  public func deploymentRecords(run: RunSummary, threshold: Double? = nil) throws
    -> [DeploymentRecord]
  {
    if let threshold {
      if run.decoder == "edge-impulse", run.labels.contains(where: { $0.threshold != threshold }) {
        throw SurveyStoreError.fixedThreshold(decoder: run.decoder)
      }
      if threshold < run.floor {
        throw SurveyStoreError.belowFloor(threshold: threshold, floor: run.floor)
      }
    }
    return try read { database in
      let files = try Self.files(database, run: run.id)
      let sightings = try Self.sightings(database, run: run.id, threshold: threshold)
      let unusable = Set(
        try Int64.fetchAll(
          database,
          sql: "SELECT f.pass_id FROM unusable_frame u JOIN frame f ON f.id = u.frame_id"))
      var records: [DeploymentRecord] = []
      for (deployment, files) in files {
        var record = DeploymentRecord(
          deployment: deployment.stored, dateTime: deployment.dateTime,
          clockOffsetSeconds: deployment.clockOffset, timeZone: deployment.timeZone, recordings: [],
          counts: DeploymentCounts(recordings: []))
        var offset = 0.0
        for file in files {
          record.recordings.append(
            .init(
              id: file.id, name: file.name, creationTime: file.creationTime,
              seconds: file.end - file.start))
          record.counts.recordings.append(
            DeploymentCounts.Recording(
              name: file.name, offsetSeconds: offset, startSeconds: file.start,
              effortSeconds: max(
                0,
                min(file.end, file.usable.upperBound)
                  - max(file.start, file.usable.lowerBound)),
              frames: try Self.frameCount(
                database, file, someUnusable: unusable.contains(file.pass)),
              periods: try Self.periods(database, file, offset: offset),
              sightings: (sightings[file.pass] ?? []).filter {
                file.usable.contains($0.time.seconds)
              }))
          offset += file.end - file.start
        }
        records.append(record)
      }
      return records
    }
  }

  private struct DeploymentRow {
    var stored: StoredDeployment
    var dateTime: String?
    var clockOffset: Double
    var timeZone: String?
  }

  private struct FileRow {
    var id: Int64
    var pass: Int64
    var media: Int64
    var name: String
    var creationTime: String?
    var start: Double
    var end: Double
    /// What counts of it, in its own seconds.
    var usable: ClosedRange<Double>
  }

  private static func files(_ database: Database, run: Int64) throws
    -> [(DeploymentRow, [FileRow])]
  {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT d.id AS deployment_id, s.name AS site, d.opcode, d.folder, d.date_time, d.time_zone,
          COALESCE(d.clock_offset_s, 0) AS clock_offset_s, r.id, r.name, r.path, r.media_id,
          m.creation_time, p.id AS pass_id, COALESCE(p.start_s, 0) AS start_s,
          COALESCE(p.end_s, p.start_s, 0) AS end_s, w.from_s, w.to_s
        FROM pass p JOIN recording r ON r.media_id = p.media_id JOIN media m ON m.id = p.media_id
          JOIN deployment d ON d.id = r.deployment_id JOIN site s ON s.id = d.site_id
          LEFT JOIN usable_window w ON w.run_id = p.run_id AND w.recording_id = r.id
        WHERE p.run_id = ? AND p.status IN ('done', 'partial') AND r.status = 'readable'
          AND COALESCE(d.successful_count, 1) <> 0
        ORDER BY s.name, d.opcode, d.id, r.position, r.path
        """, arguments: [run])
    var result: [(DeploymentRow, [FileRow])] = []
    for row in rows {
      let id: Int64 = row["deployment_id"]
      if result.last?.0.stored.id != id {
        let stored = StoredDeployment(
          id: id, site: row["site"], opcode: row["opcode"], folder: row["folder"])
        result.append(
          (
            DeploymentRow(
              stored: stored, dateTime: row["date_time"], clockOffset: row["clock_offset_s"],
              timeZone: row["time_zone"]), []
          ))
      }
      let media: Int64 = row["media_id"]
      if result[result.count - 1].1.contains(where: { $0.media == media }) { continue }
      result[result.count - 1].1.append(
        FileRow(
          id: row["id"], pass: row["pass_id"], media: media, name: row["name"],
          creationTime: row["creation_time"], start: row["start_s"], end: row["end_s"],
          usable: usableRange(row)))
    }
    return result
  }

  private static func sightings(_ database: Database, run: Int64, threshold: Double?) throws
    -> [Int64: [DeploymentCounts.Sighting]]
  {
    var result: [Int64: [DeploymentCounts.Sighting]] = [:]
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT f.pass_id, f.pts, f.pts_s, CASE v.kind WHEN 'rename' THEN v.label ELSE l.label END
            AS counted_label,
          COUNT(*) AS individuals, SUM(v.kind IN ('confirm', 'rename')) AS verified
        FROM pass p JOIN frame f ON f.pass_id = p.id JOIN detection d ON d.frame_id = f.id
          JOIN run_label l ON l.id = d.run_label_id
          LEFT JOIN newest_verdict v ON v.detection_id = d.id
          LEFT JOIN unusable_frame u ON u.frame_id = f.id
        WHERE p.run_id = ? AND p.status IN ('done', 'partial') AND f.status = 'ok'
          AND u.frame_id IS NULL AND (v.kind IN ('confirm', 'rename')
            OR (COALESCE(v.kind, 'undo') = 'undo' AND d.score >= COALESCE(?, l.threshold)))
        GROUP BY f.pass_id, f.pts, counted_label
        ORDER BY f.pass_id, f.pts, counted_label
        """, arguments: [run, threshold])
    while let row = try rows.next() {
      result[row["pass_id"], default: []].append(
        DeploymentCounts.Sighting(
          time: FrameTime(pts: row["pts"], seconds: row["pts_s"]), label: row["counted_label"],
          count: row["individuals"], verified: row["verified"] ?? 0))
    }
    return result
  }

  private static func frameCount(_ database: Database, _ file: FileRow, someUnusable: Bool) throws
    -> Int
  {
    let condition = someUnusable ? " AND id NOT IN (SELECT frame_id FROM unusable_frame)" : ""
    return try Int.fetchOne(
      database,
      sql:
        "SELECT COUNT(*) FROM frame WHERE pass_id = ? AND status = 'ok' AND pts_s BETWEEN ? AND ?"
        + condition,
      arguments: [file.pass, file.usable.lowerBound, file.usable.upperBound]) ?? 0
  }

  private static func periods(_ database: Database, _ file: FileRow, offset: Double) throws
    -> Set<Int>
  {
    Set(
      try Int.fetchAll(
        database,
        sql: """
          SELECT DISTINCT CAST(MAX(0, ? + pts_s - ?) / ? AS INTEGER) FROM frame
          WHERE pass_id = ? AND status = 'ok' AND pts_s BETWEEN ? AND ?
          """,
        arguments: [
          offset, file.start, Tally.periodSeconds, file.pass, file.usable.lowerBound,
          file.usable.upperBound,
        ]))
  }
}
