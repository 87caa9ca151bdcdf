internal import Foundation
internal import GRDB
public import Survey

/// A deployment as the survey keeps it.
public struct StoredDeployment: Sendable, Hashable, Identifiable {
  /// Row id.
  public var id: Int64
  /// Name of the site.
  public var site: String
  /// Name of the deployment.
  public var opcode: String
  /// Absolute path of the folder that it was read from.
  public var folder: String
}

/// A file as the survey keeps it.
public struct StoredRecording: Sendable, Hashable, Identifiable {
  /// Row id.
  public var id: Int64
  /// The deployment's row id.
  public var deploymentID: Int64
  /// The content's row id; `nil` where the file cannot be read.
  public var mediaID: Int64?
  /// Absolute path.
  public var path: String
  /// Path relative to the deployment's folder.
  public var name: String
  /// Size in bytes when the content was last looked at.
  public var size: Int64?
  /// Modification time then, in seconds since 1970.
  public var modified: Double?
  /// Why it cannot be read; `nil` where it can.
  public var reason: String?

  /// A recording; `id` is 0 until it is saved.
  public init(
    id: Int64 = 0, deploymentID: Int64, mediaID: Int64? = nil, path: String, name: String,
    size: Int64? = nil, modified: Double? = nil, reason: String? = nil
  ) {
    self.id = id
    self.deploymentID = deploymentID
    self.mediaID = mediaID
    self.path = path
    self.name = name
    self.size = size
    self.modified = modified
    self.reason = reason
  }
}

/// What a file's content is.
public struct MediaDescription: Sendable {
  /// SHA-256 in hexadecimal, as `ContentHash` takes it.
  public var contentHash: String
  /// SHA-256 of all of it, as `ContentHash` takes it; `nil` where it was not taken.
  public var fullHash: String?
  /// Bytes.
  public var size: Int64
  /// `video` or `photo`.
  public var kind: String
  /// Short name of the codec.
  public var codec: String
  /// Width of the upright picture in pixels.
  public var width: Int
  /// Height of the upright picture in pixels.
  public var height: Int
  /// Stated duration.
  public var durationSeconds: Double?
  /// When the camera says it began.
  public var creationTime: String?
  /// Time base of PTS.
  public var timeBase: (numerator: Int, denominator: Int)

  /// A content's description.
  public init(
    contentHash: String, fullHash: String? = nil, size: Int64, kind: String, codec: String,
    width: Int, height: Int,
    durationSeconds: Double?, creationTime: String?, timeBase: (numerator: Int, denominator: Int)
  ) {
    self.contentHash = contentHash
    self.fullHash = fullHash
    self.size = size
    self.kind = kind
    self.codec = codec
    self.width = width
    self.height = height
    self.durationSeconds = durationSeconds
    self.creationTime = creationTime
    self.timeBase = timeBase
  }
}

extension SurveyStore {
  /// All deployments, by site and opcode.
  public func deployments() throws -> [StoredDeployment] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT d.id, s.name AS site, d.opcode, d.folder FROM deployment d
          JOIN site s ON s.id = d.site_id ORDER BY s.name, d.opcode
          """
      ).map {
        StoredDeployment(id: $0["id"], site: $0["site"], opcode: $0["opcode"], folder: $0["folder"])
      }
    }
  }

  /// All recordings.
  public func recordings() throws -> [StoredRecording] {
    try read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM recording ORDER BY path").map {
        StoredRecording(
          id: $0["id"], deploymentID: $0["deployment_id"], mediaID: $0["media_id"],
          path: $0["path"], name: $0["name"], size: $0["size"], modified: $0["modified"],
          reason: $0["reason"])
      }
    }
  }

  /// The deployment of this site and opcode, made if there is none.
  public func deployment(site: String, opcode: String, folder: String) throws -> StoredDeployment {
    try write { database in
      try database.execute(
        sql: "INSERT INTO site (name) VALUES (?) ON CONFLICT DO NOTHING", arguments: [site])
      let siteID = try Int64.fetchOne(
        database, sql: "SELECT id FROM site WHERE name = ?", arguments: [site])
      try database.execute(
        sql: """
          INSERT INTO deployment (site_id, opcode, folder) VALUES (?, ?, ?) ON CONFLICT DO NOTHING
          """, arguments: [siteID, opcode, folder])
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT id, folder FROM deployment WHERE site_id = ? AND opcode = ?",
          arguments: [siteID, opcode])
      else { throw SurveyStoreError.missing(what: "deployment", id: siteID ?? 0) }
      return StoredDeployment(id: row["id"], site: site, opcode: opcode, folder: row["folder"])
    }
  }

  /// Notes that a deployment's folder lies elsewhere now.
  public func moveDeployment(_ id: Int64, to folder: String) throws {
    try write {
      try $0.execute(sql: "UPDATE deployment SET folder = ? WHERE id = ?", arguments: [folder, id])
    }
  }

  /// Writes what a manifest's row says of a deployment; fields that it leaves empty stay.
  ///
  /// - Parameter isFirst: whether it is the first row of this manifest for the deployment; then a usable
  ///   window that was given before, and is not any more, goes.
  public func describe(_ id: Int64, by row: ManifestRow, isFirst: Bool = true) throws {
    let other = row.other.isEmpty ? nil : try JSONEncoder.sorted.encode(row.other)
    try write { database in
      try database.execute(
        sql: """
          UPDATE deployment SET
            latitude_dd = COALESCE(?, latitude_dd), longitude_dd = COALESCE(?, longitude_dd),
            date_time = COALESCE(?, date_time), depth_m = COALESCE(?, depth_m),
            location = COALESCE(?, location), status = COALESCE(?, status),
            successful_count = COALESCE(?, successful_count),
            observer_count = COALESCE(?, observer_count),
            clock_offset_s = COALESCE(?, clock_offset_s), time_zone = COALESCE(?, time_zone),
            usable_from_s = COALESCE(?, CASE WHEN ? THEN NULL ELSE usable_from_s END),
            usable_to_s = COALESCE(?, CASE WHEN ? THEN NULL ELSE usable_to_s END),
            comment = COALESCE(?, comment), other = COALESCE(?, other)
          WHERE id = ?
          """,
        arguments: [
          row.latitude, row.longitude, row.dateTime?.iso8601, row.depthMeters, row.location,
          row.status, row.successfulCount, row.observerCount, row.clockOffsetSeconds, row.timeZone,
          row.usableFromSeconds, isFirst, row.usableToSeconds, isFirst, row.comment,
          other.map { String(decoding: $0, as: UTF8.self) }, id,
        ])
    }
  }

  /// The id of a content, made if it is new.
  ///
  /// Without a full hash, contents with the same samples are one. With it they are one if all of
  /// their bytes are the same.
  ///
  /// - Parameter former: the content that the file was known as, if its size and time say that it
  ///   has not changed since; a full hash that is not known yet becomes that one's.
  public func media(_ media: MediaDescription, former: Int64? = nil) throws -> Int64 {
    try write { database in
      var media = media
      if let fullHash = media.fullHash {
        if let id = try Int64.fetchOne(
          database, sql: "SELECT id FROM media WHERE full_hash = ?", arguments: [fullHash])
        {
          return id
        }
        let sampled = try Row.fetchOne(
          database, sql: "SELECT id, full_hash FROM media WHERE content_hash = ?",
          arguments: [media.contentHash])
        if let sampled {
          let id: Int64 = sampled["id"]
          if sampled["full_hash"] == nil, id == former || media.contentHash == fullHash {
            try database.execute(
              sql: "UPDATE media SET full_hash = ? WHERE id = ?", arguments: [fullHash, id])
            return id
          }
          media.contentHash = fullHash
        }
      }
      try database.execute(
        sql: """
          INSERT INTO media (content_hash, full_hash, size, kind, codec, width, height, duration_s,
            creation_time, time_base_numerator, time_base_denominator)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
        arguments: [
          media.contentHash, media.fullHash, media.size, media.kind, media.codec, media.width,
          media.height,
          media.durationSeconds, media.creationTime, media.timeBase.numerator,
          media.timeBase.denominator,
        ])
      return try Int64.fetchOne(
        database, sql: "SELECT id FROM media WHERE content_hash = ?",
        arguments: [media.contentHash]) ?? 0
    }
  }

  /// The stated duration of a content in seconds.
  public func duration(media: Int64) throws -> Double? {
    try read {
      try Double.fetchOne(
        $0, sql: "SELECT duration_s FROM media WHERE id = ?", arguments: [media])
    }
  }

  /// Whether a content has frames in time, and is no single picture.
  public func isVideo(media: Int64) throws -> Bool {
    try read {
      try String.fetchOne($0, sql: "SELECT kind FROM media WHERE id = ?", arguments: [media])
    } == "video"
  }

  /// Numbers a deployment's recordings in the order in which they were made.
  public func orderRecordings(deployment: Int64) throws {
    try write { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT id, name, path FROM recording WHERE deployment_id = ?",
        arguments: [deployment])
      let files = rows.map {
        (id: $0["id"] as Int64, name: $0["name"] as String, path: $0["path"] as String)
      }
      let ordered = files.sorted {
        $0.name == $1.name ? $0.path < $1.path : RecordingName.precedes($0.name, $1.name)
      }
      for (position, file) in ordered.enumerated() {
        try database.execute(
          sql: "UPDATE recording SET position = ? WHERE id = ? AND position <> ?",
          arguments: [position, file.id, position])
      }
    }
  }

  /// Name, creation time and stated length in seconds of a deployment's readable recordings, in the
  /// order in which they were made; a content that lies twice in it once.
  public func recordingTimes(deployment: Int64) throws -> [(
    name: String, creationTime: String?, seconds: Double?
  )] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT r.name, m.creation_time, m.duration_s FROM recording r JOIN media m ON m.id = r.media_id
          WHERE r.deployment_id = ? AND r.status = 'readable' AND m.kind = 'video'
          GROUP BY r.media_id HAVING r.position = MIN(r.position) ORDER BY r.position, r.path
          """, arguments: [deployment]
      ).map { ($0["name"], $0["creation_time"], $0["duration_s"]) }
    }
  }

  /// Writes a recording: a new row where `id` is 0, else the changed one.
  ///
  /// - Returns: the row's id.
  @discardableResult
  public func save(_ recording: StoredRecording) throws -> Int64 {
    try write { database in
      let values: StatementArguments = [
        recording.deploymentID, recording.mediaID, recording.path, recording.name, recording.size,
        recording.modified, recording.reason == nil ? "readable" : "failed", recording.reason,
      ]
      if recording.id == 0 {
        try database.execute(
          sql: """
            INSERT INTO recording
              (deployment_id, media_id, path, name, size, modified, status, reason)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, arguments: values)
        return database.lastInsertedRowID
      }
      try database.execute(
        sql: """
          UPDATE recording SET deployment_id = ?, media_id = ?, path = ?, name = ?, size = ?,
            modified = ?, status = ?, reason = ? WHERE id = ?
          """, arguments: values + [recording.id])
      return recording.id
    }
  }
}

extension JSONEncoder {
  static var sorted: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
