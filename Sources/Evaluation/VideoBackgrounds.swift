internal import Detection
internal import Media
internal import Survey

/// What a model with motion sees it against in a video of a truth: in a clip as in a survey, in
/// pictures of one video as in training.
final class VideoBackgrounds {
  /// What a reader of the figures should know.
  private(set) var remarks: [String] = []

  private let finder: any Finder
  private let clip: BackgroundReader?
  private var last: (stretch: Int, background: Background?)?

  /// Makes the background of a video's pictures; those of a clip are made when asked for.
  ///
  /// - Throws: `MediaError`.
  init(of video: TruthSet.Video, _ finder: any Finder, _ threads: Int) throws(MediaError) {
    self.finder = finder
    if let first = video.frames.first, first.number != nil {
      clip = try BackgroundReader(path: first.path, threads: threads)
    } else {
      clip = nil
      last = (0, try Self.background(of: video.frames, finder))
      note(last?.background, where: video.name)
    }
  }

  /// The background for a frame; `nil` where there is none.
  ///
  /// - Parameter seconds: the frame's time in its clip.
  /// - Throws: `MediaError`.
  func background(at seconds: Double) throws(MediaError) -> Background? {
    guard let clip else { return last?.background }
    let stretch = clip.stretches.index(at: seconds)
    if let last, last.stretch == stretch { return last.background }
    let background = try clip.background(of: stretch, placement: finder.placement)
    last = (stretch, background)
    note(background, where: clip.stretches.text(of: stretch))
    return background
  }

  private func note(_ background: Background?, where place: String) {
    guard let background, finder.cameraMoves(background) else { return }
    remarks.append("The camera moves (\(place)): looked at without motion.")
  }

  /// The background of pictures of one video, in the order of their file names.
  private static func background(of frames: [TruthSet.Frame], _ finder: any Finder)
    throws(MediaError) -> Background?
  {
    guard frames.count >= Background.fewestFrames else { return nil }
    let scaler = FrameScaler()
    var pictures: [PixelImage] = []
    for index in Background.spread(frames.count) {
      let file = try MediaFile(path: frames[index].path, threads: 1)
      guard let frame = try file.next() else {
        throw .undecodable(file: frames[index].path, codec: file.info.codec, words: "")
      }
      let placement = finder.placement(frameWidth: frame.width, frameHeight: frame.height)
      var picture = finder.emptyInput(for: placement)
      try scaler.scale(frame, placement, into: &picture)
      pictures.append(picture)
    }
    return Background(of: pictures)
  }
}
