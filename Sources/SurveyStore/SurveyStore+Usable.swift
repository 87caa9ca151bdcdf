internal import Foundation
internal import GRDB
public import Survey

/// Who says which part of a deployment counts.
public enum Trim: String, Sendable, CaseIterable {
  /// Descent and retrieval are looked for, and left out.
  case auto
  /// All of it counts, unless a manifest says otherwise.
  case off
}

/// What is usable of a deployment, as a run has seen it.
public struct DeploymentWindow: Sendable {
  /// What counts; the whole where nobody says otherwise.
  public var counted: UsableWindow
  /// Whether a manifest says so.
  public var isGiven: Bool
  /// Whether descent and retrieval are to be left out.
  public var isLookedFor: Bool
  /// What would count if descent and retrieval were left out.
  public var found: UsableWindow
  /// Length of what could be read of its recordings.
  public var seconds: Double
  /// Part of the frames that count and were measured that are dark, 0 to 1.
  public var dark: Double
  /// Part of them that show next to nothing, though there is light, 0 to 1.
  public var turbid: Double
}

extension SurveyStore {
  /// Notes whether descent and retrieval of a deployment are to be left out.
  public func setTrim(_ trim: Trim, deployment: Int64) throws {
    try write {
      try $0.execute(
        sql: "UPDATE deployment SET trim = ? WHERE id = ? AND trim IS NOT ?",
        arguments: [trim.rawValue, deployment, trim.rawValue])
    }
  }

  /// Works out which part of each of a deployment's recordings counts, and keeps that.
  ///
  /// What a manifest says comes first, by side; then, where that was asked for, what is found.
  ///
  /// - Parameter lookingAnew: whether its frames may have changed; else a deployment that counts whole
  ///   is not looked into.
  /// - Returns: what it is; `nil` where the run has no video of the deployment that is looked through,
  ///   or nothing is new.
  public func updateUsableWindow(run: Int64, deployment: Int64, lookingAnew: Bool) throws
    -> DeploymentWindow?
  {
    try write { database in
      guard
        let row = try Row.fetchOne(
          database, sql: "SELECT usable_from_s, usable_to_s, trim FROM deployment WHERE id = ?",
          arguments: [deployment])
      else { throw SurveyStoreError.missing(what: "deployment", id: deployment) }
      let given = UsableWindow(from: row["usable_from_s"], to: row["usable_to_s"])
      let isAuto = (row["trim"] as String?) == Trim.auto.rawValue
      let files = try Self.videos(database, run: run, deployment: deployment)
      guard try lookingAnew || isAuto || !given.isWhole || Self.hasWindow(files, run: run, database)
      else { return nil }
      var (samples, offset): ([UsableWindow.Sample], Double) = ([], 0)
      for file in files {
        samples += try Self.samples(database, file, offset: offset)
        offset += file.end - file.start
      }
      guard !files.isEmpty else { return nil }
      let found = UsableWindow(found: samples, seconds: offset)
      let counted = UsableWindow(
        from: given.from ?? (isAuto ? found.from : nil), to: given.to ?? (isAuto ? found.to : nil))
      try Self.keep(counted, given.isWhole ? "auto" : "manifest", of: files, run: run, database)
      let inside = samples.filter {
        $0.seconds >= counted.from ?? 0 && $0.seconds <= counted.to ?? .infinity
      }.map(\.appearance)
      let part = { (isSo: (FrameAppearance) -> Bool) in
        inside.isEmpty ? 0 : Double(inside.count(where: isSo)) / Double(inside.count)
      }
      return DeploymentWindow(
        counted: counted, isGiven: !given.isWhole, isLookedFor: isAuto, found: found,
        seconds: offset,
        dark: part(\.isDark), turbid: part(\.isTurbid))
    }
  }

  private static func hasWindow(_ files: [Video], run: Int64, _ database: Database) throws -> Bool {
    try files.contains { file in
      try Bool.fetchOne(
        database,
        sql: "SELECT EXISTS (SELECT 1 FROM usable_window WHERE run_id = ? AND recording_id = ?)",
        arguments: [run, file.recording]) ?? false
    }
  }

  private typealias Video = (recording: Int64, pass: Int64, start: Double, end: Double)

  /// A deployment's videos in the order in which they were made, each content once.
  private static func videos(_ database: Database, run: Int64, deployment: Int64) throws -> [Video]
  {
    try Row.fetchAll(
      database,
      sql: """
        SELECT r.id, p.id AS pass_id, p.start_s, p.end_s
        FROM recording r JOIN pass p ON p.media_id = r.media_id JOIN media m ON m.id = r.media_id
        WHERE p.run_id = ? AND r.deployment_id = ? AND r.status = 'readable'
          AND p.status IN ('done', 'partial') AND p.start_s IS NOT NULL AND m.kind = 'video'
        GROUP BY r.media_id HAVING r.position = MIN(r.position) ORDER BY r.position, r.path
        """, arguments: [run, deployment]
    ).map {
      let start: Double = $0["start_s"]
      return ($0["id"], $0["pass_id"], start, ($0["end_s"] as Double?) ?? start)
    }
  }

  private static func samples(_ database: Database, _ file: Video, offset: Double) throws
    -> [UsableWindow.Sample]
  {
    try Row.fetchAll(
      database,
      sql: """
        SELECT f.pts_s, a.brightness, a.detail, a.blocks FROM frame f
          JOIN appearance a ON a.frame_id = f.id WHERE f.pass_id = ? AND f.status = 'ok' ORDER BY f.pts
        """, arguments: [file.pass]
    ).map {
      UsableWindow.Sample(
        seconds: offset + ($0["pts_s"] as Double) - file.start,
        appearance: FrameAppearance(
          brightness: $0["brightness"], detail: $0["detail"], blocks: [UInt8]($0["blocks"] as Data))
      )
    }
  }

  /// Stores a window by recording, in each one's own seconds; rows that say the same already stay.
  private static func keep(
    _ window: UsableWindow, _ source: String, of files: [Video], run: Int64, _ database: Database
  ) throws {
    var offset = 0.0
    for file in files {
      let length = file.end - file.start
      let from = max(0, (window.from ?? 0) - offset)
      let to = (window.to ?? .infinity) - offset
      if from <= 0, to >= length {
        try database.execute(
          sql: "DELETE FROM usable_window WHERE run_id = ? AND recording_id = ?",
          arguments: [run, file.recording])
      } else {
        try database.execute(
          sql: """
            INSERT INTO usable_window (run_id, recording_id, from_s, to_s, source)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT (run_id, recording_id) DO UPDATE SET
              from_s = excluded.from_s, to_s = excluded.to_s, source = excluded.source
              WHERE (from_s, to_s, source) <> (excluded.from_s, excluded.to_s, excluded.source)
            """,
          arguments: [
            run, file.recording, file.start + from, file.start + min(length, to), source,
          ])
      }
      offset += length
    }
  }

  /// What counts of a recording, by a row with its window's `from_s` and `to_s`: all where they are
  /// null.
  static func usableRange(_ row: Row) -> ClosedRange<Double> {
    guard let from: Double = row["from_s"], let to: Double = row["to_s"] else { return .always }
    return from <= to ? from...to : .never
  }
}

extension ReviewRecording {
  /// What counts of it, in its own seconds.
  var countedRange: ClosedRange<Double> { usable?.seconds ?? .always }
}

extension ClosedRange<Double> {
  /// All moments of any recording.
  fileprivate static var always: Self { -.greatestFiniteMagnitude ... .greatestFiniteMagnitude }

  /// No moment of any recording.
  fileprivate static var never: Self { -.greatestFiniteMagnitude ... -.greatestFiniteMagnitude }
}
