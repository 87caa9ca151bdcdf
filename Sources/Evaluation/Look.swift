public import Detection
internal import Foundation
internal import Media
internal import Survey
internal import Synchronization

/// Has a model look at every frame of a truth, as a survey would.
public struct Look: Sendable {
  /// The model.
  public var model: LoadedModel
  /// How it is run.
  public var options: DetectorOptions
  /// Videos that are looked at at once; figures do not depend on it.
  public var jobs = 1
  /// How far beside a box a centroid may lie, in pixels as annotated; `nil` is half an output cell.
  public var margin: Double?
  /// A folder that receives what the model was given, or `nil`; see `SavedInputs`.
  public var inputsFolder: String?
  /// Told how many frames are done; called from several threads.
  public var progress: @Sendable (Int) -> Void = { _ in }

  /// A look with a model.
  public init(_ model: LoadedModel, options: DetectorOptions = DetectorOptions()) {
    self.model = model
    self.options = options
  }

  /// Looks at all videos.
  ///
  /// - Throws: `DetectionError`, `MediaError`, `EvaluationError`: a picture that cannot be read
  ///   ends it, since figures without it would be figures of something else.
  func look(at truth: TruthSet) throws -> [SeenVideo] {
    let inputs = try inputsFolder.map { try SavedInputs(folder: $0) }
    let state = Mutex(State(results: Array(repeating: SeenVideo(), count: truth.videos.count)))
    var firstFrame = 0
    let starts = truth.videos.map { video in
      defer { firstFrame += video.frames.count }
      return firstFrame
    }
    DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, truth.videos.count))) { _ in
      do {
        let video = VideoLook(
          try model.finder(options), margin: margin, truth: truth.file,
          threads: truth.videos.count == 1 ? 0 : 1, inputs)
        while let index = state.withLock({ $0.take() }) {
          let seen = try video.look(at: truth.videos[index], numberedFrom: starts[index]) {
            progress(state.withLock { $0.count() })
          }
          state.withLock { $0.results[index] = seen }
        }
      } catch {
        state.withLock { $0.fail(error) }
      }
    }
    let done = state.withLock { $0 }
    if let failure = done.failure { throw failure }
    try inputs?.finish(truth)
    return done.results
  }

  private struct State {
    var results: [SeenVideo]
    var next = 0
    var frames = 0
    var failure: (any Error)?

    mutating func take() -> Int? {
      guard failure == nil, next < results.count else { return nil }
      next += 1
      return next - 1
    }

    mutating func count() -> Int {
      frames += 1
      return frames
    }

    mutating func fail(_ error: any Error) { failure = failure ?? error }
  }
}

/// What a model found in a video.
struct SeenVideo: Sendable {
  /// Its frames, as the truth has them.
  var frames: [SeenFrame] = []
  /// What was wrong or left out.
  var remarks: [String] = []
}

/// Looks at videos one after the other, on one thread.
struct VideoLook {
  private let finder: any Finder
  private let margin: Double?
  private let scaler = FrameScaler()
  private let threads: Int
  private let inputs: SavedInputs?
  private let truth: String

  init(
    _ finder: any Finder, margin: Double?, truth: String, threads: Int, _ inputs: SavedInputs?
  ) {
    self.finder = finder
    self.margin = margin
    self.truth = truth
    self.threads = threads
    self.inputs = inputs
  }

  /// Looks at the frames of a video.
  ///
  /// - Parameters:
  ///   - first: number of its first frame among all of the truth.
  ///   - advance: called after each frame.
  func look(at video: TruthSet.Video, numberedFrom first: Int, advance: () -> Void) throws
    -> SeenVideo
  {
    var seen: [SeenFrame] = []
    var remarks: [String] = []
    let backgrounds = try finder.usesMotion ? VideoBackgrounds(of: video, finder, threads) : nil
    func take(_ picture: DecodedFrame, _ frame: TruthSet.Frame) throws {
      let background = try backgrounds?.background(at: picture.time.seconds)
      seen.append(
        try self.look(at: picture, of: frame, number: first + seen.count, background))
      advance()
    }
    if video.frames.first?.number != nil {
      remarks = try takeClip(video, take)
    } else {
      for frame in video.frames {
        let file = try MediaFile(path: frame.path, threads: 1)
        guard let picture = try file.next() else {
          throw MediaError.undecodable(file: frame.path, codec: file.info.codec, words: "")
        }
        try take(picture, frame)
        if let damage = file.damage {
          remarks.append("\(frame.name) is damaged (\(damage.words)).")
        }
      }
    }
    return SeenVideo(frames: seen, remarks: remarks + (backgrounds?.remarks ?? []))
  }

  /// Takes those frames of a clip that its truth speaks of; returns what was left out or wrong.
  private func takeClip(
    _ video: TruthSet.Video, _ take: (DecodedFrame, TruthSet.Frame) throws -> Void
  ) throws -> [String] {
    let path = video.frames[0].path
    let file = try MediaFile(path: path, threads: threads)
    var rest = video.frames[...]
    var number = 0
    while let picture = try file.next() {
      if let next = rest.first, next.number == number {
        try take(picture, next)
        rest.removeFirst()
      }
      number += 1
    }
    if let last = rest.last?.number {
      throw EvaluationError.clipLength(clip: path, frames: number, truth: truth, last: last)
    }
    var remarks: [String] = []
    let unlabelled = number - video.frames.count
    if unlabelled > 0 {
      remarks.append(
        "\(unlabelled) of the clip's \(number) frames are not in its truth and were left out.")
    }
    if let damage = file.damage {
      remarks.append("\(path) has \(damage.count) damaged parts (\(damage.words)).")
    }
    return remarks
  }

  private func look(
    at picture: DecodedFrame, of frame: TruthSet.Frame, number: Int, _ background: Background?
  ) throws -> SeenFrame {
    let (width, height) = (frame.width ?? picture.width, frame.height ?? picture.height)
    // A picture that was scaled keeps its shape, to the rounding of its sides.
    let drift = abs(picture.width / picture.height * height / width - 1)
    guard drift <= 0.01 + 1 / min(picture.width, picture.height) else {
      let text = { (width: Double, height: Double) in "\(Int(width)) × \(Int(height))" }
      throw EvaluationError.shape(
        file: frame.path, found: text(picture.width, picture.height),
        annotated: text(width, height))
    }
    guard min(picture.width, picture.height) >= Double(finder.leastSide) else {
      throw DetectionError.smallFrame(
        file: frame.path, width: Int(picture.width), height: Int(picture.height),
        window: finder.leastSide)
    }
    let placement = finder.placement(frameWidth: picture.width, frameHeight: picture.height)
    var input = finder.emptyInput(for: placement)
    try scaler.scale(picture, placement, into: &input)
    try inputs?.save(
      finder.given(input, background: background), number: number, placement,
      seesMotion: finder.seesMotion(in: input, against: background))
    let cell = finder.cell(placement)
    let half = { (cell: Double, placed: Int, share: Double, side: Double) -> Double in
      cell / 2 / Double(placed) * share * side
    }
    return SeenFrame(
      detections: finder.detect(
        input, placement, background: background, isPhoto: frame.isPhoto),
      width: width, height: height,
      marginX: margin ?? half(cell.width, placement.width, placement.cropWidth, width),
      marginY: margin ?? half(cell.height, placement.height, placement.cropHeight, height))
  }
}
