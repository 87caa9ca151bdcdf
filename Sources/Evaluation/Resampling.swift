/// Confidence intervals by resampling videos with replacement: frames of one video are
/// near-duplicates, so resampling frames would promise too much (bootstrap percentiles, Efron 1979).
enum Resampling {
  /// Rounds of resampling.
  static let rounds = 1000

  /// The middle 95 % of each figure over the rounds.
  ///
  /// Rounds in which a figure does not exist are passed over. The sequence of random numbers is
  /// always the same.
  ///
  /// - Parameters:
  ///   - videos: numbers of the videos to draw from.
  ///   - count: number of all videos.
  ///   - figures: figures by how many times each video was drawn.
  /// - Returns: nothing where there are fewer than two videos.
  static func intervals(
    _ videos: [Int], of count: Int, _ figures: (_ weights: [Int]) -> Figures
  ) -> [Figure: ClosedRange<Double>] {
    guard videos.count > 1 else { return [:] }
    var random = RandomSequence(seed: 20_240_501)
    var values: [Figure: [Double]] = [:]
    for _ in 0..<rounds {
      var weights = [Int](repeating: 0, count: count)
      for _ in videos { weights[videos[Int(random.next() % UInt64(videos.count))]] += 1 }
      let round = figures(weights)
      for figure in Figure.allCases {
        if let value = round[figure] { values[figure, default: []].append(value) }
      }
    }
    return values.compactMapValues { values in
      // A figure that most rounds lack has no interval worth stating.
      guard values.count * 2 > rounds else { return nil }
      let sorted = values.sorted()
      return quantile(sorted, 0.025)...quantile(sorted, 0.975)
    }
  }

  /// A quantile of sorted values, between neighbours in proportion.
  static func quantile(_ sorted: [Double], _ share: Double) -> Double {
    let place = share * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    return sorted[lower] + (sorted[upper] - sorted[lower]) * (place - Double(lower))
  }
}

/// Random numbers that are always the same (SplitMix64, Steele and others 2014).
private struct RandomSequence {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
