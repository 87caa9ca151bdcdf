internal import Foundation
internal import Survey

/// A media file of either kind, opened for reading its frames.
public final class MediaFile {
  /// What the file says of itself.
  public let info: MediaInfo
  private let steady: SteadyReader?
  private var video: VideoReader? { steady?.reader }
  private var photo: DecodedFrame?
  private var photoWarning: String?

  /// File name extensions, lowercased, of the media that a survey's folders are searched for.
  public static let extensions: Set<String> = [
    "mp4", "mov", "mkv", "avi", "m4v", "mts", "m2ts", "ts", "mpg", "mpeg", "vob", "wmv", "asf",
    "webm", "ogv", "flv", "3gp", "3g2", "mxf", "dv", "insv", "360", "jpg", "jpeg", "png", "bmp",
    "tif", "tiff", "webp",
  ]

  /// Opens a video or picture; the file's content decides which, not its name.
  ///
  /// - Parameters:
  ///   - keyframesOnly: give only frames that decode by themselves.
  ///   - threads: threads that the decoder may use; 0 is one a core.
  /// - Throws: `MediaError`.
  public init(path: String, keyframesOnly: Bool = false, threads: Int = 0) throws(MediaError) {
    let first = try Self.firstBytes(path)
    if JPEG.isJPEG(first) {
      let decoded = try JPEG.decode([UInt8](try Self.contents(path)), file: path)
      let frame = try DecodedFrame(
        decoded.stored, orientation: decoded.exif.orientation, file: path)
      steady = nil
      photo = frame
      photoWarning = decoded.warning
      info = MediaInfo(
        kind: .photo, codec: "jpeg", width: Int(frame.width), height: Int(frame.height),
        durationSeconds: nil, framesPerSecond: nil, timeBase: (1, 1),
        creationTime: decoded.exif.isoDateTime)
      return
    }
    let reader: SteadyReader
    do {
      reader = try SteadyReader(path: path, keyframesOnly: keyframesOnly, threads: threads)
    } catch .noIndex where !Self.beginsWithBox(first) {
      // FFmpeg takes anything named .mp4 for one and then misses its index.
      throw .notMedia(file: path, words: "")
    }
    steady = reader
    info = reader.reader.info
  }

  /// The next frame, of which a photo has one; `nil` at the end.
  public func next() throws(MediaError) -> DecodedFrame? {
    if let steady { return try steady.next() }
    defer { photo = nil }
    return photo
  }

  /// What was wrong on the way, if anything.
  public var damage: VideoReader.Damage? {
    if let video { return video.damage }
    return photoWarning.map { VideoReader.Damage(count: 1, words: $0, endsEarly: false) }
  }

  /// The frame that is shown at a timestamp, found by seeking; for looking at single frames.
  ///
  /// - Returns: `nil` when the file has no frame at exactly that timestamp.
  public func frame(atPTS pts: Int64) throws(MediaError) -> DecodedFrame? {
    guard let steady else { return try next() }
    if steady.seek(toKeyframeBefore: pts) {
      // Some containers' seeking lands late, past the frame or past the last keyframe: then only
      // reading from the start finds it.
      if let frame = try? Self.frame(atPTS: pts, in: steady) { return frame }
      if !steady.seek(toKeyframeBefore: Int64.min / 4) { return nil }
    }
    return try Self.frame(atPTS: pts, in: steady)
  }

  private static func frame(atPTS pts: Int64, in video: SteadyReader) throws(MediaError)
    -> DecodedFrame?
  {
    while let frame = try video.next() {
      if frame.time.pts == pts { return frame }
      if frame.time.pts > pts { return nil }
    }
    return nil
  }

  /// Has only those frames decoded that a sampling period asks for, and what they need; `false` where the file
  /// does not allow it.
  func choose(periodMicroseconds period: Int64) -> Bool {
    steady?.choose(periodMicroseconds: period) ?? false
  }

  /// What says which of the decoded frames a sampling period asks for.
  var chooser: PacketChooser? { video?.chooser }

  /// Has a keyframe of this file, decoded by another reader, given in its turn, instead of decoding
  /// it again; where keyframes alone are read.
  public func know(_ keyframe: DecodedFrame) { video?.know(keyframe) }

  /// Goes to the last keyframe before a timestamp; whether the file can do so.
  func seek(before pts: Int64) -> Bool { steady?.seek(toKeyframeBefore: pts - 1) ?? false }

  /// Whether a video goes on to within a second of the length that it states.
  ///
  /// A file that was cut off has no keyframe near its stated end; nor has a short one of few keyframes, or one
  /// of a container that seeks late, whose last packets are looked for. Frames are not to be read from it
  /// afterwards.
  public func reachesEnd(afterSeconds seconds: Double) -> Bool {
    guard let video else { return true }
    let end = video.startSeconds + seconds
    var isFound = false
    try? video.keyframes(before: [end], step: 0, { _ in isFound = true }, { true })
    if isFound { return true }
    if video.seek(toKeyframeBefore: end), let last = video.lastPacketEndSeconds() {
      return last > end - 1
    }
    // Some containers cannot be sought in once they have been read.
    let again = try? MediaFile(path: video.file, threads: 1).video
    return (again?.lastPacketEndSeconds() ?? -.infinity) > end - 1
  }

  /// Whether a file begins as MP4 and MOV files do: with a box of a known type.
  private static func beginsWithBox(_ first: [UInt8]) -> Bool {
    guard first.count >= 8 else { return false }
    let type = String(decoding: first[4..<8], as: UTF8.self)
    return ["ftyp", "mdat", "moov", "wide", "free", "skip", "pnot", "uuid", "moof", "styp"]
      .contains(type)
  }

  private static func firstBytes(_ path: String) throws(MediaError) -> [UInt8] {
    let manager = FileManager.default
    if let target = try? manager.destinationOfSymbolicLink(atPath: path),
      !manager.fileExists(atPath: path)
    {
      throw .danglingLink(file: path, target: target)
    }
    guard manager.fileExists(atPath: path) else {
      // What the system's listing cannot say as text comes with a replacement character.
      throw path.contains("\u{FFFD}") ? .unreadableName(file: path) : .notFound(file: path)
    }
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw .noFile(file: path)
    }
    let handle: FileHandle
    do {
      handle = try FileHandle(forReadingFrom: URL(filePath: path))
    } catch {
      throw .unreadable(file: path, reason: "permission or disk error")
    }
    defer { handle.closeFile() }
    let bytes: Data?
    do { bytes = try handle.read(upToCount: 16) } catch {
      throw .unreadable(file: path, reason: "the disk gives an error")
    }
    guard let bytes, !bytes.isEmpty else { throw .empty(file: path) }
    return [UInt8](bytes)
  }

  private static func contents(_ path: String) throws(MediaError) -> Data {
    do { return try Data(contentsOf: URL(filePath: path)) } catch {
      throw .unreadable(file: path, reason: "the disk gives an error")
    }
  }
}
