public import SpeciesCatalog
public import Survey

/// What finds individuals in frames.
///
/// It is a network that sees the whole frame, or a classifier that is slid over it. A frame is
/// scaled into an empty input by its placement, and given to `detect`. Not for two threads at once.
public protocol Finder: AnyObject {
  /// The model and its card.
  var model: LoadedModel { get }
  /// Name of the way individuals are read off the output.
  var decoderName: String { get }
  /// When a threshold takes effect.
  var thresholdUse: CentroidDecoder.ThresholdUse { get }
  /// Name of the kernels in use.
  var kernels: String { get }
  /// What detections are called, by `Detection.label`.
  var labels: [ModelCard.Label] { get }
  /// Places in `labels` of what is found as one fish first; empty without an open set.
  var openSet: [Int] { get }
  /// Score from which detections of each of `labels` count.
  var thresholds: [Double] { get }
  /// Score from which detections are given.
  var floor: Double { get }
  /// Whether it is also given what has moved, seen against a background.
  var usesMotion: Bool { get }
  /// What a frame's shorter side must measure in pixels, at the least.
  var leastSide: Int { get }

  /// Where a frame of this size goes in the input.
  func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement
  /// A picture for `detect`, black, of the placement's input.
  func emptyInput(for placement: FramePlacement) -> PixelImage
  /// How far apart centroids can be told, in pixels of the input; 0 where the model gives boxes.
  func cell(_ placement: FramePlacement) -> (width: Double, height: Double)
  /// Finds the individuals in a frame.
  ///
  /// - Parameter isPhoto: whether the frame is a photo, of no video.
  /// - Returns: detections at or above `floor`, in the upright frame's normalised coordinates.
  func detect(
    _ picture: PixelImage, _ placement: FramePlacement, background: Background?, isPhoto: Bool
  ) -> [Detection]
  /// Whether the camera itself moves, so that nothing can be told from this background.
  func cameraMoves(_ background: Background) -> Bool
  /// What the model is given for a frame, before the input's codes.
  func given(_ picture: PixelImage, background: Background?) -> PixelImage
  /// Whether the model is shown what moves against this background.
  func seesMotion(in picture: PixelImage, against background: Background?) -> Bool
}

extension LoadedModel {
  /// The model made ready to find individuals.
  ///
  /// - Parameter options: with windows, the model is a classifier that is slid over frames.
  /// - Throws: `DetectionError` where the model cannot be executed or is of another task.
  public func finder(_ options: DetectorOptions = DetectorOptions()) throws(DetectionError)
    -> any Finder
  {
    if let windows = options.windows {
      return try WindowDetector(self, windows, options: options)
    }
    return try Detector(self, options: options)
  }
}

extension Detector: Finder {
  /// Every frame is large enough.
  public var leastSide: Int { 1 }

  /// Cells of the output grid in pixels of the input; 0 where the model gives boxes.
  public func cell(_ placement: FramePlacement) -> (width: Double, height: Double) {
    let grid = gridSize(for: placement)
    guard grid.width > 0, grid.height > 0 else { return (0, 0) }
    return (
      Double(placement.inputWidth) / Double(grid.width),
      Double(placement.inputHeight) / Double(grid.height)
    )
  }
}
