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
  ///   - keep: is given those of the frames that are keyframes and undamaged.
  ///   - goesOn: asked before each frame; `false` ends the work.
  /// - Returns: `nil` where too few frames can be decoded, or the work was ended.
  /// - Throws: `MediaError` where frames cannot be scaled.
  public func background(
    of stretch: Int, placement: (Double, Double) -> FramePlacement,
    keep: (DecodedFrame) -> Void = { _ in }, goesOn: () -> Bool = { true }
  ) throws(MediaError) -> Background? {
    let scaler = FrameScaler()
    var pictures: [PixelImage] = []
    func take(_ frame: DecodedFrame) throws(MediaError) {
      let place = placement(frame.width, frame.height)
      var picture = PixelImage(width: place.inputWidth, height: place.inputHeight, channels: 3)
      try scaler.scale(frame, place, into: &picture)
      // A stream may change its shape; what it begins with counts.
      guard let first = pictures.first else { return pictures.append(picture) }
      if picture.width == first.width, picture.height == first.height { pictures.append(picture) }
    }
    let step = stretches.seconds / Double(Background.mostFrames)
    for repeatable in [false, true] {
      let reader = try VideoReader(path: path, threads: threads, repeatable: repeatable)
      pictures.removeAll()
      try reader.keyframes(
        before: stretches.instants(of: stretch), step: step,
        { frame throws(MediaError) in
          if frame.isDamaged { return }
          try take(frame)
          if !repeatable, !reader.isTroubled { keep(frame) }
        }, goesOn)
      if !reader.isTroubled { break }
    }
    if pictures.count <= Background.mostFrames / 2 {
      pictures.removeAll()
      try takeFrames(of: stretch, take, goesOn)
    }
    return goesOn() ? Background(of: pictures) : nil
  }

  private typealias Take = (DecodedFrame) throws(MediaError) -> Void

  /// Takes the frames that are shown at the stretch's instants, decoding all of it; for short
  /// recordings, and for those with keyframes far apart.
  private func takeFrames(of stretch: Int, _ take: Take, _ goesOn: () -> Bool)
    throws(MediaError)
  {
    let video = try SteadyReader(path: path, threads: threads)
    if stretch > 0, !video.seek(toKeyframeBefore: video.reader.units(stretches.start(of: stretch)))
    {
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
