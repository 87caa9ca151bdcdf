internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore

/// Brings the survey's recordings up to date with the files that were found.
struct Filing {
  let store: SurveyStore
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
    let known = try store.recordings()
    var byPath = Dictionary(known.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
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
      if let row = item.row { try store.describe(deployment.id, by: row) }
      var recording = StoredRecording(
        id: byPath[item.file.path]?.id ?? 0, deploymentID: deployment.id, mediaID: nil,
        path: item.file.path, name: item.name)
      do {
        let content = try content(of: item.file.path, known: byPath[item.file.path])
        recording.mediaID = content.media
        recording.size = content.size
        recording.modified = content.modified
        result.seconds[content.media] = content.seconds
        if recording.id == 0, let moved = movedRecording(content.media, in: byPath) {
          byPath[moved.path] = nil
          recording.id = moved.id
        }
      } catch let error as MediaError {
        recording.reason = error.reason
        result.failed.append(
          RecordingOutcome(path: item.file.path, status: .failed, reason: error.reason, frames: 0))
      }
      recording.id = try store.save(recording)
      byPath[recording.path] = recording
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

  /// A recording of this content whose file is gone: the new file is that one, moved.
  private func movedRecording(_ media: Int64, in byPath: [String: StoredRecording])
    -> StoredRecording?
  {
    byPath.values.filter { $0.mediaID == media }.sorted { $0.path < $1.path }.first {
      !FileManager.default.fileExists(atPath: $0.path)
    }
  }

  private struct Content {
    var media: Int64
    var size: Int64
    var modified: Double
    var seconds: Double
  }

  /// The content of a file; read only if the file has changed since it was filed.
  private func content(of path: String, known: StoredRecording?) throws -> Content {
    let now = FileIdentity.sizeAndTime(path)
    if let known, let media = known.mediaID, let now, known.size == now.size,
      known.modified == now.modified
    {
      return Content(
        media: media, size: now.size, modified: now.modified,
        seconds: try store.duration(media: media) ?? 0)
    }
    // Opening comes first: it has the better words for what is no media at all.
    let info = try MediaFile(path: path, threads: 1).info
    let (hash, size) = try ContentHash.hash(path: path)
    let media = try store.media(
      MediaDescription(
        contentHash: hash, size: size, kind: info.kind.rawValue, codec: info.codec,
        width: info.width, height: info.height, durationSeconds: info.durationSeconds,
        creationTime: info.creationTime, timeBase: info.timeBase))
    return Content(
      media: media, size: size, modified: now?.modified ?? 0, seconds: info.durationSeconds ?? 0)
  }
}
