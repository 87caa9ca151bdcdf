internal import Foundation
internal import GRDB

/// The background of one stretch of a recording, as a pass has seen motion against it.
public struct StoredBackground: Sendable, Equatable {
  /// Number of the stretch, from 0.
  public var stretch: Int
  /// When the stretch begins and ends, in seconds of the recording's timeline.
  public var start: Double, end: Double
  /// The picture as PNG, and the mean motion of the frames that it was made of; `nil` where there
  /// were too few.
  public var picture: (png: [UInt8], level: Double)?
  /// Whether the camera moves, so that the stretch was looked at without motion.
  public var cameraMoves: Bool

  /// A stretch's background.
  public init(
    stretch: Int, start: Double, end: Double, picture: (png: [UInt8], level: Double)?,
    cameraMoves: Bool
  ) {
    self.stretch = stretch
    self.start = start
    self.end = end
    self.picture = picture
    self.cameraMoves = cameraMoves
  }

  /// Memberwise equality; tuples do not synthesise it.
  public static func == (a: StoredBackground, b: StoredBackground) -> Bool {
    a.stretch == b.stretch && a.start == b.start && a.end == b.end
      && a.cameraMoves == b.cameraMoves && a.picture?.png == b.picture?.png
      && a.picture?.level == b.picture?.level
  }
}

extension SurveyStore {
  /// The background that a pass has for a stretch, if it has been made.
  public func background(of stretch: Int, in pass: StoredPass) throws -> StoredBackground? {
    try read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT start_s, end_s, status, level, picture FROM background
          WHERE pass_id = ? AND stretch = ?
          """, arguments: [pass.id, stretch]
      ).map { row in
        let (picture, level): (Data?, Double?) = (row["picture"], row["level"])
        return StoredBackground(
          stretch: stretch, start: row["start_s"], end: row["end_s"],
          picture: picture.flatMap { picture in level.map { ([UInt8](picture), $0) } },
          cameraMoves: row["status"] == "moving")
      }
    }
  }

  /// Keeps a stretch's background with its pass.
  public func save(_ background: StoredBackground, in pass: StoredPass) throws {
    let status =
      background.picture == nil ? "none" : background.cameraMoves ? "moving" : "still"
    try write {
      try $0.execute(
        sql: """
          INSERT INTO background (pass_id, stretch, start_s, end_s, status, level, picture)
          VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
          """,
        arguments: [
          pass.id, background.stretch, background.start, background.end, status,
          background.picture?.level, background.picture.map { Data($0.png) },
        ])
    }
  }
}
