/// When a frame is shown: its presentation timestamp and what that is in seconds.
///
/// A time is always PTS × time base. Frame number ÷ frame rate is wrong for every video of
/// variable frame rate, which phones and many cameras record.
public struct FrameTime: Hashable, Sendable {
  /// Presentation timestamp in units of the stream's time base.
  public var pts: Int64
  /// `pts` × time base, in seconds, as ffprobe prints `pts_time`.
  public var seconds: Double

  /// A time from a timestamp and its value in seconds.
  public init(pts: Int64, seconds: Double) {
    self.pts = pts
    self.seconds = seconds
  }
}

/// Seconds written as people read them: `h:mm:ss.mmm`.
///
/// - Parameter seconds: seconds, rounded here to milliseconds; negative values keep their sign.
public func clockText(seconds: Double) -> String {
  let total = Int64((abs(seconds) * 1000).rounded())
  let text = { (value: Int64, digits: Int) -> String in
    let plain = String(value)
    return String(repeating: "0", count: max(0, digits - plain.count)) + plain
  }
  let sign = seconds < 0 && total > 0 ? "-" : ""
  return
    "\(sign)\(total / 3_600_000):\(text(total / 60_000 % 60, 2)):\(text(total / 1000 % 60, 2))"
    + ".\(text(total % 1000, 3))"
}
