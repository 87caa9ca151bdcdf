/// Where a deployment's recordings lie in time, by their names, lengths and the camera's clock, and
/// what is doubtful about it.
///
/// Chapters of one GoPro recording follow each other without a gap, whatever times they carry:
/// cameras write the first chapter's into all of them, or each its own. Between other recordings
/// the clock says how long the camera was off; where it says nothing, or nonsense, nothing is taken
/// to lie between them.
public struct DeploymentTimeline: Sendable, Equatable {
  /// A recording as its file describes it.
  public struct Recording: Sendable, Equatable {
    /// Path relative to the deployment's folder.
    public var name: String
    /// When the camera says that it began; `nil` where it says nothing.
    public var clock: WallClock?
    /// Length in seconds; `nil` where unknown.
    public var seconds: Double?

    /// A recording.
    public init(name: String, clock: WallClock?, seconds: Double?) {
      self.name = name
      self.clock = clock
      self.seconds = seconds
    }

    /// A recording with its time as the file has it, ISO 8601; without an offset it is UTC.
    public init(name: String, creationTime: String?, seconds: Double?) {
      self.init(
        name: name, clock: creationTime.flatMap { WallClock(iso8601: $0, defaultOffset: 0) },
        seconds: seconds)
    }
  }

  /// Something to know about the times.
  public enum Remark: Sendable, Equatable {
    /// The camera was off between two recordings.
    case gap(before: Int, seconds: Double)
    /// A recording begins, by the clock, before the one before it ends.
    case overlap(of: Int, seconds: Double)
    /// A clock that was never set: the years in which cameras wake up.
    case unsetClock(Int)
    /// A chapter's time is neither the first chapter's nor where it should be.
    case chapterClock(Int, seconds: Double)
    /// A chapter is missing between two others, or before the first.
    case missingChapter(before: Int)
  }

  /// Seconds from the start of the first recording to that of each.
  public let starts: [Double]
  /// What is to be known.
  public let remarks: [Remark]
  private let names: [String]

  /// Clocks nearer than this agree, in seconds: chapters are cut at keyframes, and containers
  /// state whole seconds.
  static let tolerance = 5.0

  /// Places recordings that come in the order in which they were made.
  public init(_ recordings: [Recording]) {
    var starts: [Double] = []
    var remarks: [Remark] = []
    var firstOfTake = 0
    var end = 0.0
    for (index, recording) in recordings.enumerated() {
      let name = RecordingName.goProChapter(recording.name)
      let before = index > 0 ? RecordingName.goProChapter(recordings[index - 1].name) : nil
      let isChapter =
        index > 0 && name != nil && name?.recording == before?.recording
        && Self.folder(recording.name) == Self.folder(recordings[index - 1].name)
      if let clock = recording.clock, Self.isUnset(clock) { remarks.append(.unsetClock(index)) }
      if isChapter, let name, let before {
        if name.chapter > before.chapter + 1 { remarks.append(.missingChapter(before: index)) }
        if let drift = Self.drift(recordings, index, firstOfTake, starts + [end]) {
          remarks.append(.chapterClock(index, seconds: drift))
        }
        starts.append(end)
      } else {
        if let name, name.chapter > 1 { remarks.append(.missingChapter(before: index)) }
        let begin = index > 0 ? Self.clock(recordings[firstOfTake])?.unixSeconds : nil
        if let begin, let own = Self.clock(recording)?.unixSeconds {
          let stated = starts[firstOfTake] + own - begin
          if stated - end > Self.tolerance {
            remarks.append(.gap(before: index, seconds: stated - end))
          } else if end - stated > Self.tolerance {
            remarks.append(.overlap(of: index, seconds: end - stated))
          }
          starts.append(max(end, stated))
        } else {
          starts.append(end)
        }
        firstOfTake = index
      }
      end = starts[index] + (recording.seconds ?? 0)
    }
    self.starts = starts
    self.remarks = remarks
    names = recordings.map(\.name)
  }

  /// How far a chapter's clock is from the first one's time and from where the chapter lies; `nil`
  /// where it is near either.
  private static func drift(
    _ recordings: [Recording], _ index: Int, _ first: Int, _ starts: [Double]
  ) -> Double? {
    guard let own = clock(recordings[index]), let begin = clock(recordings[first]) else {
      return nil
    }
    let since = own.unixSeconds - begin.unixSeconds
    let expected = starts[index] - starts[first]
    let drift = since - expected
    return abs(since) <= tolerance || abs(drift) <= tolerance ? nil : drift
  }

  private static func folder(_ name: String) -> Substring {
    name.lastIndex(of: "/").map { name[..<$0] } ?? ""
  }

  /// The clock where it was set.
  private static func clock(_ recording: Recording) -> WallClock? {
    recording.clock.flatMap { isUnset($0) ? nil : $0 }
  }

  /// Whether a clock shows the days at which cameras start to count when their battery was empty:
  /// before 2000, or the first days of the years that makers set.
  public static func isUnset(_ clock: WallClock) -> Bool {
    let date = clock.iso8601
    if date < "2000-01-02" { return true }
    return ["2001", "2010", "2011", "2012", "2013", "2014", "2015", "2016", "2017", "2018"]
      .contains { date.hasPrefix($0 + "-01-01") }
  }
}

extension DeploymentTimeline {
  /// The remarks, a sentence each.
  public var sentences: [String] { remarks.map { Self.sentence($0, names: names) } }

  /// A remark as one sentence; `names` are the recordings'.
  private static func sentence(_ remark: Remark, names: [String]) -> String {
    switch remark {
    case .gap(let index, let seconds):
      "\(span(seconds)) lie between \(names[index - 1]) and \(names[index]), by the camera's clock"
    case .overlap(let index, let seconds):
      "\(names[index]) begins \(span(seconds)) before \(names[index - 1]) ends, by the camera's "
        + "clock; taken to follow it directly"
    case .unsetClock(let index):
      "\(names[index]): the camera's clock was not set; times of day come from the manifest's "
        + "date_time alone"
    case .chapterClock(let index, let seconds):
      "\(names[index]): its clock is \(span(abs(seconds))) \(seconds < 0 ? "behind" : "ahead of") "
        + "where the chapters before it end; taken to follow them directly"
    case .missingChapter(let index):
      index > 0
        && RecordingName.goProChapter(names[index - 1])?.recording
          == RecordingName.goProChapter(names[index])?.recording
        ? "a chapter is missing between \(names[index - 1]) and \(names[index])"
        : "a chapter is missing before \(names[index])"
    }
  }

  private static func span(_ seconds: Double) -> String {
    String(clockText(seconds: seconds.rounded()).dropLast(".000".count))
  }
}
