internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore
internal import Synchronization

/// Makes JPEGs of single frames, decoded when they are asked for.
final class PictureMaker: Sendable {
  /// How large.
  enum Size: String, Sendable {
    /// For looking at one frame.
    case picture
    /// For lists.
    case thumbnail

    /// Limit of the longer side in pixels.
    var longestSide: Int {
      switch self {
      case .picture: 1280
      case .thumbnail: 320
      }
    }
    var quality: Int { self == .picture ? 88 : 75 }
  }

  private struct Key: Hashable {
    var frame: Int64
    var size: Size
  }

  /// Not for two threads at once: `Mutex` sees to that.
  private struct Worker {
    let scaler = FrameScaler()
    var file: (path: String, media: MediaFile)?

    /// Decodes a frame; the file stays open for the next one, which is mostly of the same.
    mutating func jpeg(of frame: ReviewFrame, path: String, size: Size) throws -> [UInt8] {
      let isOpen = file?.path == path && file?.media.info.kind == .video
      let media = isOpen ? file?.media : nil
      let source = try media ?? MediaFile(path: path, threads: size == .picture ? 0 : 1)
      file = nil
      guard let decoded = try source.frame(atPTS: frame.time.pts) else {
        throw ReviewServerError.frameMissing(file: path, seconds: frame.time.seconds)
      }
      file = (path, source)
      let picture = try scaler.picture(of: decoded, longestSide: size.longestSide)
      return try JPEG.encode(picture, quality: size.quality)
    }
  }

  // A list's thumbnails never keep the picture waiting that somebody looks at.
  private let pictures = WorkQueue("fishcam.review.pictures", isSerial: true)
  private let thumbnails = WorkQueue("fishcam.review.thumbnails", isSerial: true)
  private let pictureWorker = Mutex(Worker())
  private let thumbnailWorker = Mutex(Worker())
  private let kept = Mutex(RecentValues<Key, [UInt8]>(limit: 48 << 20))

  /// The JPEG of a frame.
  ///
  /// - Parameters:
  ///   - files: where its video may lie.
  ///   - evidence: the picture that was kept of it, for when no file is there.
  /// - Throws: `ReviewServerError.videoMissing`, `frameMissing`, `MediaError`.
  func jpeg(of frame: ReviewFrame, files: [ReviewFile], evidence: [UInt8]?, size: Size) async throws
    -> [UInt8]
  {
    let key = Key(frame: frame.id, size: size)
    if let known = kept.withLock({ $0[key] }) { return known }
    return try await (size == .picture ? pictures : thumbnails).run { [self] in
      if let known = kept.withLock({ $0[key] }) { return known }
      guard let path = Self.present(files) else {
        if let evidence { return evidence }
        throw ReviewServerError.videoMissing(files: files.map(\.path))
      }
      let bytes =
        if size == .picture {
          try pictureWorker.withLock { try $0.jpeg(of: frame, path: path, size: size) }
        } else {
          try thumbnailWorker.withLock { try $0.jpeg(of: frame, path: path, size: size) }
        }
      kept.withLock { $0.keep(bytes, for: key, cost: bytes.count) }
      return bytes
    }
  }

  /// The first of the files that is there with the size that it was hashed at.
  static func present(_ files: [ReviewFile]) -> String? {
    files.first { file in
      guard let found = try? FileManager.default.attributesOfItem(atPath: file.path),
        let size = found[.size] as? Int64 ?? (found[.size] as? NSNumber)?.int64Value
      else { return false }
      return file.size == nil || file.size == size
    }?.path
  }
}
