public import Survey

/// What a model is, what it was trained on, and how its input and output are read: `card.json`.
public struct ModelCard: Sendable, Hashable, Codable {
  /// What a model's output means.
  public enum Task: String, Sendable, Codable {
    /// A grid of class scores (FOMO): individuals as centroids.
    case centroids
    /// Boxes with classes and scores (SSD): individuals as boxes.
    case boxes
    /// Scores of the whole picture: a classifier.
    case labels
  }

  /// One .tflite file of the model.
  public struct File: Sendable, Hashable, Codable {
    /// Name within the card's folder.
    public var file: String
    /// `int8`, `float32`, ….
    public var precision: String
    /// SHA-256 of the file in hexadecimal.
    public var sha256: String
    /// Scores from which detections by this file count, in the labels' order; absent where those of
    /// the labels hold.
    public var thresholds: [Double]?
  }

  /// How a frame becomes the input tensor.
  public struct Input: Sendable, Hashable, Codable {
    /// How the frame fills the input's rectangle.
    public var fit: FrameFit
    /// Values of black and white that float inputs, and scales of quantised ones, stand for.
    public var pixelRange: [Double]?
    /// Whether a fourth channel beside red, green and blue shows what has moved; see `Background`.
    public var motion: Bool?
    /// Mean motion of a background's own frames, 0…255, above which the camera is taken to move:
    /// then nothing is shown as moved.
    public var movingCameraAbove: Double?

    /// Whether the model takes a fourth channel of motion.
    public var hasMotion: Bool { motion ?? false }
  }

  /// Which of the file's outputs is what, counted from 0.
  public struct Outputs: Sendable, Hashable, Codable {
    /// The grid of class scores.
    public var scores: Int
    /// A grid of log2(width ÷ cell), log2(height ÷ cell) of the individual at each cell, a cell
    /// being as many pixels of the input.
    public var sizes: Int?

    /// Outputs by their places.
    public init(scores: Int, sizes: Int? = nil) {
      self.scores = scores
      self.sizes = sizes
    }
  }

  /// One class, background aside.
  public struct Label: Sendable, Hashable, Codable {
    /// The model's word for it.
    public var label: String
    /// Key into the catalogue.
    public var taxon: String?
    /// Score from which a detection counts.
    public var threshold: Double
  }

  /// Pictures that the model has learnt from.
  public struct TrainingData: Sendable, Hashable, Codable {
    /// The data set.
    public var name: String
    /// Where it was published.
    public var source: String
    /// Its licence.
    public var licence: String
    /// Whom to credit.
    public var attribution: String
  }

  /// Name; that of the folder.
  public var name: String
  /// Version.
  public var version: String
  /// What the output means.
  public var task: Task
  /// One sentence.
  public var description: String
  /// The model's files; the first is the default.
  public var files: [File]
  /// The input.
  public var input: Input
  /// The outputs; absent where there is one, of scores.
  public var outputs: Outputs?
  /// The output channel that means “nothing”; absent where every channel is a label.
  public var background: Int?
  /// The labels in channel order, background left out.
  public var labels: [Label]
  /// How centroids are read off the grid: `peak` or `edge-impulse`.
  public var decoder: String
  /// Score from which detections are kept.
  public var floor: Double
  /// What it was trained on.
  public var trainingData: [TrainingData]
  /// Licence of the weights.
  public var licence: String

  /// A card for a bare .tflite file, as exporters leave them: kept from 0.1, counted from 0.5.
  ///
  /// Individuals are looked for in the whole frame, its shape kept; a classifier sees the middle.
  public init(
    bareFile file: String, sha256: String, task: Task, background: Int?, labels: [String],
    pixelRange: [Double]?
  ) {
    name = file.hasSuffix(".tflite") ? String(file.dropLast(7)) : file
    version = "unversioned"
    self.task = task
    description = "A model without a card."
    files = [File(file: file, precision: "unstated", sha256: sha256, thresholds: nil)]
    input = Input(fit: task == .labels ? .crop : .letterbox, pixelRange: pixelRange)
    self.background = background
    self.labels = labels.map { Label(label: $0, taxon: nil, threshold: 0.5) }
    decoder = "peak"
    floor = 0.1
    trainingData = []
    licence = "unknown"
  }

  /// The same with the thresholds of one of its files.
  public func using(_ file: File) -> ModelCard {
    var card = self
    for (index, threshold) in (file.thresholds ?? []).enumerated() {
      card.labels[index].threshold = threshold
    }
    return card
  }

  /// What is wrong with the values, if anything: a property's name and what it should hold.
  func problem(decoders: Set<String>) -> (property: String, expected: String)? {
    let isScore = { (value: Double) in value > 0 && value <= 1 }
    if name.isEmpty || version.isEmpty { return ("name, version", "a text") }
    if files.isEmpty { return ("files", "at least one file") }
    for file in files {
      if file.file.isEmpty || file.file.contains("/") {
        return ("files.file", "a file name in the card's own folder")
      }
      if file.sha256.count != 64 { return ("files.sha256", "64 hexadecimal digits") }
      if let own = file.thresholds,
        own.count != labels.count || !own.allSatisfy({ isScore($0) && $0 >= floor })
      {
        return ("files.thresholds", "a score for each label, no lower than the floor")
      }
    }
    if labels.isEmpty { return ("labels", "at least one label") }
    if Set(labels.map(\.label)).count != labels.count { return ("labels", "different labels") }
    if let background, !(0...labels.count).contains(background) {
      return ("background", "an output channel from 0 to \(labels.count)")
    }
    if !labels.allSatisfy({ isScore($0.threshold) }) {
      return ("labels.threshold", "a score above 0 and up to 1")
    }
    if !isScore(floor) || labels.contains(where: { $0.threshold < floor }) {
      return ("floor", "a score above 0 and no higher than any threshold")
    }
    if !decoders.contains(decoder) {
      return ("decoder", decoders.sorted().joined(separator: " or "))
    }
    if let range = input.pixelRange, range.count != 2 || range[0] >= range[1] {
      return ("input.pixelRange", "two numbers, the smaller first")
    }
    return motionProblem ?? outputsProblem
  }

  private var motionProblem: (property: String, expected: String)? {
    guard input.hasMotion else { return nil }
    if task != .centroids { return ("input.motion", "nothing, unless “task” is centroids") }
    guard let limit = input.movingCameraAbove, limit > 0, limit <= 255 else {
      return ("input.movingCameraAbove", "a number above 0 and up to 255, since “motion” is true")
    }
    return nil
  }

  private var outputsProblem: (property: String, expected: String)? {
    guard let outputs else { return nil }
    if outputs.scores < 0 || outputs.sizes ?? 0 < 0 || outputs.scores == outputs.sizes {
      return ("outputs", "different numbers of the file's outputs, counted from 0")
    }
    if outputs.sizes != nil, task != .centroids {
      return ("outputs.sizes", "nothing, unless “task” is centroids")
    }
    return nil
  }
}
