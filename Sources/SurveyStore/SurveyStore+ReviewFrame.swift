internal import GRDB
public import Survey

/// A detection as machine and reviewers have it.
public struct ReviewDetection: Sendable, Identifiable {
  /// Row id.
  public var id: Int64
  /// Row id of the frame.
  public var frameID: Int64
  /// Normalised centroid in the upright frame, origin upper left.
  public var x: Double, y: Double
  /// Its box's sides as shares of the frame's, around the centroid; `nil` from models without boxes.
  public var width: Double?, height: Double?
  /// The model's score, and that from which the label counts.
  public var score: Double, threshold: Double
  /// What the model says.
  public var machineLabel: String
  /// What counts: the reviewer's label after a renaming, else the model's.
  public var label: String
  /// The newest verdict; `nil` where there is none or it was taken back.
  public var verdict: VerdictKind?
  /// Who gave it.
  public var reviewer: String?

  /// Whether it enters tallies.
  public var isCounted: Bool {
    switch verdict {
    case .confirm, .rename: true
    case .reject: false
    default: score >= threshold
    }
  }

  /// Whether it is one that nobody has to look at: below the threshold, and not judged.
  public var isFaint: Bool { verdict == nil && score < threshold }
}

/// A frame as reviewers see it.
public struct ReviewFrame: Sendable, Identifiable {
  /// Row id.
  public var id: Int64
  /// Row ids of what it belongs to.
  public var runID: Int64, mediaID: Int64, recordingID: Int64, deploymentID: Int64
  /// The recording's path relative to the deployment's folder.
  public var recordingName: String
  /// When it is shown, in its recording.
  public var time: FrameTime
  /// Whether the decoder said that parts of it are missing.
  public var isDamaged: Bool
  /// Size of the upright picture in pixels.
  public var width: Int, height: Int
  /// SHA-256 that its video is known by.
  public var contentHash: String
  /// What was found in it, the highest score first.
  public var detections: [ReviewDetection]
}

/// Where a content lies, or lay.
public struct ReviewFile: Sendable, Hashable {
  /// Absolute path.
  public var path: String
  /// Bytes when the content was last looked at.
  public var size: Int64?
}

extension SurveyStore {
  /// A frame of a recording with its detections.
  ///
  /// - Throws: `SurveyStoreError.missing` where the recording has no such frame.
  public func reviewFrame(_ id: Int64, recording: Int64) throws -> ReviewFrame {
    try read { database in
      guard
        let row = try Row.fetchOne(
          database,
          sql: """
            SELECT f.pts, f.pts_s, f.status, p.run_id, p.media_id, r.deployment_id, r.name,
              m.width, m.height, m.content_hash
            FROM frame f JOIN pass p ON p.id = f.pass_id JOIN media m ON m.id = p.media_id
              JOIN recording r ON r.media_id = p.media_id
            WHERE f.id = ? AND r.id = ?
            """, arguments: [id, recording])
      else { throw SurveyStoreError.missing(what: "frame", id: id) }
      return ReviewFrame(
        id: id, runID: row["run_id"], mediaID: row["media_id"], recordingID: recording,
        deploymentID: row["deployment_id"], recordingName: row["name"],
        time: FrameTime(pts: row["pts"], seconds: row["pts_s"]),
        isDamaged: row["status"] == "damaged", width: row["width"], height: row["height"],
        contentHash: row["content_hash"],
        detections: try Self.detections(
          database, where: "d.frame_id = ?", id, order: "d.score DESC, d.id"))
    }
  }

  /// A detection.
  ///
  /// - Throws: `SurveyStoreError.missing`.
  public func reviewDetection(_ id: Int64) throws -> ReviewDetection {
    let found = try read { try Self.detections($0, where: "d.id = ?", id, order: "d.id") }
    guard let detection = found.first else {
      throw SurveyStoreError.missing(what: "detection", id: id)
    }
    return detection
  }

  /// The files that hold a content, by path.
  public func reviewFiles(media: Int64) throws -> [ReviewFile] {
    try read { database in
      try Row.fetchAll(
        database, sql: "SELECT path, size FROM recording WHERE media_id = ? ORDER BY path",
        arguments: [media]
      ).map { ReviewFile(path: $0["path"], size: $0["size"]) }
    }
  }

  private static func detections(
    _ database: Database, where condition: String, _ id: Int64, order: String
  ) throws -> [ReviewDetection] {
    try Row.fetchAll(
      database,
      sql: """
        SELECT d.id, d.frame_id, d.x, d.y, d.width, d.height, d.score, l.threshold, l.label AS machine_label,
          CASE v.kind WHEN 'rename' THEN v.label ELSE l.label END AS label,
          NULLIF(v.kind, 'undo') AS verdict, v.reviewer
        FROM detection d JOIN run_label l ON l.id = d.run_label_id
          LEFT JOIN verdict v ON v.id = (
            SELECT MAX(id) FROM verdict WHERE detection_id = d.id
              AND kind IN ('confirm', 'reject', 'rename', 'undo'))
        WHERE \(condition) ORDER BY \(order)
        """, arguments: [id]
    ).map { row in
      let verdict: String? = row["verdict"]
      return ReviewDetection(
        id: row["id"], frameID: row["frame_id"], x: row["x"], y: row["y"],
        width: row["width"], height: row["height"], score: row["score"],
        threshold: row["threshold"], machineLabel: row["machine_label"], label: row["label"],
        verdict: verdict.flatMap(VerdictKind.init(rawValue:)),
        reviewer: verdict == nil ? nil : row["reviewer"])
    }
  }
}
