internal import Detection
internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore

/// What one pass sees motion against, stretch by stretch: made once, and kept with the pass.
struct PassBackgrounds {
  private let order: PassOrder
  private let job: SurveyJob
  private let pass: StoredPass
  private let detector: Detector
  private let reader: BackgroundReader
  private var last: (stretch: Int, background: Background?)?

  /// Stretches, of those that were made by this look, in which the camera moves.
  private(set) var moving = 0

  /// - Throws: `MediaError`.
  init?(
    order: PassOrder, job: SurveyJob, pass: StoredPass, detector: Detector, threads: Int
  ) throws {
    let reader = try BackgroundReader(
      path: order.path, longest: job.options.longestStretch, threads: threads)
    guard let reader else { return nil }
    self.order = order
    self.job = job
    self.pass = pass
    self.detector = detector
    self.reader = reader
  }

  /// The background for a frame; `nil` where there is none, or someone asks to stop meanwhile.
  ///
  /// - Parameters:
  ///   - seconds: the frame's time.
  ///   - keep: is given keyframes that are decoded to make it.
  /// - Throws: `MediaError`, `SurveyStoreError`.
  mutating func background(at seconds: Double, keep: (DecodedFrame) -> Void = { _ in }) throws
    -> Background?
  {
    let stretch = reader.stretches.index(at: seconds)
    if let last, last.stretch == stretch { return last.background }
    let background = try stored(stretch) ?? made(stretch, keep)
    last = (stretch, background)
    return background
  }

  private func stored(_ stretch: Int) throws -> Background?? {
    guard let kept = try job.store.background(of: stretch, in: pass) else { return nil }
    return .some(
      try kept.picture.map { Background(picture: try PNG.decode($0.png), level: $0.level) })
  }

  private mutating func made(_ stretch: Int, _ keep: (DecodedFrame) -> Void) throws -> Background? {
    let background = try reader.background(
      of: stretch, placement: detector.placement, keep: keep,
      goesOn: { !job.cancellation.isCancelled })
    if job.cancellation.isCancelled { return nil }
    let cameraMoves = background.map(detector.cameraMoves) ?? false
    try job.store.save(
      StoredBackground(
        stretch: stretch, start: reader.stretches.start(of: stretch),
        end: reader.stretches.start(of: stretch + 1),
        picture: background.map { (try PNG.encode($0.picture), $0.level) },
        cameraMoves: cameraMoves), in: pass)
    if cameraMoves {
      moving += 1
      job.report(
        .warning(
          "\(order.path): the camera moves (\(reader.stretches.text(of: stretch))); looked at "
            + "without motion"))
    }
    return background
  }
}
