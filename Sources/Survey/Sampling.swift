/// Which frames of a recording are looked at.
public enum Sampling: Hashable, Sendable {
  /// Every frame.
  case all
  /// Frames that decode by themselves, the cheapest to reach.
  case keyframes
  /// One frame for every instant start + k × period; the frame shown at that instant.
  case period(microseconds: Int64)

  /// Reads `all`, `keyframes`, or a period such as `1s`, `0.2s`, `500ms`, `2min`.
  ///
  /// - Returns: `nil` when the text is none of these, or the period is not above zero.
  public init?(_ text: String) {
    switch text.lowercased() {
    case "all": self = .all
    case "keyframes": self = .keyframes
    default:
      let lowered = text.lowercased()
      let units: [(String, Double)] = [("ms", 1e3), ("min", 60e6), ("s", 1e6)]
      guard let (suffix, factor) = units.first(where: { lowered.hasSuffix($0.0) }),
        let value = Double(lowered.dropLast(suffix.count)), value.isFinite
      else { return nil }
      let microseconds = (value * factor).rounded()
      guard microseconds >= 1, microseconds < 1e15 else { return nil }
      self = .period(microseconds: Int64(microseconds))
    }
  }

  /// The one way this sampling is written in databases and exports: `all`, `keyframes`, or
  /// seconds such as `1` or `0.2`.
  public var canonicalText: String {
    switch self {
    case .all: "all"
    case .keyframes: "keyframes"
    case .period(let microseconds):
      microseconds % 1_000_000 == 0
        ? String(microseconds / 1_000_000) : String(Double(microseconds) / 1e6)
    }
  }
}

/// Chooses, from frames that come in presentation order, those that a sampling asks for.
///
/// A frame is shown from its own time until the next frame's, so the choice of a frame is known
/// when its successor arrives: `shows(until:)` answers for the frame given before.
public struct SampleClock: Sendable {
  /// Times nearer than this are the same instant; container time bases round to microseconds.
  private static let tolerance = 1e-6
  private let period: Double
  private let start: Double
  private var instant: Int64 = 0

  /// A clock that starts at the first frame.
  ///
  /// - Parameters:
  ///   - microseconds: the sampling period.
  ///   - start: the first frame's time in seconds, which is the first instant.
  public init(microseconds: Int64, start: Double) {
    period = Double(microseconds) / 1e6
    self.start = start
  }

  /// Whether a frame that is shown until `end` (seconds, exclusive) holds the next instant.
  ///
  /// Further instants within the same frame are passed over: a frame is taken at most once.
  public mutating func shows(until end: Double) -> Bool {
    var holds = false
    let reached = ((end - Self.tolerance - start) / period).rounded(.down)
    if reached >= Double(instant) {
      holds = true
      instant = Int64(reached) + 1
    }
    return holds
  }
}
