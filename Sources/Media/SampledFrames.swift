public import Survey

/// Those frames of a media file that a sampling asks for.
///
/// The choice depends on the file's frames alone: a frame is held until its successor's time says
/// how long it is shown. Where the packets tell that beforehand, no more is decoded than the choice
/// needs.
public struct SampledFrames {
  /// Time of the first frame, in seconds.
  public private(set) var startSeconds: Double?
  /// When the last frame that was read ends, in seconds.
  public private(set) var endSeconds: Double?
  /// Frames that were left out since their time is not after the one before.
  public private(set) var outOfOrder = 0

  private let file: MediaFile
  private let sampling: Sampling
  private let isChosenBeforehand: Bool
  private var lastGiven: Int64?
  private var clock: SampleClock?
  private var held: DecodedFrame?
  private var isAtEnd = false

  /// The sampled frames of a file that has not been read yet.
  ///
  /// - Parameter decodesAll: decode every frame and choose among them, to compare.
  public init(_ file: MediaFile, sampling: Sampling, decodesAll: Bool = false) {
    self.file = file
    self.sampling = sampling
    if case .period(let microseconds) = sampling, !decodesAll {
      isChosenBeforehand = file.choose(periodMicroseconds: microseconds)
    } else {
      isChosenBeforehand = false
    }
  }

  /// The next sampled frame; `nil` at the end.
  ///
  /// - Parameter goesOn: asked with each decoded frame's seconds from the start; `false` ends
  ///   reading.
  /// - Throws: `MediaError`.
  public mutating func next(_ goesOn: (Double) -> Bool = { _ in true }) throws(MediaError)
    -> DecodedFrame?
  {
    if isChosenBeforehand { return try nextChosen(goesOn) }
    while !isAtEnd {
      guard let frame = try file.next() else {
        isAtEnd = true
        return finish()
      }
      if let held, frame.time.pts <= held.time.pts {
        outOfOrder += 1
        continue
      }
      let seconds = frame.time.seconds
      if startSeconds == nil { begin(seconds) }
      if !goesOn(seconds - (startSeconds ?? seconds)) {
        isAtEnd = true
        return nil
      }
      endSeconds = seconds + frame.durationSeconds
      let previous = held
      held = frame
      if let previous, chooses(until: seconds) { return previous }
    }
    return nil
  }

  private mutating func nextChosen(_ goesOn: (Double) -> Bool) throws(MediaError) -> DecodedFrame? {
    while !isAtEnd, let frame = try file.next() {
      let seconds = frame.time.seconds
      startSeconds = startSeconds ?? file.chooser?.startSeconds ?? seconds
      if !goesOn(seconds - (startSeconds ?? seconds)) { break }
      endSeconds = max(endSeconds ?? seconds, seconds + frame.durationSeconds)
      guard file.chooser?.isChosen(frame.time.pts) == true else { continue }
      if let lastGiven, frame.time.pts <= lastGiven {
        outOfOrder += 1
        continue
      }
      lastGiven = frame.time.pts
      return frame
    }
    if !isAtEnd, let end = file.chooser?.endSeconds { endSeconds = max(endSeconds ?? end, end) }
    isAtEnd = true
    return nil
  }

  /// Goes on behind a frame that was given before, from the keyframe before it.
  ///
  /// Only before anything was read. What was out of order before that keyframe is not noticed.
  ///
  /// - Returns: that frame, decoded again; `nil` where seeking does not lead to it: then the file is
  ///   to be opened anew.
  public mutating func resume(at pts: Int64, _ goesOn: (Double) -> Bool = { _ in true })
    throws(MediaError) -> DecodedFrame?
  {
    guard let first = try file.next() else { return nil }
    begin(first.time.seconds)
    guard file.seek(before: pts) else { return nil }
    while let frame = try next(goesOn) {
      if frame.time.pts == pts { return frame }
      if frame.time.pts > pts { return nil }
    }
    return nil
  }

  private mutating func begin(_ seconds: Double) {
    startSeconds = seconds
    if case .period(let microseconds) = sampling {
      clock = SampleClock(microseconds: microseconds, start: seconds)
    }
  }

  private mutating func finish() -> DecodedFrame? {
    guard let last = held, let end = endSeconds else { return nil }
    held = nil
    if sampling == .keyframes, file.damage == nil, let start = startSeconds,
      let stated = file.info.durationSeconds
    {
      // The frames between the last keyframe and the end were not decoded, but are video.
      endSeconds = max(end, start + stated)
    }
    return chooses(until: max(end, last.time.seconds + 1e-3)) ? last : nil
  }

  private mutating func chooses(until end: Double) -> Bool { clock?.shows(until: end) ?? true }
}
