internal import Detection
internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore

/// One look at one content: decode, sample, detect, store.
///
/// What is stored depends on the file and the run's options alone. After a stop the frames are
/// decoded again from the start, and those that are stored already are passed over, so that the
/// sampled frames stay the same.
struct RecordingPass {
  private let order: PassOrder
  private let job: SurveyJob
  private let run: StoredRun
  private let detector: Detector
  private let pass: StoredPass
  private let scaler = FrameScaler()
  private var input: PixelImage
  private var batch: [FrameResult] = []
  private var batchStart = ContinuousClock.now
  private var lastPlacement: FramePlacement?
  private var reported = 0.0
  private var backgrounds: PassBackgrounds?

  /// What this look has stored.
  private(set) var figures = PassFigures()

  /// A batch is written when it is this long, or this old.
  private static let batchFrames = 256
  private static let batchAge = Duration.seconds(2)

  init(order: PassOrder, job: SurveyJob, run: StoredRun, detector: Detector) throws {
    self.order = order
    self.job = job
    self.run = run
    self.detector = detector
    input = detector.emptyInput()
    pass = try job.store.beginPass(
      run: run.id, media: order.media, programVersion: job.options.programVersion,
      machine: Machine.description)
  }

  /// Goes through the file.
  ///
  /// - Returns: `nil` when stopped before the end; the survey then goes on from there.
  /// - Throws: `SurveyStoreError`.
  mutating func work(threads: Int) throws -> PassResult? {
    var sampled: SampledFrames?
    do {
      let file = try MediaFile(
        path: order.path, keyframesOnly: job.options.sampling == .keyframes, threads: threads)
      if detector.usesMotion, file.info.kind == .video {
        backgrounds = try PassBackgrounds(
          order: order, job: job, pass: pass, detector: detector, threads: threads)
      }
      var frames = SampledFrames(file, sampling: job.options.sampling)
      while true {
        defer { sampled = frames }
        guard let frame = try frames.next({ advance(to: $0) }) else { break }
        try look(at: frame)
      }
      try flush()
      if job.cancellation.isCancelled { return nil }
      _ = advance(to: order.seconds)
      return try finish(file.damage, frames)
    } catch let error as MediaError {
      try flush()
      return try end(
        sampled?.startSeconds == nil ? .failed : .partial, error.reason,
        sampled?.startSeconds, sampled?.endSeconds)
    }
  }

  private mutating func look(at frame: DecodedFrame) throws {
    if let stored = pass.lastPTS, frame.time.pts <= stored { return }
    let background = try backgrounds?.background(at: frame.time.seconds)
    figures.stretchesWithMovingCamera = backgrounds?.moving ?? 0
    if job.cancellation.isCancelled { return }
    let placement = detector.placement(frameWidth: frame.width, frameHeight: frame.height)
    if placement != lastPlacement {
      input = detector.emptyInput()
      lastPlacement = placement
    }
    try scaler.scale(frame, placement, into: &input)
    let found = detector.detect(input, placement, background: background)
    figures.detections += found.count
    figures.detectionsCounted += found.count { $0.score >= detector.thresholds[$0.label] }
    figures.frames += 1
    batch.append(
      FrameResult(time: frame.time, isDamaged: frame.isDamaged, detections: found))
    if batch.count >= Self.batchFrames || ContinuousClock.now - batchStart > Self.batchAge {
      try flush()
    }
  }

  private mutating func flush() throws {
    if !batch.isEmpty { try job.store.append(batch, to: pass, of: run) }
    batch.removeAll(keepingCapacity: true)
    batchStart = .now
  }

  private func finish(_ damage: VideoReader.Damage?, _ sampled: SampledFrames) throws
    -> PassResult
  {
    var remarks: [String] = []
    if let damage { remarks.append(damage.sentence) }
    if sampled.outOfOrder > 0 {
      remarks.append("\(sampled.outOfOrder) frames come out of order and are left out")
    }
    let reason = remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    return try end(
      reason == nil ? .done : .partial, reason, sampled.startSeconds, sampled.endSeconds)
  }

  private func end(
    _ status: RecordingOutcome.Status, _ reason: String?, _ start: Double?, _ end: Double?
  ) throws -> PassResult {
    let stored: StoredPass.Status =
      switch status {
      case .done: .done
      case .partial: .partial
      case .failed: .failed
      }
    try job.store.finish(pass, stored, reason: reason, start: start, end: end)
    return PassResult(
      outcome: RecordingOutcome(
        path: order.path, status: status, reason: reason, frames: figures.frames),
      figures: figures)
  }

  /// Reports how far it is, about once a second of video; whether to go on.
  private mutating func advance(to seconds: Double) -> Bool {
    if seconds - reported >= 1 || (seconds >= order.seconds && seconds > reported) {
      job.report(.advanced(seconds: seconds - reported, frames: figures.frames))
      reported = seconds
    }
    return !job.cancellation.isCancelled
  }
}

extension VideoReader.Damage {
  /// One sentence for a person.
  var sentence: String {
    let said = words.isEmpty ? "" : " (FFmpeg says: \(words))"
    if endsEarly { return "the file ends before its index says that it does" + said }
    return "\(count) damaged or unreadable part\(count == 1 ? "" : "s")" + said
  }
}
