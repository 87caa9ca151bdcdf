/// A recording in equal parts of limited length, each with a background of its own: light and
/// current drift in a long one.
public struct Stretches: Sendable, Equatable {
  /// No stretch is longer, in seconds.
  public static let longestSeconds = 600.0

  /// Time of the recording's first frame in its own timeline, in seconds.
  public let startSeconds: Double
  /// Length of each stretch in seconds.
  public let seconds: Double
  /// How many there are; at least one.
  public let count: Int

  /// The stretches of a recording.
  ///
  /// - Parameters:
  ///   - startSeconds: time of the first frame.
  ///   - durationSeconds: its length.
  ///   - longest: no stretch is longer, in seconds.
  public init(
    startSeconds: Double, durationSeconds: Double, longest: Double = longestSeconds
  ) {
    let parts = (durationSeconds / longest - 1e-6).rounded(.up)
    count = parts.isFinite ? Int(min(1e6, max(1, parts))) : 1
    seconds = durationSeconds / Double(count)
    self.startSeconds = startSeconds
  }

  /// The stretch that holds a time of the recording; the first and last hold what lies outside.
  public func index(at time: Double) -> Int {
    guard seconds > 0, time > startSeconds else { return 0 }
    return Int(min(Double(count - 1), ((time - startSeconds) / seconds).rounded(.down)))
  }

  /// When a stretch begins, in seconds of the recording's timeline; `count` is the last one's end.
  public func start(of stretch: Int) -> Double { startSeconds + Double(stretch) * seconds }

  /// A stretch for people, counted from the recording's start: `0:10:00–0:20:00`.
  public func text(of stretch: Int) -> String {
    let clock = { (number: Int) in
      clockText(seconds: (Double(number) * seconds).rounded()).dropLast(".000".count)
    }
    return clock(stretch) + "–" + clock(stretch + 1)
  }

  /// Instants spread evenly over a stretch, in seconds: the middles of equal parts.
  public func instants(of stretch: Int, count parts: Int = Background.mostFrames) -> [Double] {
    (0..<parts).map { part in
      let share = Double(2 * part + 1) / Double(2 * parts)
      return startSeconds + (Double(stretch) + share) * seconds
    }
  }
}
