internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore

/// Brings the survey's recordings up to date with the files that were found.
struct Filing {
  let store: SurveyStore
  let hashing: SurveyJobOptions.Hashing
  let cancellation: Cancellation
  let report: @Sendable (ProgressEvent) -> Void

  /// Recordings after filing.
  struct Result {
    /// Those with content, in the order of the files.
    var readable: [StoredRecording] = []
    /// The deployments that they belong to, by site and opcode.
    var deployments: [StoredDeployment] = []
    /// Those that cannot be read.
    var failed: [RecordingOutcome] = []
    /// Stated duration of each content, where this run has looked at it.
    var seconds: [Int64: Double] = [:]
  }

  /// Files all; a file that cannot be read becomes a failed recording with its reason.
  func file(_ placed: [PlacedFile]) throws -> Result {
    var result = Result()
    var deployments: [String: StoredDeployment] = [:]
    var described: Set<String> = []
    var known = Known(try store.recordings())
    for (index, item) in placed.enumerated() {
      if cancellation.isCancelled { break }
      report(.looking(done: index, total: placed.count))
      let key = item.site + "\u{0}" + item.opcode
      let deployment: StoredDeployment
      if let filed = deployments[key] {
        deployment = filed
      } else {
        deployment = try fileDeployment(item)
        deployments[key] = deployment
      }
      if let row = item.row {
        try store.describe(deployment.id, by: row, isFirst: described.insert(key).inserted)
      }
      var recording = StoredRecording(
        id: known.byPath[item.file.path]?.id ?? 0, deploymentID: deployment.id, mediaID: nil,
        path: item.file.path, name: item.name)
      do {
        guard let content = try content(of: item.file.path, known) else { break }
        recording.mediaID = content.media
        recording.size = content.size
        recording.modified = content.modified
        result.seconds[content.media] = content.seconds
        if recording.id == 0, let moved = known.moved(content.media) {
          known.byPath[moved.path] = nil
          recording.id = moved.id
        }
      } catch let error as MediaError {
        recording.reason = error.reason
        result.failed.append(
          RecordingOutcome(path: item.file.path, status: .failed, reason: error.reason, frames: 0))
      }
      recording.id = try store.save(recording)
      known.byPath[recording.path] = recording
      if recording.reason == nil { result.readable.append(recording) }
    }
    result.deployments = deployments.values.sorted { ($0.site, $0.opcode) < ($1.site, $1.opcode) }
    for deployment in result.deployments {
      try store.orderRecordings(deployment: deployment.id)
    }
    report(.looking(done: placed.count, total: placed.count))
    return result
  }

  private func fileDeployment(_ item: PlacedFile) throws -> StoredDeployment {
    let filed = try store.deployment(site: item.site, opcode: item.opcode, folder: item.folder)
    guard filed.folder != item.folder else { return filed }
    if FileManager.default.fileExists(atPath: filed.folder) {
      report(
        .warning(
          "\(item.folder): counted as part of deployment \(item.opcode) at \(item.site), which "
            + "\(filed.folder) is too; rename one, or give both rows in a manifest, if they are "
            + "different"))
    } else {
      try store.moveDeployment(filed.id, to: item.folder)
    }
    return filed
  }

  private struct Content {
    var media: Int64
    var size: Int64
    var modified: Double
    var seconds: Double
  }

  /// The content of a file; `nil` where someone asks to stop meanwhile.
  private func content(of path: String, _ known: Known) throws -> Content? {
    let now = FileIdentity.sizeAndTime(path)
    let former = now.flatMap { known.unchanged(path, size: $0.size, modified: $0.modified) }
    if hashing == .sampled, let former, former.path == path, let media = former.mediaID, let now {
      return Content(
        media: media, size: now.size, modified: now.modified,
        seconds: try store.duration(media: media) ?? 0)
    }
    // Opening comes first: it has the better words for what is no media at all.
    let info = try MediaFile(path: path, threads: 1).info
    let (hash, size) = try ContentHash.hash(path: path)
    var whole: String?
    if hashing == .full {
      whole = try ContentHash.whole(path: path) { read in
        report(.hashing(path: path, read: read, size: size))
        return !cancellation.isCancelled
      }
      if whole == nil { return nil }
    }
    let media = try store.media(
      MediaDescription(
        contentHash: hash, fullHash: whole, size: size, kind: info.kind.rawValue,
        codec: info.codec, width: info.width, height: info.height,
        durationSeconds: info.durationSeconds, creationTime: info.creationTime,
        timeBase: info.timeBase), former: former?.mediaID)
    return Content(
      media: media, size: size, modified: now?.modified ?? 0, seconds: info.durationSeconds ?? 0)
  }
}

/// The recordings that a survey knows, to be found by path, content and size.
private struct Known {
  /// All by path; those that are filed now take the place of what was known.
  var byPath: [String: StoredRecording] = [:]
  private var pathsOfMedia: [Int64: [String]] = [:]
  private var pathsOfSize: [Int64: [String]] = [:]

  /// - Parameter recordings: by path.
  init(_ recordings: [StoredRecording]) {
    for recording in recordings {
      byPath[recording.path] = recording
      if let media = recording.mediaID { pathsOfMedia[media, default: []].append(recording.path) }
      if let size = recording.size { pathsOfSize[size, default: []].append(recording.path) }
    }
  }

  /// A recording of this content whose file is gone: the new file is that one, moved.
  func moved(_ media: Int64) -> StoredRecording? {
    for path in pathsOfMedia[media] ?? [] {
      guard let recording = byPath[path], recording.mediaID == media,
        !FileManager.default.fileExists(atPath: path)
      else { continue }
      return recording
    }
    return nil
  }

  /// The readable recording that a file of this size and time was filed as: the one with its path,
  /// or one whose own file is gone.
  func unchanged(_ path: String, size: Int64, modified: Double) -> StoredRecording? {
    let isSame = { (recording: StoredRecording) in
      recording.mediaID != nil && recording.size == size && recording.modified == modified
    }
    if let recording = byPath[path] { return isSame(recording) ? recording : nil }
    return (pathsOfSize[size] ?? []).lazy.compactMap { byPath[$0] }.first {
      isSame($0) && !FileManager.default.fileExists(atPath: $0.path)
    }
  }
}
