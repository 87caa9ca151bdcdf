internal import Foundation
internal import Survey

/// Room on the disk that a survey's database is on.
///
/// What is kept free is at most 64 MiB, enough for SQLite to bring its log into the database, and
/// at most a tenth of the file system, so that small ones can be used to that share.
struct DiskSpace: Sendable {
  /// Absolute path of the folder that the database is in.
  let folder: String
  private let spare: Int64

  /// The most that is kept free, in bytes.
  static let mostSpare: Int64 = 64 << 20

  /// The room for a database.
  ///
  /// - Parameter spare: bytes that stay free; `nil` is what the disk's size asks for.
  init(database: String, spare: Int64? = nil) {
    // SQLite writes beside the file that a link leads to.
    folder =
      URL(filePath: Discovery.absolute(database)).resolvingSymlinksInPath()
      .deletingLastPathComponent().path
    self.spare =
      spare ?? min(Self.mostSpare, (Self.bytes(of: folder)?.total ?? .max) / 10)
  }

  /// Checks that so much can be written.
  ///
  /// - Throws: `SurveyPipelineError.noSpace`.
  func require(_ bytes: Int64 = 0) throws(SurveyPipelineError) {
    guard let free = Self.bytes(of: folder)?.free, free < spare + bytes else { return }
    throw .noSpace(folder: folder, free: free, needed: spare + bytes)
  }

  /// The error for a write that the system has refused for lack of space, whatever it says is free.
  var refusal: SurveyPipelineError {
    let free = Self.bytes(of: folder)?.free ?? 0
    return .noSpace(folder: folder, free: free, needed: max(spare, free + (1 << 20)))
  }

  /// Whether nothing more than a few pages can be written.
  var isUsedUp: Bool { (Self.bytes(of: folder)?.free ?? .max) < 256 << 10 }

  private static func bytes(of folder: String) -> (free: Int64, total: Int64)? {
    var status = statvfs()
    guard statvfs(folder, &status) == 0 else { return nil }
    let unit = Int64(status.f_frsize)
    return (Int64(status.f_bavail) * unit, Int64(status.f_blocks) * unit)
  }

  /// Bytes that looking at some video will take in the database, as measured on dives with some
  /// five detections a frame.
  ///
  /// - Parameters:
  ///   - seconds: stated duration of each video.
  ///   - stretch: longest stretch that a background stands for, for models with motion.
  static func estimate(seconds: [Double], sampling: Sampling, stretch: Double?) -> Int64 {
    let framesPerSecond =
      switch sampling {
      case .all: 30.0
      case .keyframes: 2.0
      case .period(let microseconds): 1e6 / Double(microseconds)
      }
    return seconds.reduce(0) { sum, seconds in
      let frames = (seconds * framesPerSecond).rounded(.up)
      let pictures = min(3, frames)
      let backgrounds = stretch.map { (seconds / $0).rounded(.up) } ?? 0
      return sum + Int64(frames * 450 + pictures * 30_000 + backgrounds * 100_000)
    }
  }
}
