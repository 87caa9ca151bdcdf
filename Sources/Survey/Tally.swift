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

    /// Some individuals of one label in one frame.
    public init(time: FrameTime, label: String, count: Int) {
      self.time = time
      self.label = label
      self.count = count
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

  /// The most individuals in one frame (MaxN, Priede et al. 1994); 0 when none were seen.
  public var maxN = 0
  /// Index of the recording with the first frame that shows `maxN`; `nil` when none were seen.
  public var maxNRecording: Int?
  /// That frame's time in its recording.
  public var maxNTime: FrameTime?
  /// Seconds from the deployment's start to that frame.
  public var maxNSeconds: Double?
  /// Seconds from the deployment's start to the first individual.
  public var firstSeenSeconds: Double?
  /// Mean individuals over all sampled frames (MeanCount, Bacheler and Shertzer 2015).
  public var meanCount = 0.0
  /// Mean of the five-minute periods' MaxN (Stobart et al. 2015).
  public var meanN = 0.0
  /// Sum of the five-minute periods' MaxN (Stobart et al. 2015).
  public var totN = 0
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
          maxNRecording = index
          maxNTime = sighting.time
          maxNSeconds = seconds
        }
      }
    }
    meanCount = frames == 0 ? 0 : Double(individuals) / Double(frames)
    totN = periodMaxima.values.reduce(0, +)
    let sampled = periods.union(periodMaxima.keys).count
    meanN = sampled == 0 ? 0 : Double(totN) / Double(sampled)
  }

  /// The number of the five-minute period that holds a time of the deployment.
  public static func period(seconds: Double) -> Int {
    Int((max(0, seconds) / periodSeconds).rounded(.down))
  }
}
