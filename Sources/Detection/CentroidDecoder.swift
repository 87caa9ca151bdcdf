/// How individuals are read off a grid of scores.
public enum CentroidDecoder: String, Sendable, CaseIterable, Codable {
  /// A local maximum over its eight neighbours is an individual; where sizes are known, so is what
  /// the individual at a maximum does not explain in the cells around it.
  case peak
  /// What a device running Edge Impulse's SDK reports.
  case edgeImpulse = "edge-impulse"

  /// The names that commands and cards use.
  public static let names = Set(allCases.map(\.rawValue))

  /// Whether detections of one decoding answer for every threshold above theirs.
  ///
  /// Edge Impulse's joins cells by threshold, so another threshold needs another decoding.
  public var threshold: ThresholdUse { self == .peak ? .counting : .decoding }

  /// When a threshold takes effect.
  public enum ThresholdUse: Sendable {
    /// When detections are counted.
    case counting
    /// When the grid is decoded.
    case decoding
  }

  /// Decodes a grid.
  ///
  /// - Parameters:
  ///   - grid: scores 0…1.
  ///   - background: the channel that means “nothing”, if any.
  ///   - thresholds: for each channel, the score from which cells are looked at.
  ///   - sizes: `height × width × 2`: log2 of width and height, in cells, of the individual at each
  ///     cell; empty where they are not known. `edge-impulse` does not look at them.
  /// - Returns: individuals; `peak` row by row, `edge-impulse` in the SDK's order.
  public func decode(
    _ grid: ScoreGrid, background: Int?, thresholds: [Float], sizes: [Float] = []
  ) -> [GridDetection] {
    precondition(thresholds.count == grid.channels, "one threshold a channel")
    precondition(
      sizes.isEmpty || sizes.count == grid.width * grid.height * 2, "two sides a cell")
    switch self {
    case .peak:
      return Self.peaks(grid, background: background, thresholds: thresholds, sizes: sizes)
    case .edgeImpulse: return Self.cubes(grid, background: background, thresholds: thresholds)
    }
  }
}
