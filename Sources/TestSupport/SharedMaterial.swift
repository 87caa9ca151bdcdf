public import Foundation

/// The shared material beside the repository: real video, models and data that are not part of it.
///
/// Tests that need it are disabled, with `reason`, where it is absent.
public enum SharedMaterial {
  /// Why a test is skipped without it.
  public static let reason = "needs ../shared beside the repository, or FISHCAM_SHARED"

  /// The folder: `FISHCAM_SHARED`, or `../shared` beside the repository.
  public static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["FISHCAM_SHARED"] {
      return URL(filePath: path)
    }
    return Repository.root.deletingLastPathComponent().appending(path: "shared")
  }()

  /// Whether the folder is there.
  public static let isPresent = FileManager.default.fileExists(
    atPath: folder.appending(path: "clips").path)

  /// A file or folder of it.
  public static func path(_ name: String) -> String { folder.appending(path: name).path }
}

/// This repository's own files.
public enum Repository {
  /// The folder of `Package.swift`.
  public static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A file or folder of it.
  public static func path(_ name: String) -> String { root.appending(path: name).path }
}
