/// The part of a deployment in which its camera stands at its place: without descent and retrieval.
public struct UsableWindow: Sendable, Hashable {
  /// Seconds into the deployment from which its video is usable; `nil` is its start.
  public var from: Double?
  /// Seconds into the deployment up to which its video is usable; `nil` is its end.
  public var to: Double?

  /// A frame of the deployment.
  public struct Sample: Sendable {
    /// Seconds into the deployment.
    public var seconds: Double
    /// How it looks.
    public var appearance: FrameAppearance

    /// A frame of a deployment.
    public init(seconds: Double, appearance: FrameAppearance) {
      self.seconds = seconds
      self.appearance = appearance
    }
  }

  /// A window with these limits.
  public init(from: Double? = nil, to: Double? = nil) {
    self.from = from
    self.to = to
  }

  /// Whether it leaves nothing out.
  public var isWhole: Bool { from == nil && to == nil }

  /// The camera stands when what it sees has been as the place looks for so long, in seconds.
  public static let settledSeconds = 30.0
  /// Seconds to each side over which a frame's difference from the place is a median, so that no
  /// single fish before the lens counts.
  private static let smoothingSeconds = 7.5
  /// As much of what follows must look like the place, or it is none.
  private static let leastSettled = 0.9
  /// Fewer frames in a third of a deployment say nothing.
  private static let fewestSamples = 12
  /// Grey levels of difference that any place may show; what shows more than `mostLimit` now and
  /// then is none.
  private static let leastLimit = 8.0, mostLimit = 20.0
  /// Shorter trims, in seconds, are none.
  private static let shortest = 5.0

  /// Finds it by brightness and motion.
  ///
  /// How the place looks at the start is the median, by block, of the second half of the
  /// deployment's first third, and where that shows no one place, of its first half. Where frames
  /// have become like that and stay so for `settledSeconds`, the camera stands; the window begins
  /// behind the last frame before that which clearly differs, and ends the same way, seen from the
  /// end. Descent, the boat's deck and the surface differ. What never settles, as a camera held in
  /// hand, is left whole.
  ///
  /// - Parameters:
  ///   - samples: frames in the order of their times.
  ///   - seconds: length of the deployment.
  public init(found samples: [Sample], seconds: Double) {
    let isTrim = { (settled: Double) in settled >= Self.shortest }
    from = Self.settling(samples.map { ($0.seconds, $0.appearance) }, seconds).flatMap {
      isTrim($0) ? $0 : nil
    }
    to = Self.settling(samples.reversed().map { (seconds - $0.seconds, $0.appearance) }, seconds)
      .flatMap { isTrim($0) ? seconds - $0 : nil }
  }

  /// When a camera has settled, in seconds from one end of a deployment; `nil` where it does not.
  private static func settling(
    _ samples: [(seconds: Double, appearance: FrameAppearance)], _ seconds: Double
  ) -> Double? {
    for part in [seconds / 3, seconds / 2] {
      if let settled = settling(samples.filter { $0.seconds <= part }, within: part) {
        return settled
      }
    }
    return nil
  }

  private static func settling(
    _ samples: [(seconds: Double, appearance: FrameAppearance)], within part: Double
  ) -> Double? {
    let settled = samples.filter { $0.seconds >= part / 2 }.map(\.appearance)
    guard samples.count >= fewestSamples, settled.count >= fewestSamples / 2 else { return nil }
    let place = FrameAppearance(
      brightness: 0, detail: 0,
      blocks: settled[0].blocks.indices.map { block in median(settled.map { $0.blocks[block] }) })
    let apart = samples.map { $0.appearance.distance(to: place) }
    let usual = median(settled.map { $0.distance(to: place) })
    let deviation = median(settled.map { abs($0.distance(to: place) - usual) })
    let limit = max(usual + 6 * deviation, 2 * usual, leastLimit)
    guard limit <= mostLimit else { return nil }
    var (low, high) = (0, 0)
    let smooth = samples.indices.map { index in
      let seconds = samples[index].seconds
      while samples[low].seconds < seconds - smoothingSeconds, low < index { low += 1 }
      while high < samples.count, samples[high].seconds <= seconds + smoothingSeconds { high += 1 }
      return median(Array(apart[low..<high]))
    }
    let isSettled = smooth.map { $0 <= limit }
    var since: Int?
    for (index, sample) in samples.enumerated() {
      guard isSettled[index] else {
        since = nil
        continue
      }
      let begin = since ?? index
      since = begin
      let start = samples[begin].seconds
      if sample.seconds - start >= settledSeconds || index == samples.count - 1 {
        let after = isSettled[begin...]
        let isPlace = Double(after.count(where: \.self)) >= leastSettled * Double(after.count)
        guard isPlace else { return nil }
        // What differs little may be the place in another light, and is not left out.
        let clear = smooth[..<begin].lastIndex { $0 > 2 * limit }
        return clear.map { samples[$0 + 1].seconds } ?? 0
      }
    }
    return nil
  }

  private static func median<Value: Comparable>(_ values: [Value]) -> Value {
    values.sorted()[(values.count - 1) / 2]
  }
}
