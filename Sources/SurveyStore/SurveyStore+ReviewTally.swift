internal import GRDB

/// A frame in which something was found that counts, or that a reviewer has judged.
public struct ReviewSighting: Sendable {
  /// The individuals of one label.
  public struct Count: Sendable, Hashable {
    /// The label, as reviewers have it.
    public var label: String
    /// How many, at least one.
    public var individuals: Int

    /// Some individuals of a label.
    public init(label: String, individuals: Int) {
      self.label = label
      self.individuals = individuals
    }
  }

  /// Row id of the recording; one content can lie in several.
  public var recordingID: Int64
  /// Row id of the frame.
  public var frameID: Int64
  /// Time in its recording in seconds.
  public var seconds: Double
  /// What counts, per label; empty where all was rejected.
  public var counts: [Count]
  /// Detections from the threshold up, and those below it that were judged.
  public var detections: Int
  /// Those of them that have a verdict.
  public var reviewed: Int
  /// A verdict that gave each label outside the model's own its names.
  var naming: [String: Int64] = [:]
}

/// What a deployment's frames show, at the model's own thresholds, with the verdicts applied.
public struct ReviewTally: Sendable {
  /// One label.
  public struct Row: Sendable {
    /// The label's names.
    public var taxon: ReviewTaxon
    /// Score from which a detection counts; `nil` for a label that only reviewers gave.
    public var threshold: Double?
    /// Most individuals in one frame.
    public var maxN = 0
    /// Individuals in all frames.
    public var individuals = 0
    /// The first frame that shows `maxN`.
    public var maxNSighting: ReviewSighting?
  }

  /// One row a label: the model's own in channel order, then those that reviewers gave, by name.
  public var rows: [Row]
  /// Sampled usable frames.
  public var frames: Int
  /// Usable video in seconds.
  public var effortSeconds: Double
  /// Detections from the threshold up, and those below it that were judged.
  public var detections: Int
  /// Those of them that have a verdict.
  public var reviewed: Int
}

extension SurveyStore {
  /// The frames of a deployment that show something, by recording and time.
  public func reviewSightings(run: Int64, deployment: Int64) throws -> [ReviewSighting] {
    try read { database in
      try Self.reviewRecordings(database, run: run, deployment: deployment).flatMap { recording in
        guard let pass = recording.passID else { return [ReviewSighting]() }
        return try Self.sightings(
          database, pass: pass, recording: recording.id, within: recording.countedRange)
      }
    }
  }

  /// A deployment's tally, from what its frames show.
  ///
  /// - Parameter sightings: what `reviewSightings` gives for the same run and deployment.
  public func reviewTally(run: Int64, deployment: Int64, of sightings: [ReviewSighting]) throws
    -> ReviewTally
  {
    try read { database in
      let recordings = try Self.reviewRecordings(database, run: run, deployment: deployment)
      let frames = try recordings.reduce(0) { sum, recording in
        try sum + Self.usableFrames(database, recording)
      }
      var rows = try Row.fetchAll(
        database, sql: "SELECT * FROM run_label WHERE run_id = ? ORDER BY position",
        arguments: [run]
      ).map { ReviewTally.Row(taxon: ReviewTaxon($0), threshold: $0["threshold"]) }
      let own = Set(rows.map(\.taxon.label))
      let given = Dictionary(sightings.flatMap(\.naming), uniquingKeysWith: max)
        .filter { !own.contains($0.key) }.sorted { $0.key < $1.key }
      for (label, verdict) in given {
        let names = try Row.fetchOne(
          database, sql: "SELECT * FROM verdict WHERE id = ?", arguments: [verdict])
        rows.append(.init(taxon: names.map { ReviewTaxon($0) } ?? ReviewTaxon(label: label)))
      }
      let places = Dictionary(
        rows.enumerated().map { ($1.taxon.label, $0) }, uniquingKeysWith: { first, _ in first })
      for sighting in sightings {
        for count in sighting.counts {
          guard let place = places[count.label] else { continue }
          rows[place].individuals += count.individuals
          if count.individuals > rows[place].maxN {
            rows[place].maxN = count.individuals
            rows[place].maxNSighting = sighting
          }
        }
      }
      return ReviewTally(
        rows: rows, frames: frames,
        effortSeconds: recordings.reduce(0) { $0 + $1.effortSeconds },
        detections: sightings.reduce(0) { $0 + $1.detections },
        reviewed: sightings.reduce(0) { $0 + $1.reviewed })
    }
  }

  /// Frames of a recording that count, and that no reviewer has marked unusable.
  private static func usableFrames(_ database: Database, _ recording: ReviewRecording) throws -> Int
  {
    guard let pass = recording.passID else { return 0 }
    let range = recording.countedRange
    return try Int.fetchOne(
      database,
      sql: """
        SELECT COUNT(*) FROM frame
        WHERE pass_id = ? AND status = 'ok' AND id NOT IN (SELECT frame_id FROM unusable_frame)
          AND pts_s BETWEEN ? AND ?
        """, arguments: [pass, range.lowerBound, range.upperBound]) ?? 0
  }

  /// One row a frame and label, in the frames' order.
  ///
  /// The views `frame_count` and `judged_detection` say the same of the whole survey; conditions
  /// on them do not reach below their groups, so here the indexes are followed from one pass.
  private static func sightings(
    _ database: Database, pass: Int64, recording: Int64, within range: ClosedRange<Double>
  ) throws -> [ReviewSighting] {
    let statement = try database.cachedStatement(
      sql: """
        SELECT f.id, f.pts_s, CASE v.kind WHEN 'rename' THEN v.label ELSE l.label END AS label,
          SUM(CASE WHEN v.kind IN ('confirm', 'rename') THEN 1 WHEN v.kind = 'reject' THEN 0
            ELSE d.score >= l.threshold END) AS individuals,
          COUNT(*) AS detections, SUM(COALESCE(v.kind <> 'undo', 0)) AS reviewed,
          MAX(CASE v.kind WHEN 'rename' THEN v.id END) AS naming
        FROM frame f CROSS JOIN detection d ON d.frame_id = f.id
          CROSS JOIN run_label l ON l.id = d.run_label_id
          LEFT JOIN verdict v ON v.id = (
            SELECT MAX(id) FROM verdict WHERE detection_id = d.id
              AND kind IN ('confirm', 'reject', 'rename', 'undo'))
        WHERE f.pass_id = ? AND f.pts_s BETWEEN ? AND ? AND (d.score >= l.threshold OR COALESCE(v.kind <> 'undo', 0))
          AND f.status = 'ok' AND f.id NOT IN (SELECT frame_id FROM unusable_frame)
        GROUP BY f.pts, f.id, 3
        """)
    var sightings: [ReviewSighting] = []
    let rows = try Row.fetchCursor(
      statement, arguments: [pass, range.lowerBound, range.upperBound])
    while let row = try rows.next() {
      let frame: Int64 = row[0]
      if sightings.last?.frameID != frame {
        sightings.append(
          ReviewSighting(
            recordingID: recording, frameID: frame, seconds: row[1], counts: [], detections: 0,
            reviewed: 0))
      }
      let last = sightings.count - 1
      let label: String = row[2]
      let individuals: Int = row[3]
      if individuals > 0 {
        sightings[last].counts.append(.init(label: label, individuals: individuals))
      }
      let (detections, reviewed): (Int, Int) = (row[4], row[5])
      sightings[last].detections += detections
      sightings[last].reviewed += reviewed
      if let naming: Int64 = row[6] { sightings[last].naming[label] = naming }
    }
    return sightings
  }
}
