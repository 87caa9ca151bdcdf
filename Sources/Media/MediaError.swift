/// Why a media file, or a part of it, cannot be read.
public enum MediaError: Error, Equatable, CustomStringConvertible {
  /// There is no file at this path.
  case notFound(file: String)
  /// The file's name is no text that this program can pass on.
  case unreadableName(file: String)
  /// What lies there is no file: a folder, a pipe, a device.
  case noFile(file: String)
  /// A symbolic link leads nowhere.
  case danglingLink(file: String, target: String)
  /// The system does not let the file be read.
  case unreadable(file: String, reason: String)
  /// The file holds no bytes.
  case empty(file: String)
  /// No demuxer or picture decoder knows the file.
  case notMedia(file: String, words: String)
  /// An MP4 or MOV file lacks its index, as after a camera lost power.
  case noIndex(file: String)
  /// The file has streams, but none is video.
  case noVideo(file: String, streams: [String])
  /// The video's codec has no decoder here.
  case unsupportedCodec(file: String, codec: String)
  /// Nothing could be decoded.
  case undecodable(file: String, codec: String, words: String)
  /// Scaling or colour conversion is not possible.
  case unscalable(file: String, reason: String)

  /// One sentence for a person: what is wrong, and where there is one, the remedy.
  public var description: String { "\(file): \(reason)" }

  /// The file that the error is about.
  public var file: String {
    switch self {
    case .notFound(let file), .unreadableName(let file), .noFile(let file),
      .danglingLink(let file, _),
      .unreadable(let file, _),
      .empty(let file), .notMedia(let file, _), .noIndex(let file), .noVideo(let file, _),
      .unsupportedCodec(let file, _), .undecodable(let file, _, _), .unscalable(let file, _):
      file
    }
  }

  /// The sentence without the file's name.
  public var reason: String {
    switch self {
    case .notFound: "there is no such file"
    case .unreadableName:
      "its name holds bytes that are not UTF-8 text (shown as \u{FFFD}); rename the file"
    case .noFile: "this is no file, but a folder, a pipe or a device"
    case .danglingLink(_, let target):
      "the link leads to \(target), which is not there; is its drive connected?"
    case .unreadable(_, let reason): "cannot be read (\(reason))"
    case .empty: "the file is empty (0 bytes); copy it from the card again"
    case .notMedia(_, let words):
      "this is not a video or picture that can be read, whatever its name says"
        + Self.quoted(words)
    case .noIndex:
      "the recording has no index (moov atom), as when a camera loses power while recording; "
        + "put the card back into the camera, which may repair it, or use a repair tool with a "
        + "good recording of the same camera"
    case .noVideo(_, let streams):
      "there is no picture in it, only \(streams.joined(separator: ", "))"
    case .unsupportedCodec(_, let codec):
      "its video is \(codec), which this FFmpeg cannot decode; convert it to H.264"
    case .undecodable(_, let codec, let words):
      "no picture in it could be decoded (\(codec))" + Self.quoted(words)
        + (codec == "webp"
          ? "; if it is animated, save its pictures one by one: FFmpeg reads no such WebP" : "")
    case .unscalable(_, let reason): "its frames cannot be converted (\(reason))"
    }
  }

  private static func quoted(_ words: String) -> String {
    words.isEmpty ? "" : " (FFmpeg says: \(words))"
  }
}
