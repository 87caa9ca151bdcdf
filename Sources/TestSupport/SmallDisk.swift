public import Foundation

/// A file system of a few megabytes in memory, which a test can fill; unmounted when its last
/// holder lets go of it.
public final class SmallDisk: Sendable {
  /// Why a test is skipped where there can be none.
  public static let reason = "needs the right to mount a tmpfs (root, and a system that allows it)"

  /// Whether one can be mounted here.
  public static let isAllowed = geteuid() == 0 && (try? SmallDisk(megabytes: 1)) != nil

  /// Absolute path.
  public let path: String
  private let folder: TemporaryFolder

  /// An empty disk.
  public init(megabytes: Int) throws {
    folder = try TemporaryFolder()
    path = folder.path + "/disk"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try Tool.succeed("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path])
  }

  deinit { _ = try? Tool.run("umount", ["--lazy", path]) }

  /// Bytes that are free.
  public var free: Int {
    var status = statvfs()
    guard statvfs(path, &status) == 0 else { return 0 }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }

  /// Has a file take all but so many bytes, while others may be taking some too.
  public func fill(leaving bytes: Int) throws {
    let filler = open(path + "/filler", O_CREAT | O_WRONLY | O_APPEND, 0o600)
    defer { close(filler) }
    let page = [UInt8](repeating: 0, count: 4096)
    while free > bytes, write(filler, page, page.count) > 0 {}
    guard free <= bytes else { throw Tool.Failure(description: "\(path) cannot be filled") }
  }

  /// Removes that file.
  public func empty() throws { try FileManager.default.removeItem(atPath: path + "/filler") }
}
