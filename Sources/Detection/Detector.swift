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
  /// Windows in which a classifier looks, for `LoadedModel.finder`; `nil` is the whole frame.
  public var windows: WindowSteps?

  /// Options; everything is as the card says unless given.
  public init(
    decoder: CentroidDecoder? = nil, threshold: Double? = nil,
    inference: InferenceOptions = InferenceOptions(), windows: WindowSteps? = nil
  ) {
    self.decoder = decoder
    self.threshold = threshold
    self.inference = inference
    self.windows = windows
  }
}

/// A model made ready to find individuals in pictures; not for two threads at once.
public final class Detector {
  /// The model and its card.
  public var model: LoadedModel { usual.picture.model }
  /// Name of the way individuals are read off the output: a decoder's, or `boxes`.
  public var decoderName: String { usual.reader.name }
  /// When a threshold takes effect.
  public var thresholdUse: CentroidDecoder.ThresholdUse { usual.reader.thresholdUse }
  /// Whether the model is also given what has moved, seen against a background.
  public var usesMotion: Bool { model.card.input.hasMotion }
  /// Cells of the output grid; 0 where the model gives boxes.
  ///
  /// Frames that are taller than wide may have another: `gridSize(for:)`.
  public var gridSize: (width: Int, height: Int) { usual.reader.gridSize }
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
  public var kernels: String { usual.picture.interpreter.kernels }

  /// A graph and what reads its outputs.
  private typealias Eye = (picture: PictureModel, reader: any IndividualReader)

  private let usual: Eye
  /// For frames that are taller than wide, as soon as one was placed; `nil` also where they are seen as
  /// all are.
  private var portrait: Eye?
  private let preparePortrait: () throws(DetectionError) -> Eye?

  /// Prepares a model.
  ///
  /// - Throws: `DetectionError` where the model cannot be executed or is of another task.
  public init(_ model: LoadedModel, options: DetectorOptions = DetectorOptions())
    throws(DetectionError)
  {
    let card = model.card
    let labels = model.detectionLabels(decoder: options.decoder)
    let thresholds = labels.map { options.threshold ?? $0.threshold }
    let least = thresholds.min() ?? 1
    switch card.task {
    case .centroids:
      let decoder = options.decoder ?? CentroidDecoder(rawValue: card.decoder) ?? .peak
      let floor = decoder.threshold == .counting ? min(card.floor, least) : least
      let eye = { (model: LoadedModel) throws(DetectionError) -> Eye in
        let picture = try PictureModel(model, inference: options.inference)
        return (
          picture,
          try GridReader(picture, decoder: decoder, thresholds: thresholds, floor: floor)
        )
      }
      usual = try eye(model)
      let tall = model.asPortrait
      if let tall, !tall.isSameNetwork(as: model) {
        throw .portrait(file: tall.path, usual: model.path)
      }
      preparePortrait = { () throws(DetectionError) in if let tall { try eye(tall) } else { nil } }
      self.floor = floor
    case .boxes:
      guard options.decoder == nil else { throw .decoder(file: model.path) }
      let picture = try PictureModel(model, inference: options.inference)
      floor = min(card.floor, least)
      usual = (picture, try BoxReader(picture, floor: floor))
      preparePortrait = { nil }
    case .labels:
      let picture = try PictureModel(model, inference: options.inference)
      throw .tensor(
        file: model.path, what: "output",
        found: picture.interpreter.outputs.map(\.text).joined(separator: ", "),
        expected: "a grid of class scores (FOMO) or boxes (SSD); this one names whole pictures: "
          + "give --windows SIZE,STRIDE to slide it over them, or use `fishcam classify`")
    }
    self.labels = labels
    openSet = usual.reader.thresholdUse == .counting ? card.openPlaces : []
    self.thresholds = thresholds
  }

  /// Where a frame of this size goes in the input.
  public func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement {
    let isTall = frameHeight > frameWidth
    if isTall, portrait == nil {
      do {
        portrait = try preparePortrait()
      } catch {
        // The same network was prepared for another shape.
        preconditionFailure("\(error)")
      }
    }
    let eye = isTall ? portrait ?? usual : usual
    return eye.picture.placement(frameWidth: frameWidth, frameHeight: frameHeight)
  }

  /// A picture for `detect`, black: `inputHeight × inputWidth` of the placement, 1 channel (grey) or
  /// 3 (RGB).
  public func emptyInput(for placement: FramePlacement) -> PixelImage {
    eye(placement).picture.emptyInput()
  }

  /// Cells of the output grid for frames that are placed so; 0 where the model gives boxes.
  public func gridSize(for placement: FramePlacement) -> (width: Int, height: Int) {
    eye(placement).reader.gridSize
  }

  private func eye(_ placement: FramePlacement) -> Eye {
    if let portrait, portrait.picture.takes(placement) { return portrait }
    precondition(usual.picture.takes(placement), "the placement is another model's")
    return usual
  }

  /// Finds the individuals in a frame.
  ///
  /// - Parameters:
  ///   - picture: the frame in the input's shape, as `emptyInput(for:)` is.
  ///   - placement: where in it the frame lies.
  ///   - background: what the model sees motion against; without one, or where the camera moves,
  ///     nothing moves. Models without motion take no notice of it.
  ///   - isPhoto: whether the frame is a photo, of no video: then it is looked at twice
  ///     where `looksAtPhotosTwice`.
  /// - Returns: detections at or above `floor`, in the upright frame's normalised coordinates.
  public func detect(
    _ picture: PixelImage, _ placement: FramePlacement, background: Background? = nil,
    isPhoto: Bool = false
  ) -> [Detection] {
    let (background, eye) = (usable(background, for: picture), eye(placement))
    eye.picture.run(picture, background: background)
    let found = eye.reader.read(
      eye.picture, placement, seesMotion: usesMotion && background != nil)
    return isPhoto && looksAtPhotosTwice
      ? CloseUp.together(found, closeUps(picture, placement, eye)) : found
  }

  /// Whether photos are looked at a second time, at half their size, for fish that nearly fill them:
  /// where the model says how large individuals are, and decoding is not a device's.
  public var looksAtPhotosTwice: Bool {
    model.card.outputs?.sizes != nil && thresholdUse == .counting
  }

  /// What is found in a photo at half its size, in the upright frame's coordinates.
  private func closeUps(_ picture: PixelImage, _ placement: FramePlacement, _ eye: Eye)
    -> [Detection]
  {
    eye.picture.run(CloseUp.halved(picture))
    let found = eye.reader.read(eye.picture, CloseUp.place(in: picture), seesMotion: false)
    return found.compactMap { CloseUp.inFrame($0, placement) }
  }

  /// Whether the camera itself moves, so that nothing can be told from this background.
  public func cameraMoves(_ background: Background) -> Bool {
    background.level > model.card.input.movingCameraAbove ?? 0
  }

  /// What the model is given for a frame, before the input's codes: the picture itself, or with
  /// motion as a fourth channel.
  public func given(_ picture: PixelImage, background: Background? = nil) -> PixelImage {
    guard usesMotion else { return picture }
    var whole = PixelImage(width: picture.width, height: picture.height, channels: 4)
    whole.fill(picture, background: usable(background, for: picture))
    return whole
  }

  /// Whether the model is shown what moves: it has motion, and this background tells it.
  public func seesMotion(in picture: PixelImage, against background: Background?) -> Bool {
    usesMotion && usable(background, for: picture) != nil
  }

  /// A background that the camera's own motion does not spoil, and that has the picture's shape:
  /// streams may change theirs.
  private func usable(_ background: Background?, for picture: PixelImage) -> Background? {
    guard let background, !cameraMoves(background), background.picture.width == picture.width,
      background.picture.height == picture.height
    else { return nil }
    return background
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
