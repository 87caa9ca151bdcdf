internal import GRDB
internal import Survey

/// A name that a reviewer can give an individual.
public struct ReviewTaxon: Sendable, Hashable {
  /// The word that models and tallies use; it tells taxa apart.
  public var label: String
  /// Accepted scientific name, where there is one.
  public var scientificName: String?
  /// English name, where there is one.
  public var commonName: String?
  /// WoRMS AphiaID, where there is one.
  public var aphiaID: Int?

  /// A name.
  public init(
    label: String, scientificName: String? = nil, commonName: String? = nil, aphiaID: Int? = nil
  ) {
    self.label = label
    self.scientificName = scientificName
    self.commonName = commonName
    self.aphiaID = aphiaID
  }

  init(_ row: Row) {
    self.init(
      label: row["label"], scientificName: row["scientific_name"], commonName: row["common_name"],
      aphiaID: row["aphia_id"])
  }
}

/// A run as reviewers see it: a model with its options and labels.
public struct ReviewRun: Sendable, Identifiable {
  /// One label of the run's model.
  public struct Label: Sendable, Hashable {
    /// Its names.
    public var taxon: ReviewTaxon
    /// Score from which a detection counts.
    public var threshold: Double
  }

  /// Row id; newer runs have larger ones.
  public var id: Int64
  /// Name and version of the model.
  public var modelName: String, modelVersion: String
  /// Canonical text of the sampling.
  public var sample: String
  /// Name of the decoder.
  public var decoder: String
  /// When it was first started, ISO 8601.
  public var createdAt: String
  /// The labels in channel order.
  public var labels: [Label]
}

/// A deployment as reviewers see it.
public struct ReviewDeployment: Sendable, Identifiable {
  /// Row id.
  public var id: Int64
  /// Name of the site.
  public var site: String
  /// Name of the deployment.
  public var opcode: String
  /// When it began, ISO 8601 with offset, where the manifest says.
  public var dateTime: String?
  /// Metres below the surface, where the manifest says.
  public var depthMeters: Double?
  /// Whether it enters tallies.
  public var isCounted: Bool
}

/// A recording with what one run made of it.
public struct ReviewRecording: Sendable, Identifiable {
  /// What became of it in the run.
  public enum Outcome: Sendable, Equatable {
    /// All of it was looked at.
    case done
    /// A part of it was looked at; why not the rest.
    case partial(reason: String)
    /// Nothing of it could be looked at, and why.
    case failed(reason: String)
    /// The run has not come to its end yet.
    case waiting
  }

  /// Row id.
  public var id: Int64
  /// The deployment's row id.
  public var deploymentID: Int64
  /// Path relative to the deployment's folder.
  public var name: String
  /// What became of it.
  public var outcome: Outcome
  /// Row id of the run's pass over its content.
  var passID: Int64?
  /// Usable video in seconds.
  public var effortSeconds: Double
  /// What counts of it, in its own seconds, where that is not all, and who says so: `manifest` or
  /// `auto`.
  public var usable: (seconds: ClosedRange<Double>, source: String)?
  /// Seconds in which the camera moves, so that a model with motion saw none.
  public var movingSeconds: Double
}

extension SurveyStore {
  /// All runs, the newest first.
  public func reviewRuns() throws -> [ReviewRun] {
    try read { database in
      let labels = try Row.fetchAll(
        database, sql: "SELECT * FROM run_label ORDER BY run_id, position")
      let byRun = Dictionary(grouping: labels) { row -> Int64 in row["run_id"] }
      return try Row.fetchAll(database, sql: "SELECT * FROM run ORDER BY id DESC").map { row in
        let id: Int64 = row["id"]
        return ReviewRun(
          id: id, modelName: row["model_name"], modelVersion: row["model_version"],
          sample: row["sample"], decoder: row["decoder"], createdAt: row["created_at"],
          labels: (byRun[id] ?? []).map {
            ReviewRun.Label(taxon: ReviewTaxon($0), threshold: $0["threshold"])
          })
      }
    }
  }

  /// All deployments, by site and opcode.
  public func reviewDeployments() throws -> [ReviewDeployment] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT d.id, s.name AS site, d.opcode, d.date_time, d.depth_m,
            COALESCE(d.successful_count, 1) <> 0 AS counted
          FROM deployment d JOIN site s ON s.id = d.site_id ORDER BY s.name, d.opcode
          """
      ).map {
        ReviewDeployment(
          id: $0["id"], site: $0["site"], opcode: $0["opcode"], dateTime: $0["date_time"],
          depthMeters: $0["depth_m"], isCounted: $0["counted"])
      }
    }
  }

  /// Recordings with what a run made of them, in the order that the camera wrote them.
  ///
  /// - Parameters:
  ///   - run: the run's row id.
  ///   - deployment: only this deployment's; all where `nil`.
  public func reviewRecordings(run: Int64, deployment: Int64? = nil) throws -> [ReviewRecording] {
    try read { try Self.reviewRecordings($0, run: run, deployment: deployment) }
  }

  static func reviewRecordings(_ database: Database, run: Int64, deployment: Int64?) throws
    -> [ReviewRecording]
  {
    let rows = try Row.fetchAll(
      database,
      sql: """
        SELECT r.id, r.deployment_id, r.name, r.reason AS unreadable, p.id AS pass_id, p.status,
          p.reason, w.from_s, w.to_s, w.source,
          MAX(0, MIN(p.end_s, COALESCE(w.to_s, p.end_s))
            - MAX(p.start_s, COALESCE(w.from_s, p.start_s))) AS effort_s,
          (SELECT SUM(b.end_s - b.start_s) FROM background b
            WHERE b.pass_id = p.id AND b.status = 'moving') AS moving_s,
          EXISTS (SELECT 1 FROM recording twin WHERE twin.media_id = r.media_id
            AND twin.deployment_id = r.deployment_id
            AND (twin.position, twin.id) < (r.position, r.id)) AS is_twin
        FROM recording r LEFT JOIN pass p ON p.media_id = r.media_id AND p.run_id = ?
          LEFT JOIN usable_window w ON w.run_id = p.run_id AND w.recording_id = r.id
        \(deployment == nil ? "" : "WHERE r.deployment_id = ?")
        """, arguments: deployment.map { [run, $0] } ?? [run])
    let recordings = rows.map { row -> ReviewRecording in
      let unreadable: String? = row["unreadable"]
      let status: String? = row["status"]
      let reason = { () -> String in row["reason"] ?? "no reason was noted" }
      let outcome: ReviewRecording.Outcome =
        switch status {
        case _ where unreadable != nil: .failed(reason: unreadable ?? "")
        case _ where row["is_twin"]:
          .partial(reason: "the same content as another file of this deployment, counted there")
        case "done": .done
        case "partial": .partial(reason: reason())
        case "failed": .failed(reason: reason())
        default: .waiting
        }
      let isUsed: Bool =
        switch outcome {
        case .done, .partial: !row["is_twin"]
        case .failed, .waiting: false
        }
      return ReviewRecording(
        id: row["id"], deploymentID: row["deployment_id"], name: row["name"], outcome: outcome,
        passID: isUsed ? row["pass_id"] : nil, effortSeconds: isUsed ? row["effort_s"] ?? 0 : 0,
        usable: (row["source"] as String?).map { (usableRange(row), $0) },
        movingSeconds: row["moving_s"] ?? 0)
    }
    return recordings.sorted { RecordingName.precedes($0.name, $1.name) }
  }
}
