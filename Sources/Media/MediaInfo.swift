/// What a media file says of itself, before any frame is decoded.
public struct MediaInfo: Sendable, Equatable {
  /// Whether the file is a recording in time or one picture.
  public enum Kind: String, Sendable {
    /// Frames with times.
    case video
    /// One picture at time 0.
    case photo
  }

  /// Video or photo.
  public var kind: Kind
  /// FFmpeg's short name of the codec: `h264`, `hevc`, `mjpeg`, ….
  public var codec: String
  /// Width of the upright picture as shown, in pixels (the sample aspect ratio applied).
  public var width: Int
  /// Height of the upright picture as shown, in pixels.
  public var height: Int
  /// Duration of the video stream as the container states it, in seconds; `nil` where unstated.
  public var durationSeconds: Double?
  /// Frames a second on average, as the container states it; `nil` where unstated.
  public var framesPerSecond: Double?
  /// The stream's time base as numerator and denominator of a second.
  public var timeBase: (numerator: Int, denominator: Int)
  /// When the camera says that it began, ISO 8601; photos carry no offset from UTC.
  public var creationTime: String?

  /// Memberwise equality; tuples do not synthesise it.
  public static func == (a: MediaInfo, b: MediaInfo) -> Bool {
    a.kind == b.kind && a.codec == b.codec && a.width == b.width && a.height == b.height
      && a.durationSeconds == b.durationSeconds && a.framesPerSecond == b.framesPerSecond
      && a.timeBase == b.timeBase
      && a.creationTime == b.creationTime
  }
}
