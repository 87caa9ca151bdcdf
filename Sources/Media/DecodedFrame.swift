internal import CFFmpeg
internal import CFFmpegShim
public import Survey

/// One decoded frame, in the decoder's own pixels; `FrameScaler` makes pictures of it.
///
/// It shares the decoder's buffers, so hold no more of them than needed. Any thread may read it:
/// buffers are counted, and nothing changes them once a reader has given the frame.
public final class DecodedFrame: @unchecked Sendable {
  /// When the frame is shown.
  public let time: FrameTime
  /// Seconds that the container gives the frame; 0 where it gives none.
  public let durationSeconds: Double
  /// Whether the decoder says that parts are missing or wrong, of it or of what it may be predicted from.
  public internal(set) var isDamaged: Bool
  /// Whether it is a file of one picture, rather than a frame of a video.
  public let isPhoto: Bool
  /// How stored pixels become upright.
  public let orientation: Orientation
  let frame: UnsafeMutablePointer<AVFrame>
  let file: String

  /// Takes over `frame`'s contents.
  init(
    taking source: UnsafeMutablePointer<AVFrame>, time: FrameTime, durationSeconds: Double,
    isDamaged: Bool, isPhoto: Bool, orientation: Orientation, file: String
  ) throws(MediaError) {
    guard let own = av_frame_alloc() else {
      throw .unscalable(file: file, reason: "out of memory")
    }
    av_frame_move_ref(own, source)
    frame = own
    self.time = time
    self.durationSeconds = durationSeconds
    self.isDamaged = isDamaged
    self.isPhoto = isPhoto
    self.orientation = orientation
    self.file = file
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVFrame>? = frame
    av_frame_free(&doomed)
  }

  /// Bytes of the buffers that it shares.
  public var byteCount: Int {
    withUnsafeBytes(of: frame.pointee.buf) { bytes in
      bytes.bindMemory(to: UnsafeMutablePointer<AVBufferRef>?.self).reduce(0) {
        $0 + Int($1?.pointee.size ?? 0)
      }
    }
  }

  /// Sample aspect ratio as stored: width of a pixel over its height.
  private var pixelAspect: Double {
    let ratio = frame.pointee.sample_aspect_ratio
    guard ratio.num > 0, ratio.den > 0 else { return 1 }
    let value = Double(ratio.num) / Double(ratio.den)
    return (0.1...10).contains(value) ? value : 1
  }

  /// Width of the upright picture as shown, in pixels.
  public var width: Double {
    orientation.swapsSides
      ? Double(frame.pointee.height) : Double(frame.pointee.width) * pixelAspect
  }

  /// Height of the upright picture as shown, in pixels.
  public var height: Double {
    orientation.swapsSides
      ? Double(frame.pointee.width) * pixelAspect : Double(frame.pointee.height)
  }
}
