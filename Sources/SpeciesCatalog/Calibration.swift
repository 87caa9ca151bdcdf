internal import Foundation

/// What makes probabilities of a file's scores, without and with motion to see.
public struct Calibration: Sendable, Hashable, Codable {
  /// A straight line in log-odds: ln(q ÷ (1 − q)) = scale × ln(p ÷ (1 − p)) + offset, p held to
  /// 1e-6 … 1 − 1e-6 (Platt 1999).
  public struct Line: Sendable, Hashable, Codable {
    /// Slope; above 0, so that the order of scores stays.
    public var scale: Double
    /// What is added.
    public var offset: Double

    /// A line.
    public init(scale: Double, offset: Double) {
      self.scale = scale
      self.offset = offset
    }

    /// The probability q of a score p.
    public func probability(of score: Double) -> Double {
      1 / (1 + exp(-(scale * Self.logOdds(score) + offset)))
    }

    /// The score p that has a probability q.
    public func score(of probability: Double) -> Double {
      1 / (1 + exp(-(Self.logOdds(probability) - offset) / scale))
    }

    private static func logOdds(_ score: Double) -> Double {
      let held = min(max(score, 1e-6), 1 - 1e-6)
      return log(held / (1 - held))
    }
  }

  /// Where the model is shown no motion: it has none, there is no background, or the camera moves.
  public var still: Line
  /// Where it is shown what moves; absent for models without motion.
  public var moving: Line?

  /// Lines without and with motion.
  public init(still: Line, moving: Line? = nil) {
    self.still = still
    self.moving = moving
  }
}
