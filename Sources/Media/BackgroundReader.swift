public import Survey

/// Makes the backgrounds of a recording, a stretch at a time.
///
/// The choice of frames depends on the file alone: each stretch is read through a reader of its
/// own, from wherever the container's seeking lands.
public struct BackgroundReader: Sendable {
  /// The recording's stretches.
  public let stretches: Stretches

  private let path: String
  private let threads: Int

  /// A reader of a video's backgrounds; `nil` of a photo.
  ///
  /// - Parameters:
  ///   - longest: no stretch is longer, in seconds.
  ///   - threads: threads that decoding may use; 0 is one a core.
  /// - Throws: `MediaError`.
  public init?(
    path: String, longest: Double = Stretches.longestSeconds, threads: Int = 0
  ) throws(MediaError) {
    guard try MediaFile(path: path, threads: 1).info.kind == .video else { return nil }
    let video = try VideoReader(path: path, threads: 1)
    let start = video.startSeconds
    var duration = video.info.durationSeconds ?? 0
    if duration <= 0 { duration = max(0, (video.lastPacketEndSeconds() ?? start) - start) }
    stretches = Stretches(startSeconds: start, durationSeconds: duration, longest: longest)
    self.path = path
    self.threads = threads
  }

  /// The background of a stretch.
  ///
  /// - Parameters:
  ///   - placement: where a frame of a width and height goes in the model's input.
  ///   - goesOn: asked before each frame; `false` ends the work.
  /// - Returns: `nil` where too few frames can be decoded, or the work was ended.
  /// - Throws: `MediaError` where frames cannot be scaled.
  public func background(
    of stretch: Int, placement: (Double, Double) -> FramePlacement,
    goesOn: () -> Bool = { true }
  ) throws(MediaError) -> Background? {
    let scaler = FrameScaler()
    var pictures: [PixelImage] = []
    let take = { (frame: DecodedFrame) throws(MediaError) in
      let place = placement(frame.width, frame.height)
      var picture = PixelImage(width: place.inputWidth, height: place.inputHeight, channels: 3)
      try scaler.scale(frame, place, into: &picture)
      pictures.append(picture)
    }
    try takeKeyframes(of: stretch, take, goesOn)
    if pictures.count <= Background.mostFrames / 2 {
      pictures.removeAll()
      try takeFrames(of: stretch, take, goesOn)
    }
    return goesOn() ? Background(of: pictures) : nil
  }

  private typealias Take = (DecodedFrame) throws(MediaError) -> Void

  /// Takes the different keyframes before the stretch's instants: with the keyframes that cameras
  /// write, one for each instant, at the cost of a seek and a single decoding.
  private func takeKeyframes(of stretch: Int, _ take: Take, _ goesOn: () -> Bool)
    throws(MediaError)
  {
    let video = try VideoReader(path: path, threads: 1)
    let step = stretches.seconds / Double(Background.mostFrames)
    var last: Int64?
    for instant in stretches.instants(of: stretch) where goesOn() {
      guard let frame = try video.keyframe(before: instant, limit: instant + step),
        frame.time.pts > last ?? .min
      else { continue }
      last = frame.time.pts
      if !frame.isDamaged { try take(frame) }
    }
  }

  /// Takes the frames that are shown at the stretch's instants, decoding all of it; for short
  /// recordings, and for those with keyframes far apart.
  private func takeFrames(of stretch: Int, _ take: Take, _ goesOn: () -> Bool)
    throws(MediaError)
  {
    let video = try VideoReader(path: path, threads: threads)
    if stretch > 0, !video.seek(toKeyframeBefore: stretches.start(of: stretch)) {
      _ = video.seek(toKeyframeBefore: Int64.min / 4)
    }
    var instants = stretches.instants(of: stretch)[...]
    var held: DecodedFrame?
    while goesOn() {
      let next: DecodedFrame?
      do { next = try video.next() } catch .undecodable { return }
      if let next, let held, next.time.pts <= held.time.pts { continue }
      // Container time bases round to microseconds.
      let shown = instants.prefix { $0 < (next?.time.seconds ?? .infinity) - 1e-6 }
      instants.removeFirst(shown.count)
      if let held, !shown.isEmpty, !held.isDamaged { try take(held) }
      guard let next, !instants.isEmpty else { return }
      held = next
    }
  }
}
