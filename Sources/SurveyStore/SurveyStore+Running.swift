internal import Foundation
internal import GRDB
public import Survey

/// A model with the options that its results depend on.
public struct RunDescription: Sendable {
  /// One label of the model, background aside.
  public struct Label: Sendable, Hashable {
    /// The model's own word for it.
    public var label: String
    /// Accepted scientific name, where the catalogue has one.
    public var scientificName: String?
    /// English name, where the catalogue has one.
    public var commonName: String?
    /// WoRMS AphiaID, where the catalogue has one.
    public var aphiaID: Int?
    /// Score from which a detection counts.
    public var threshold: Double

    /// A label.
    public init(
      label: String, scientificName: String?, commonName: String?, aphiaID: Int?, threshold: Double
    ) {
      self.label = label
      self.scientificName = scientificName
      self.commonName = commonName
      self.aphiaID = aphiaID
      self.threshold = threshold
    }
  }

  /// Name and version of the model, and the SHA-256 of its file.
  public var modelName: String, modelVersion: String, modelHash: String
  /// Canonical text of everything that changes results: two runs with the same are one run.
  public var options: String
  /// Canonical text of the sampling.
  public var sample: String
  /// Name of the decoder.
  public var decoder: String
  /// Score from which detections are kept.
  public var floor: Double
  /// Cells of the model's output grid.
  public var gridWidth: Int, gridHeight: Int
  /// Version of this program, and the machine it ran on.
  public var programVersion: String, machine: String
  /// The labels in channel order.
  public var labels: [Label]

  /// A run's description.
  public init(
    modelName: String, modelVersion: String, modelHash: String, options: String, sample: String,
    decoder: String, floor: Double, gridWidth: Int, gridHeight: Int, programVersion: String,
    machine: String, labels: [Label]
  ) {
    self.modelName = modelName
    self.modelVersion = modelVersion
    self.modelHash = modelHash
    self.options = options
    self.sample = sample
    self.decoder = decoder
    self.floor = floor
    self.gridWidth = gridWidth
    self.gridHeight = gridHeight
    self.programVersion = programVersion
    self.machine = machine
    self.labels = labels
  }
}

/// A run with the ids of its rows.
public struct StoredRun: Sendable {
  /// Row id.
  public var id: Int64
  /// Row ids of the labels, in channel order.
  public var labelIDs: [Int64]
}

/// How far a pass over one content is.
public struct StoredPass: Sendable {
  /// What became of it.
  public enum Status: String, Sendable {
    /// Begun, and not yet at its end.
    case running
    /// All of it was read.
    case done
    /// What could be read was; the rest is damaged or missing.
    case partial
    /// Nothing could be read.
    case failed
  }
  /// Row id.
  public var id: Int64
  /// What became of it.
  public var status: Status
  /// Timestamp of the last frame that is stored.
  public var lastPTS: Int64?
  /// Whether something was damaged or out of order so far.
  public var isFlawed = false
}

/// One frame with what was found in it.
public struct FrameResult: Sendable {
  /// When it is shown.
  public var time: FrameTime
  /// Whether the decoder says that parts of it are missing.
  public var isDamaged: Bool
  /// What was found.
  public var detections: [Detection]
  /// A JPEG of the frame, where it is evidence of a count.
  public var evidence: [UInt8]?
  /// How it looks as a whole, where that was measured.
  public var appearance: FrameAppearance?

  /// A frame's result.
  public init(
    time: FrameTime, isDamaged: Bool, detections: [Detection], evidence: [UInt8]? = nil,
    appearance: FrameAppearance? = nil
  ) {
    self.time = time
    self.isDamaged = isDamaged
    self.detections = detections
    self.evidence = evidence
    self.appearance = appearance
  }
}

extension SurveyStore {
  /// The run of this model and these options, made if there is none; thresholds follow the
  /// description.
  public func run(_ run: RunDescription) throws -> StoredRun {
    try write { database in
      try database.execute(
        sql: """
          INSERT INTO run (model_name, model_version, model_hash, options, sample, decoder, floor,
            grid_width, grid_height, program_version, machine, created_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
        arguments: [
          run.modelName, run.modelVersion, run.modelHash, run.options, run.sample, run.decoder,
          run.floor, run.gridWidth, run.gridHeight, run.programVersion, run.machine, Self.now(),
        ])
      let id =
        try Int64.fetchOne(
          database, sql: "SELECT id FROM run WHERE model_hash = ? AND options = ?",
          arguments: [run.modelHash, run.options]) ?? 0
      let labelIDs = try run.labels.enumerated().map { position, label in
        try database.execute(
          sql: """
            INSERT INTO run_label (run_id, position, label, scientific_name, common_name, aphia_id,
              threshold)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (run_id, position) DO UPDATE SET label = excluded.label,
              scientific_name = excluded.scientific_name, common_name = excluded.common_name,
              aphia_id = excluded.aphia_id, threshold = excluded.threshold
            """,
          arguments: [
            id, position, label.label, label.scientificName, label.commonName, label.aphiaID,
            label.threshold,
          ])
        return try Int64.fetchOne(
          database, sql: "SELECT id FROM run_label WHERE run_id = ? AND position = ?",
          arguments: [id, position]) ?? 0
      }
      return StoredRun(id: id, labelIDs: labelIDs)
    }
  }

  /// The pass of a run over a content, if there is one.
  public func pass(run: Int64, media: Int64) throws -> StoredPass? {
    try read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT id, status, flawed, (SELECT MAX(pts) FROM frame WHERE pass_id = pass.id) AS last_pts
          FROM pass WHERE run_id = ? AND media_id = ?
          """, arguments: [run, media]
      ).map {
        StoredPass(
          id: $0["id"], status: StoredPass.Status(rawValue: $0["status"]) ?? .running,
          lastPTS: $0["last_pts"], isFlawed: $0["flawed"])
      }
    }
  }

  /// Begins a pass, or goes on with one; one that failed begins anew.
  public func beginPass(run: Int64, media: Int64, programVersion: String, machine: String) throws
    -> StoredPass
  {
    try write { database in
      try database.execute(
        sql: """
          DELETE FROM pass WHERE run_id = ? AND media_id = ? AND status = 'failed'
          """, arguments: [run, media])
      try database.execute(
        sql: """
          INSERT INTO pass (run_id, media_id, status, program_version, machine, started_at)
          VALUES (?, ?, 'running', ?, ?, ?) ON CONFLICT DO NOTHING
          """, arguments: [run, media, programVersion, machine, Self.now()])
    }
    guard let pass = try pass(run: run, media: media) else {
      throw SurveyStoreError.missing(what: "pass over content", id: media)
    }
    return pass
  }

  /// Adds frames to a pass, all of them or none.
  ///
  /// - Parameters:
  ///   - frames: in presentation order, later than those stored before.
  ///   - flawed: whether something was damaged or out of order on the way to them.
  public func append(
    _ frames: [FrameResult], to pass: StoredPass, of run: StoredRun, flawed: Bool = false
  ) throws {
    try write { database in
      if flawed {
        try database.execute(
          sql: "UPDATE pass SET flawed = 1 WHERE id = ? AND flawed = 0", arguments: [pass.id])
      }
      let frameStatement = try database.cachedStatement(
        sql: "INSERT INTO frame (pass_id, pts, pts_s, status) VALUES (?, ?, ?, ?)")
      let detectionStatement = try database.cachedStatement(
        sql: """
          INSERT INTO detection (frame_id, run_label_id, x, y, width, height, score)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """)
      for frame in frames {
        try frameStatement.execute(arguments: [
          pass.id, frame.time.pts, frame.time.seconds, frame.isDamaged ? "damaged" : "ok",
        ])
        let frameID = database.lastInsertedRowID
        for detection in frame.detections {
          try detectionStatement.execute(arguments: [
            frameID, run.labelIDs[detection.label], detection.x, detection.y, detection.width,
            detection.height, detection.score,
          ])
        }
        if let seen = frame.appearance {
          // No cached statement: it would hold the last frame's bytes.
          try database.execute(
            sql: """
              INSERT INTO appearance (frame_id, brightness, detail, blocks) VALUES (?, ?, ?, ?)
              """,
            arguments: [frameID, seen.brightness, seen.detail, Data(seen.blocks)])
        }
        if let picture = frame.evidence {
          try database.execute(
            sql: "INSERT INTO evidence (frame_id, picture) VALUES (?, ?)",
            arguments: [frameID, Data(picture)])
        }
      }
    }
  }

  /// Ends a pass.
  ///
  /// - Parameters:
  ///   - start: first frame's time in seconds.
  ///   - end: when the last readable frame ends, in seconds.
  public func finish(
    _ pass: StoredPass, _ status: StoredPass.Status, reason: String?, start: Double?, end: Double?
  ) throws {
    try write {
      try $0.execute(
        sql: """
          UPDATE pass SET status = ?, reason = ?, start_s = ?, end_s = ?, finished_at = ?
          WHERE id = ?
          """, arguments: [status.rawValue, reason, start, end, Self.now(), pass.id])
      try Self.thinEvidence($0, pass: pass.id)
    }
  }
}
