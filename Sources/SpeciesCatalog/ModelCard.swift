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
    /// The same network for frames that are taller than wide; absent where this file takes them too.
    public var portrait: Twin?
    /// What makes probabilities of this file's scores; absent where scores are taken as they are.
    public var calibration: Calibration?
  }

  /// A file with the weights of another, for an input of another shape.
  public struct Twin: Sendable, Hashable, Codable {
    /// Name within the card's folder.
    public var file: String
    /// SHA-256 of the file in hexadecimal.
    public var sha256: String
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

  /// Labels that are looked for as one, by the sum of their scores, and named where one stands out.
  public struct OpenSet: Sendable, Hashable, Codable {
    /// What individuals without a clear name are called.
    public var label: String
    /// Key into the catalogue of what all members belong to; no species.
    public var taxon: String
    /// The members' labels; those of the open set's own taxon give no name.
    public var labels: [String]
    /// Score of all members together from which an individual counts, named or not.
    public var threshold: Double
    /// For each of `labels` the share of the members' scores from which it gives its name, where its
    /// share is the highest.
    public var nameAbove: [Double]
    /// What shares are taken after: they are in proportion to score^(1 ÷ temperature).
    public var temperature: Double

    /// An open set.
    public init(
      label: String, taxon: String, labels: [String], threshold: Double,
      nameAbove: [Double], temperature: Double
    ) {
      self.label = label
      self.taxon = taxon
      self.labels = labels
      self.threshold = threshold
      self.nameAbove = nameAbove
      self.temperature = temperature
    }
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
  /// Labels that are found as one fish first, and then named; absent where each stands for itself.
  public var openSet: OpenSet?
  /// How centroids are read off the grid: `peak` or `edge-impulse`.
  public var decoder: String
  /// Score from which detections are kept.
  public var floor: Double
  /// What it was trained on.
  public var trainingData: [TrainingData]
  /// Licence of the weights.
  public var licence: String
  /// Whether what it says is not to be counted on; absent where it may be.
  public var experimental: Bool?

  /// The version as people see it, with a word where the model is experimental.
  public var statedVersion: String {
    experimental == true ? "\(version) (experimental)" : version
  }

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
    files = [File(file: file, precision: "unstated", sha256: sha256)]
    input = Input(fit: task == .labels ? .crop : .letterbox, pixelRange: pixelRange)
    self.background = background
    self.labels = labels.map { Label(label: $0, taxon: nil, threshold: 0.5) }
    decoder = "peak"
    floor = 0.1
    trainingData = []
    licence = "unknown"
  }

  /// Which labels are members of the open set, by their places in `labels`.
  public var members: [Int] {
    labels.indices.filter { openSet?.labels.contains(labels[$0].label) ?? false }
  }

  /// The members that give no name: those of the open set's own taxon, such as “other fish”.
  public var genericMembers: [Int] {
    members.filter { labels[$0].taxon == openSet?.taxon }
  }

  /// What individuals are called where the open set is looked for: the labels but for generic
  /// members, and behind them the open set's; its threshold is that of all its members.
  public var openLabels: [Label] {
    guard let openSet else { return labels }
    let (members, generic) = (Set(members), Set(genericMembers))
    let named = labels.indices.filter { !generic.contains($0) }.map { index in
      var label = labels[index]
      if members.contains(index) { label.threshold = openSet.threshold }
      return label
    }
    return named
      + [Label(label: openSet.label, taxon: openSet.taxon, threshold: openSet.threshold)]
  }

  /// Places in `openLabels` of the named members, and last of the open set; empty without one.
  public var openPlaces: [Int] {
    guard let openSet else { return [] }
    let inside = Set(openSet.labels + [openSet.label])
    let labels = openLabels
    return labels.indices.filter { inside.contains(labels[$0].label) }
  }

  /// What is wrong with the values, if anything: a property's name and what it should hold.
  func problem(decoders: Set<String>) -> (property: String, expected: String)? {
    let isScore = { (value: Double) in value > 0 && value <= 1 }
    if name.isEmpty || version.isEmpty { return ("name, version", "a text") }
    if files.isEmpty { return ("files", "at least one file") }
    for file in files {
      if let problem = Self.problem(file.file, file.sha256, "files") { return problem }
      if let twin = file.portrait {
        if let problem = Self.problem(twin.file, twin.sha256, "files.portrait") { return problem }
        if task != .centroids { return ("files.portrait", "nothing, unless “task” is centroids") }
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
    return motionProblem ?? outputsProblem ?? calibrationProblem ?? openSetProblem
  }

  private static func problem(_ file: String, _ sha256: String, _ property: String)
    -> (property: String, expected: String)?
  {
    if file.isEmpty || file.contains("/") {
      return (property + ".file", "a file name in the card's own folder")
    }
    return sha256.count == 64 ? nil : (property + ".sha256", "64 hexadecimal digits")
  }

  private var calibrationProblem: (property: String, expected: String)? {
    for calibration in files.compactMap(\.calibration) {
      if task != .centroids { return ("files.calibration", "nothing, unless “task” is centroids") }
      if (calibration.moving != nil) != input.hasMotion {
        return (
          "files.calibration.moving",
          input.hasMotion
            ? "“scale” and “offset”, since “input.motion” is true"
            : "nothing, since the model has no “input.motion”"
        )
      }
      for line in [calibration.still, calibration.moving].compactMap({ $0 })
      where !(line.scale > 0 && line.scale.isFinite && line.offset.isFinite) {
        return ("files.calibration", "a “scale” above 0 and an “offset”")
      }
    }
    return nil
  }

  private var openSetProblem: (property: String, expected: String)? {
    guard let openSet else { return nil }
    if task != .centroids { return ("openSet", "nothing, unless “task” is centroids") }
    let known = Set(labels.map(\.label))
    if openSet.label.isEmpty || known.contains(openSet.label) {
      return ("openSet.label", "a label of its own, other than “labels” have")
    }
    if Set(openSet.labels).count != openSet.labels.count || openSet.labels.count < 2
      || !known.isSuperset(of: openSet.labels)
    {
      return ("openSet.labels", "at least two different ones of “labels”")
    }
    if genericMembers.count == members.count {
      return ("openSet.labels", "at least one of another taxon than “openSet.taxon”")
    }
    if !(openSet.threshold >= floor && openSet.threshold <= 1) {
      return ("openSet.threshold", "a score no lower than the floor")
    }
    if openSet.nameAbove.count != openSet.labels.count
      || !openSet.nameAbove.allSatisfy({ $0 > 0 && $0 <= 1 })
    {
      return (
        "openSet.nameAbove",
        "a share above 0 and up to 1 for each of “openSet.labels”, \(openSet.labels.count) in all"
      )
    }
    if !(openSet.temperature > 0 && openSet.temperature.isFinite) {
      return ("openSet.temperature", "a number above 0")
    }
    return nil
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
