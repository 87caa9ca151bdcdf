internal import Detection
internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore

/// The reading side of one look at one content: decodes, samples, and gives frames to the lookers.
///
/// What is stored depends on the file and the run's options alone. After a stop it goes on at the
/// keyframe before the last frame that is stored, if that frame, seen again, shows the same; else,
/// and in files with flaws, all is decoded again, and what is stored is passed over.
struct RecordingPass {
  private let order: PassOrder
  private let job: SurveyJob
  private let run: StoredRun
  private let detector: Detector
  private let sink: PassSink
  private let lookers: BoundedQueue<LookTask>
  private let keyframeRoom: Int
  private var reported = 0.0
  /// The whole second of video in which the last sampled frame is shown.
  private var second: Double?
  private var backgrounds: PassBackgrounds?

  /// A look whose frames go to `lookers`, and from them to `sink`.
  ///
  /// - Parameter keyframeRoom: bytes of keyframes, decoded for a background, that may be kept until
  ///   they are looked at themselves.
  init(
    _ sink: PassSink, job: SurveyJob, run: StoredRun, detector: Detector,
    lookers: BoundedQueue<LookTask>, keyframeRoom: Int
  ) {
    order = sink.order
    self.sink = sink
    self.job = job
    self.run = run
    self.detector = detector
    self.lookers = lookers
    self.keyframeRoom = keyframeRoom
  }

  /// Goes through the file; the sink is told how it ends.
  ///
  /// - Parameter goesOn: whether the survey can still be written.
  /// - Throws: `SurveyStoreError`.
  mutating func work(threads: Int, goesOn: () -> Bool) throws {
    var ending = PassSink.Ending.stopped
    defer { sink.end(ending, stretchesWithMovingCamera: backgrounds?.moving ?? 0) }
    var sampled: SampledFrames?
    do {
      var file = try open(threads)
      if detector.usesMotion, file.info.kind == .video {
        backgrounds = try PassBackgrounds(
          order: order, job: job, pass: sink.pass, detector: detector, threads: threads)
      }
      var frames = SampledFrames(file, sampling: job.options.sampling)
      if let stored = sink.pass.lastPTS, !sink.pass.isFlawed, file.info.kind == .video,
        try !goOn(behind: stored, in: file, &frames), !job.cancellation.isCancelled
      {
        file = try open(threads)
        frames = SampledFrames(file, sampling: job.options.sampling)
      }
      while !sink.hasFailed, goesOn() {
        defer { sampled = frames }
        guard let frame = try frames.next({ advance(to: $0) }) else { break }
        if file.damage != nil || frames.outOfOrder > 0 { sink.noteFlaw() }
        try give(frame, of: file)
      }
      if job.cancellation.isCancelled || !goesOn() { return }
      _ = advance(to: order.seconds)
      ending = Self.ending(file.damage, frames)
    } catch let error as MediaError {
      ending = .reached(
        sampled?.startSeconds == nil ? .failed : .partial, reason: error.reason,
        start: sampled?.startSeconds, end: sampled?.endSeconds)
    }
  }

  private func open(_ threads: Int) throws(MediaError) -> MediaFile {
    try MediaFile(
      path: order.path, keyframesOnly: job.options.sampling == .keyframes, threads: threads)
  }

  /// Seeks to behind a frame that is stored; whether what follows is what decoding all would give,
  /// as far as that frame can tell.
  private mutating func goOn(
    behind pts: Int64, in file: MediaFile, _ frames: inout SampledFrames
  ) throws -> Bool {
    guard let frame = try? frames.resume(at: pts, { advance(to: $0) }), file.damage == nil,
      frames.outOfOrder == 0
    else { return false }
    second = frame.time.seconds.rounded(.down)
    let background = try backgrounds?.background(at: frame.time.seconds)
    let seen = try Looker(detector).detections(in: frame, background)
    return try seen == job.store.detections(atPTS: pts, in: sink.pass, of: run)
  }

  private mutating func give(_ frame: DecodedFrame, of file: MediaFile) throws {
    let isFirstOfSecond = frame.time.seconds.rounded(.down) != second
    second = frame.time.seconds.rounded(.down)
    if let stored = sink.pass.lastPTS, frame.time.pts <= stored { return }
    var room = keyframeRoom
    let background = try backgrounds?.background(
      at: frame.time.seconds,
      keep: { keyframe in
        room -= keyframe.byteCount
        if room >= 0 { file.know(keyframe) }
      })
    if job.cancellation.isCancelled { return }
    lookers.push(
      LookTask(
        sink: sink, number: sink.number(), frame: frame, background: background,
        isMeasured: isFirstOfSecond))
  }

  private static func ending(_ damage: VideoReader.Damage?, _ sampled: SampledFrames)
    -> PassSink.Ending
  {
    var remarks: [String] = []
    if let damage { remarks.append(damage.sentence) }
    if sampled.outOfOrder > 0 {
      remarks.append("\(sampled.outOfOrder) frames come out of order and are left out")
    }
    return .reached(
      remarks.isEmpty ? .done : .partial,
      reason: remarks.isEmpty ? nil : remarks.joined(separator: "; "),
      start: sampled.startSeconds, end: sampled.endSeconds)
  }

  /// Reports how far it is, about once a second of video; whether to go on.
  private mutating func advance(to seconds: Double) -> Bool {
    if seconds - reported >= 1 || (seconds >= order.seconds && seconds > reported) {
      job.report(.advanced(seconds: seconds - reported, frames: sink.figures.frames))
      reported = seconds
    }
    return !job.cancellation.isCancelled
  }
}
