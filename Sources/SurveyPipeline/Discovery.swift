internal import Foundation
internal import Media
internal import Survey

/// A file that was found in an input.
struct FoundFile: Hashable {
  /// Absolute path.
  var path: String
  /// Name of the input folder that it was found in; of a single file, its own folder's.
  var root: String
  /// Names of the folders between root and file, outermost first.
  var folders: [String]
  /// Name of the file.
  var name: String

  /// Path relative to the input folder.
  var relativePath: String { (folders + [name]).joined(separator: "/") }
}

/// Finds the media files of a survey's inputs.
enum Discovery {
  /// What was found, and which folders hold a manifest.
  struct Result {
    var files: [FoundFile] = []
    var manifests: [String] = []
    var warnings: [String] = []
  }

  /// Name of the manifest that is read from an input folder.
  static let manifestName = "sites.csv"

  /// Lists the media files of files and folders, each once, in a stable order.
  ///
  /// Folders are searched for the known file name extensions, links to folders followed but no
  /// folder entered twice; hidden files and those that cameras and systems leave beside videos are
  /// passed over. A file that is named itself is taken whatever its extension.
  static func find(_ inputs: [String]) throws(SurveyPipelineError) -> Result {
    var result = Result()
    var seen: Set<String> = []
    for input in inputs {
      let path = absolute(input)
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      let isLink = (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
      guard exists || isLink else { throw .noInput(path: input) }
      var files: [FoundFile] = []
      if isFolder.boolValue {
        var visited: Set<FileIdentity> = []
        var walk = Walk(root: (path as NSString).lastPathComponent)
        guard walk.enter(path, folders: [], visited: &visited) else {
          throw .unlistable(folder: path)
        }
        files = walk.files
        result.warnings += walk.warnings
        if let words = walk.passedOverWords { result.warnings.append("\(path): \(words)") }
        let manifest = path + "/" + manifestName
        if FileManager.default.fileExists(atPath: manifest) { result.manifests.append(manifest) }
      } else {
        let folder = ((path as NSString).deletingLastPathComponent as NSString).lastPathComponent
        files = [
          FoundFile(
            path: path, root: folder, folders: [], name: (path as NSString).lastPathComponent)
        ]
      }
      result.files += files.filter { seen.insert($0.path).inserted }
    }
    guard !result.files.isEmpty else { throw .noMedia(inputs: inputs) }
    result.files.sort {
      $0.relativePath == $1.relativePath
        ? $0.path < $1.path : RecordingName.precedes($0.relativePath, $1.relativePath)
    }
    return result
  }

  /// A path from the root of the file system, without `.` and `..`; links are kept.
  static func absolute(_ path: String) -> String {
    let full =
      path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  private struct Walk {
    var root: String
    var files: [FoundFile] = []
    var warnings: [String] = []
    /// Files that are no media by their names, and no known companions of media, by extension.
    private var passedOver: [String: Int] = [:]

    /// What cameras, systems and people keep beside videos.
    private static let companions: Set = [
      "thm", "lrv", "gpx", "wav", "csv", "tsv", "txt", "json", "xml", "srt", "md", "pdf", "doc",
      "docx", "xls", "xlsx", "sqlite", "sqlite-wal", "sqlite-shm", "lock", "log", "db", "ini",
    ]

    init(root: String) { self.root = root }

    var passedOverWords: String? {
      guard !passedOver.isEmpty else { return nil }
      let kinds = passedOver.sorted { $0.key < $1.key }.map { "\($0.value) × .\($0.key)" }
      return "passed over by their names: \(kinds.joined(separator: ", ")); name a file itself to "
        + "have it read"
    }

    mutating func enter(_ path: String, folders: [String], visited: inout Set<FileIdentity>)
      -> Bool
    {
      guard let identity = FileIdentity(path) else { return false }
      guard visited.insert(identity).inserted else { return true }
      let names: [String]
      do {
        names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
      } catch {
        return false
      }
      for name in names where !name.hasPrefix(".") {
        let child = path + "/" + name
        var isFolder: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: child, isDirectory: &isFolder)
        if isFolder.boolValue {
          if !enter(child, folders: folders + [name], visited: &visited) {
            warnings.append("\(child): the folder cannot be listed; what is in it is left out")
          }
        } else if MediaFile.extensions.contains(pathExtension(name)) {
          files.append(FoundFile(path: child, root: root, folders: folders, name: name))
        } else if !Self.companions.contains(pathExtension(name)) {
          passedOver[pathExtension(name), default: 0] += 1
        }
      }
      return true
    }

    private func pathExtension(_ name: String) -> String {
      name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() } ?? ""
    }
  }
}

/// What the file system knows a file or folder by, and what changes when its content does.
struct FileIdentity: Hashable {
  private var device: UInt64
  private var inode: UInt64

  /// The identity of what a path leads to; `nil` where it leads nowhere.
  init?(_ path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }

  /// Size in bytes and modification time in seconds since 1970 of what a path leads to.
  static func sizeAndTime(_ path: String) -> (size: Int64, modified: Double)? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let seconds = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
    return (Int64(status.st_size), seconds)
  }
}
