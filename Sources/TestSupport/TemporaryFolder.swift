public import Foundation

/// A folder that is removed with everything in it when its last holder lets go of it.
public final class TemporaryFolder: Sendable {
  /// Absolute path.
  public let path: String

  /// A new empty folder.
  public init() throws {
    path =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath().path
      + "/fishcam-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of something in it; folders above it are made.
  public func file(_ name: String) throws -> String {
    let file = path + "/" + name
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    return file
  }

  /// Writes a file of it.
  @discardableResult
  public func write(_ data: Data, to name: String) throws -> String {
    let file = try file(name)
    try data.write(to: URL(filePath: file))
    return file
  }
}
