public import Inference
public import SpeciesCatalog
public import Survey

/// How a detector is to be run.
public struct DetectorOptions: Sendable {
  /// How individuals are read off a grid; `nil` is what the card says.
  public var decoder: CentroidDecoder?
  /// Score from which a detection counts, for all labels; `nil` is what the card says.
  public var threshold: Double?
  /// How inference runs.
  public var inference: InferenceOptions

  /// Options; everything is as the card says unless given.
  public init(
    decoder: CentroidDecoder? = nil, threshold: Double? = nil,
    inference: InferenceOptions = InferenceOptions()
  ) {
    self.decoder = decoder
    self.threshold = threshold
    self.inference = inference
  }
}

/// A model made ready to find individuals in pictures; not for two threads at once.
public final class Detector {
  /// The model and its card.
  public var model: LoadedModel { picture.model }
  /// Name of the way individuals are read off the output: a decoder's, or `boxes`.
  public var decoderName: String { reader.name }
  /// When a threshold takes effect.
  public var thresholdUse: CentroidDecoder.ThresholdUse { reader.thresholdUse }
  /// Width of the picture that `detect` takes.
  public var inputWidth: Int { picture.inputWidth }
  /// Height of that picture.
  public var inputHeight: Int { picture.inputHeight }
  /// Channels of that picture: 1 grey, 3 RGB.
  public var inputChannels: Int { picture.inputChannels }
  /// Whether the model is also given what has moved, seen against a background.
  public var usesMotion: Bool { model.card.input.hasMotion }
  /// Cells of the output grid; 0 where the model gives boxes.
  public var gridSize: (width: Int, height: Int) { reader.gridSize }
  /// What detections are called, by `Detection.label`: the card's labels, or with an open set
  /// `ModelCard.openLabels`.
  public let labels: [ModelCard.Label]
  /// Places in `labels` of what is found as one fish first: named members, and last the open set's
  /// own label; empty without an open set.
  public let openSet: [Int]
  /// Score from which detections of each of `labels` count.
  public let thresholds: [Double]
  /// Score from which detections are given.
  public let floor: Double
  /// Name of the kernels in use.
  public var kernels: String { picture.interpreter.kernels }

  private let picture: PictureModel
  private let reader: any IndividualReader

  /// Prepares a model.
  ///
  /// - Throws: `DetectionError` where the model cannot be executed or is of another task.
  public init(_ model: LoadedModel, options: DetectorOptions = DetectorOptions())
    throws(DetectionError)
  {
    let picture = try PictureModel(model, inference: options.inference)
    let card = model.card
    let labels = model.detectionLabels(decoder: options.decoder)
    let thresholds = labels.map { options.threshold ?? $0.threshold }
    let least = thresholds.min() ?? 1
    switch card.task {
    case .centroids:
      let decoder = options.decoder ?? CentroidDecoder(rawValue: card.decoder) ?? .peak
      floor = decoder.threshold == .counting ? min(card.floor, least) : least
      reader = try GridReader(picture, decoder: decoder, thresholds: thresholds, floor: floor)
    case .boxes:
      guard options.decoder == nil else { throw .decoder(file: model.path) }
      floor = min(card.floor, least)
      reader = try BoxReader(picture, floor: floor)
    case .labels:
      throw .tensor(
        file: model.path, what: "output",
        found: picture.interpreter.outputs.map(\.text).joined(separator: ", "),
        expected: "a grid of class scores (FOMO) or boxes (SSD); this one names whole pictures: "
          + "`fishcam classify`, or `detect --windows`")
    }
    self.picture = picture
    self.labels = labels
    openSet = reader.thresholdUse == .counting ? card.openPlaces : []
    self.thresholds = thresholds
  }

  /// Where a frame of this size goes in the input.
  public func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement {
    picture.placement(frameWidth: frameWidth, frameHeight: frameHeight)
  }

  /// A picture for `detect`, black.
  public func emptyInput() -> PixelImage { picture.emptyInput() }

  /// Finds the individuals in a frame.
  ///
  /// - Parameters:
  ///   - picture: the frame in the input's shape: `inputHeight × inputWidth × inputChannels`.
  ///   - placement: where in it the frame lies.
  ///   - background: what the model sees motion against; without one, or where the camera moves,
  ///     nothing moves. Models without motion take no notice of it.
  /// - Returns: detections at or above `floor`, in the upright frame's normalised coordinates.
  public func detect(
    _ picture: PixelImage, _ placement: FramePlacement, background: Background? = nil
  ) -> [Detection] {
    let background = usable(background)
    self.picture.run(picture, background: background)
    return reader.read(self.picture, placement, seesMotion: usesMotion && background != nil)
  }

  /// Whether the camera itself moves, so that nothing can be told from this background.
  public func cameraMoves(_ background: Background) -> Bool {
    background.level > model.card.input.movingCameraAbove ?? 0
  }

  /// What the model is given for a frame, before the input's codes: the picture itself, or with
  /// motion as a fourth channel.
  public func given(_ picture: PixelImage, background: Background? = nil) -> PixelImage {
    guard usesMotion else { return picture }
    var whole = PixelImage(width: inputWidth, height: inputHeight, channels: 4)
    whole.fill(picture, background: usable(background))
    return whole
  }

  /// Whether the model is shown what moves: it has motion, and this background tells it.
  public func seesMotion(against background: Background?) -> Bool {
    usesMotion && usable(background) != nil
  }

  private func usable(_ background: Background?) -> Background? {
    background.flatMap { cameraMoves($0) ? nil : $0 }
  }
}

/// Reads individuals off a model's outputs.
protocol IndividualReader: AnyObject {
  /// Name in the survey's run.
  var name: String { get }
  /// When a threshold takes effect.
  var thresholdUse: CentroidDecoder.ThresholdUse { get }
  /// Cells of the grid; 0 where there is none.
  var gridSize: (width: Int, height: Int) { get }
  /// The individuals after a run, in the upright frame's normalised coordinates.
  ///
  /// - Parameter seesMotion: whether the model was shown what moves.
  func read(_ model: PictureModel, _ placement: FramePlacement, seesMotion: Bool) -> [Detection]
}
