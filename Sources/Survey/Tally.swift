/// What a deployment's frames show, as counts per label; the input of all tallies.
public struct DeploymentCounts: Sendable {
  /// One recording's part.
  public struct Recording: Sendable {
    /// Path as shown in tallies.
    public var name: String
    /// Seconds from the deployment's start to this recording's first frame.
    public var offsetSeconds: Double
    /// Time of the recording's first frame in its own timeline, in seconds.
    public var startSeconds: Double
    /// Usable video in seconds.
    public var effortSeconds: Double
    /// Sampled usable frames, those without individuals too.
    public var frames: Int
    /// Numbers of the five-minute periods of the deployment in which frames were sampled.
    public var periods: Set<Int>
    /// Frames with at least one individual, in presentation order.
    public var sightings: [Sighting]

    /// A recording's part of a deployment.
    public init(
      name: String, offsetSeconds: Double, startSeconds: Double, effortSeconds: Double,
      frames: Int, periods: Set<Int>, sightings: [Sighting]
    ) {
      self.name = name
      self.offsetSeconds = offsetSeconds
      self.startSeconds = startSeconds
      self.effortSeconds = effortSeconds
      self.frames = frames
      self.periods = periods
      self.sightings = sightings
    }
  }

  /// The individuals of one label in one frame.
  public struct Sighting: Sendable, Hashable {
    /// When.
    public var time: FrameTime
    /// Which label.
    public var label: String
    /// How many, at least one.
    public var count: Int
    /// How many of them a reviewer has confirmed or named.
    public var verified: Int

    /// Some individuals of one label in one frame.
    public init(time: FrameTime, label: String, count: Int, verified: Int = 0) {
      self.time = time
      self.label = label
      self.count = count
      self.verified = verified
    }
  }

  /// The recordings in the order they were made.
  public var recordings: [Recording]

  /// A deployment's counts.
  public init(recordings: [Recording]) { self.recordings = recordings }
}

/// The measures of one label in one deployment.
public struct Tally: Sendable, Equatable {
  /// Length of the periods that `meanN` and `totN` are taken over, in seconds.
  public static let periodSeconds = 300.0

  /// The most individuals in one frame (MaxN, Priede and others 1994); 0 when none were seen.
  public var maxN = 0
  /// Index of the recording with the first frame that shows `maxN`; `nil` when none were seen.
  public var maxNRecording: Int?
  /// How many of that frame's individuals a reviewer has confirmed or named.
  public var maxNVerified = 0
  /// That frame's time in its recording.
  public var maxNTime: FrameTime?
  /// Seconds from the deployment's start to that frame.
  public var maxNSeconds: Double?
  /// Seconds from the deployment's start to the first individual.
  public var firstSeenSeconds: Double?
  /// Mean individuals over all sampled frames (MeanCount, Bacheler and Shertzer 2015).
  public var meanCount = 0.0
  /// Mean of the five-minute periods' MaxN (Stobart and others 2015).
  public var meanN = 0.0
  /// Sum of the five-minute periods' MaxN (Stobart and others 2015).
  public var totN = 0
  /// Five-minute periods in which frames were sampled.
  public var periods = 0
  /// Sampled frames.
  public var frames = 0
  /// Usable video in seconds.
  public var effortSeconds = 0.0

  /// Measures one label; everything is zero where it was not seen.
  public init(of label: String, in counts: DeploymentCounts) {
    var individuals = 0
    var periodMaxima: [Int: Int] = [:]
    var periods: Set<Int> = []
    for (index, recording) in counts.recordings.enumerated() {
      frames += recording.frames
      effortSeconds += recording.effortSeconds
      periods.formUnion(recording.periods)
      for sighting in recording.sightings where sighting.label == label {
        let seconds =
          recording.offsetSeconds + sighting.time.seconds - recording.startSeconds
        individuals += sighting.count
        let period = Tally.period(seconds: seconds)
        periodMaxima[period] = max(periodMaxima[period] ?? 0, sighting.count)
        firstSeenSeconds = min(firstSeenSeconds ?? seconds, seconds)
        if sighting.count > maxN {
          maxN = sighting.count
          maxNVerified = sighting.verified
          maxNRecording = index
          maxNTime = sighting.time
          maxNSeconds = seconds
        }
      }
    }
    meanCount = frames == 0 ? 0 : Double(individuals) / Double(frames)
    totN = periodMaxima.values.reduce(0, +)
    self.periods = periods.union(periodMaxima.keys).count
    meanN = self.periods == 0 ? 0 : Double(totN) / Double(self.periods)
  }

  /// The measures of several deployments together, as for a site.
  ///
  /// MaxN is the largest of theirs, with the first deployment's evidence that has it; means are
  /// taken over all their frames and periods.
  ///
  /// - Returns: the tally, and the index of the part that MaxN is from.
  public static func combined(_ parts: [Tally]) -> (tally: Tally, maxNPart: Int?) {
    var best: Int?
    for (index, part) in parts.enumerated() where part.maxN > best.map({ parts[$0].maxN }) ?? 0 {
      best = index
    }
    var result = best.map { parts[$0] } ?? Tally()
    result.firstSeenSeconds = parts.compactMap(\.firstSeenSeconds).min()
    result.totN = parts.reduce(0) { $0 + $1.totN }
    result.frames = parts.reduce(0) { $0 + $1.frames }
    result.periods = parts.reduce(0) { $0 + $1.periods }
    result.effortSeconds = parts.reduce(0) { $0 + $1.effortSeconds }
    let individuals = parts.reduce(0.0) { $0 + $1.meanCount * Double($1.frames) }
    result.meanCount = result.frames == 0 ? 0 : individuals / Double(result.frames)
    result.meanN = result.periods == 0 ? 0 : Double(result.totN) / Double(result.periods)
    return (result, best)
  }

  /// Nothing seen, nothing looked at.
  public init() {}

  /// The most individuals of one label that a centroid decoder can surely tell apart on a grid.
  ///
  /// Those with a cell between them, in both directions. Of a model with sizes, `peak` finds some
  /// that are nearer, too.
  public static func ceiling(gridWidth: Int, gridHeight: Int) -> Int {
    ((gridWidth + 1) / 2) * ((gridHeight + 1) / 2)
  }

  /// The number of the five-minute period that holds a time of the deployment.
  public static func period(seconds: Double) -> Int {
    Int((max(0, seconds) / periodSeconds).rounded(.down))
  }
}
