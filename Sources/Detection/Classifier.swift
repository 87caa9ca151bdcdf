public import Inference
internal import SpeciesCatalog
public import Survey

/// A model made ready to name whole pictures; not for two threads at once.
public final class Classifier {
  /// One label and how sure the model is of it.
  public struct Score: Sendable, Hashable {
    /// Index into the card's labels; `nil` is its background, nothing.
    public var label: Int?
    /// The model's score, 0…1.
    public var score: Double
  }

  /// The model and its card.
  public var model: LoadedModel { picture.model }
  /// Width of the picture that `classify` takes.
  public var inputWidth: Int { picture.inputWidth }
  /// Height of that picture.
  public var inputHeight: Int { picture.inputHeight }
  /// Channels of that picture: 1 grey, 3 RGB.
  public var inputChannels: Int { picture.inputChannels }
  /// Name of the kernels in use.
  public var kernels: String { picture.interpreter.kernels }

  private let picture: PictureModel
  private let needsSoftmax: Bool
  /// What each of the output's channels means: a label, or `nil` for nothing.
  private let channels: [Int?]
  private var scores: [Float]

  /// Prepares a model.
  ///
  /// - Throws: `DetectionError` where the model cannot be executed or is of another task.
  public init(_ model: LoadedModel, inference: InferenceOptions = InferenceOptions())
    throws(DetectionError)
  {
    picture = try PictureModel(model, inference: inference)
    let outputs = picture.interpreter.outputs
    var channels = model.card.labels.indices.map { Optional($0) }
    if let background = model.card.background { channels.insert(nil, at: background) }
    guard model.card.task == .labels, let output = outputs.first, outputs.count == 1,
      output.elementCount == channels.count, output.holdsScores
    else {
      throw .tensor(
        file: model.path, what: "output", found: outputs.map(\.text).joined(separator: ", "),
        expected: "one score for each of its labels (a classifier)")
    }
    self.channels = channels
    scores = [Float](repeating: 0, count: output.elementCount)
    needsSoftmax = !picture.endsInScores()
  }

  /// Where a frame of this size goes in the input.
  public func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement {
    picture.placement(frameWidth: frameWidth, frameHeight: frameHeight)
  }

  /// A picture for `classify`, black.
  public func emptyInput() -> PixelImage { picture.emptyInput() }

  /// Names a picture of the input's shape.
  ///
  /// - Returns: all labels, and the background where there is one, the surest first; of equal scores
  ///   the first channel.
  public func classify(_ picture: PixelImage) -> [Score] {
    self.picture.run(picture)
    self.picture.read(0, into: &scores)
    if needsSoftmax { PictureModel.softmax(&scores, channels: scores.count) }
    return scores.enumerated()
      .sorted { $0.element == $1.element ? $0.offset < $1.offset : $0.element > $1.element }
      .map { Score(label: channels[$0.offset], score: Double($0.element)) }
  }
}
