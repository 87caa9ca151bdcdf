public import Foundation
public import SpeciesCatalog
internal import Survey
public import TFLite

/// A .tflite file with what its card says of it.
public struct LoadedModel: Sendable {
  /// The file.
  public let file: URL
  /// The file as a path, for messages.
  var path: String { file.path }
  /// SHA-256 of its content in hexadecimal.
  public let hash: String
  /// The verified graph.
  public let graph: TFLiteModel
  /// The same network for frames that are taller than wide: its file, hash and graph.
  public private(set) var portrait: (file: URL, hash: String, graph: TFLiteModel)?
  /// Its card, or one made for a bare file.
  public var card: ModelCard
  /// What makes probabilities of this file's scores; `nil` leaves them as they are.
  public var calibration: Calibration?

  /// Loads a model by the name of a folder in `Species/models`, or by the path of a .tflite file.
  ///
  /// A file's card is the `card.json` beside it that lists the file, and its hash must agree. Else
  /// labels come from `labels`, from `NAME.txt`, `NAME_labels.txt`, `labels.txt` or `label.txt`
  /// beside it, one a line, or from the file's own metadata; without any they are “object”, or
  /// “class 1” and so on. A portrait file that the card lists with it is loaded too.
  ///
  /// - Parameter labels: a label list to use for a file without a card.
  /// - Throws: `SpeciesCatalogError`, `DetectionError`.
  public init(_ nameOrPath: String, labels: String? = nil, catalog: SpeciesCatalog) throws {
    var known: ModelCard?
    let isFile = nameOrPath.hasSuffix(".tflite") || nameOrPath.contains("/")
    if isFile {
      file = URL(filePath: nameOrPath)
    } else {
      let folder = try catalog.modelFolder(nameOrPath)
      let card = try catalog.card(
        folder.appending(path: "card.json"), decoders: CentroidDecoder.names)
      file = folder.appending(path: card.files[0].file)
      known = card
    }
    (hash, graph) = try Self.read(file)
    let beside = file.deletingLastPathComponent().appending(path: "card.json")
    if known == nil, FileManager.default.fileExists(atPath: beside.path) {
      known = try catalog.card(beside, decoders: CentroidDecoder.names)
    }
    if let card = known {
      let name = file.lastPathComponent
      if let listed = card.files.first(where: { $0.file == name }) {
        try Self.compare(file, listed.sha256, hash)
        if let twin = listed.portrait {
          let beside = file.deletingLastPathComponent().appending(path: twin.file)
          let (hash, graph) = try Self.read(beside)
          try Self.compare(beside, twin.sha256, hash)
          portrait = (beside, hash, graph)
        }
        self.card = card
        calibration = listed.calibration
        return
      }
    }
    card = try Self.bareCard(file, hash: hash, graph: graph, labels: labels)
  }

  /// What a detector calls individuals: `label` of a detection is a place in this list.
  ///
  /// - Parameter decoder: how individuals are read off a grid; `nil` is what the card says.
  public func detectionLabels(decoder: CentroidDecoder? = nil) -> [ModelCard.Label] {
    let decoder = decoder ?? CentroidDecoder(rawValue: card.decoder) ?? .peak
    return decoder == .peak ? card.openLabels : card.labels
  }

  /// This model as frames that are taller than wide see it; `nil` where that is no other file.
  var asPortrait: LoadedModel? {
    guard let portrait else { return nil }
    return LoadedModel(
      file: portrait.file, hash: portrait.hash, graph: portrait.graph, card: card,
      calibration: calibration)
  }

  /// Whether operators and shapes of constants are those of another model: what is prepared for one can
  /// be prepared for the other.
  func isSameNetwork(as other: LoadedModel) -> Bool {
    func constants(_ graph: TFLiteModel) -> [String] {
      graph.tensors.filter(\.isConstant).map { "\($0.elementType)\($0.shape)" }.sorted()
    }
    return graph.operators.map(\.kind) == other.graph.operators.map(\.kind)
      && graph.operators.map(\.version) == other.graph.operators.map(\.version)
      && constants(graph) == constants(other.graph)
  }

  private init(
    file: URL, hash: String, graph: TFLiteModel, card: ModelCard, calibration: Calibration?
  ) {
    (self.file, self.hash, self.graph) = (file, hash, graph)
    (self.card, self.calibration) = (card, calibration)
  }

  private static func read(_ file: URL) throws -> (hash: String, graph: TFLiteModel) {
    guard let data = try? Data(contentsOf: file) else {
      throw SpeciesCatalogError.unreadable(file: file.path, reason: "missing, or no permission")
    }
    let bytes = [UInt8](data)
    do { return (SpeciesCatalog.sha256(bytes), try TFLiteModel(bytes: bytes)) } catch {
      throw DetectionError.unreadable(file: file.path, error: error)
    }
  }

  private static func compare(_ file: URL, _ listed: String, _ hash: String) throws {
    guard listed.lowercased() == hash else {
      throw SpeciesCatalogError.wrongHash(file: file.path, expected: listed, actual: hash)
    }
  }

  private static func bareCard(_ file: URL, hash: String, graph: TFLiteModel, labels given: String?)
    throws -> ModelCard
  {
    let metadata: ModelMetadata
    do { metadata = try graph.metadata() } catch {
      throw DetectionError.unreadable(file: file.path, error: error)
    }
    let task = ModelCard.Task(of: graph)
    let channels = graph.labelChannels
    var (labels, source) = try Self.labels(of: file, given: given, metadata)
    if labels.isEmpty {
      let first = task == .centroids ? 1 : 0
      labels =
        channels == 2 && task == .centroids
        ? ["object"] : (first..<max(first + 1, channels)).map { "class \($0)" }
    }
    // A list may name the background, at any place, though the output has no channel for it.
    let named = labels.firstIndex {
      ["background", "_background_", "__background__"].contains($0.lowercased())
    }
    var background: Int?
    if let named, task == .centroids || labels.count > channels {
      labels.remove(at: named)
      background = task == .centroids ? named : nil
    } else if task == .centroids, labels.count == channels - 1 {
      background = 0
    }
    let hidden = background == nil ? 0 : 1
    let fits = task == .boxes ? labels.count >= channels : labels.count + hidden == channels
    guard fits else {
      throw DetectionError.labelCount(
        file: file.path, channels: channels, labels: labels.count, source: source)
    }
    var range = metadata.pixelRange.map { [$0.lowerBound, $0.upperBound] }
    // Classifiers come from ImageNet's training code, which feeds −1 to 1, unless they say else.
    if range == nil, task == .labels, graph.takesFloats { range = [-1, 1] }
    return ModelCard(
      bareFile: file.lastPathComponent, sha256: hash, task: task, background: background,
      labels: labels, pixelRange: range)
  }

  private static func labels(of file: URL, given: String?, _ metadata: ModelMetadata) throws -> (
    [String], source: String
  ) {
    if let given { return (try labels(URL(filePath: given)), given) }
    let stem = file.deletingPathExtension().lastPathComponent
    let folder = file.deletingLastPathComponent()
    let lists = ["\(stem).txt", "\(stem)_labels.txt", "labels.txt", "label.txt"]
      .map { folder.appending(path: $0) }
    if let list = lists.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      return (try labels(list), list.lastPathComponent)
    }
    return (metadata.labels, "the model")
  }

  private static func labels(_ file: URL) throws -> [String] {
    let text: String
    do { text = String(decoding: try Data(contentsOf: file), as: UTF8.self) } catch {
      throw SpeciesCatalogError.unreadable(file: file.path, reason: "no permission")
    }
    var labels = text.split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"]))
    }.filter { !$0.isEmpty }
    if labels.isEmpty { throw DetectionError.labels(file: file.path, problem: "lists no label") }
    // Lists such as ImageNet's name two classes alike (the crane that flies, and that which lifts).
    var seen: [String: Int] = [:]
    for (index, label) in labels.enumerated() {
      seen[label, default: 0] += 1
      if let count = seen[label], count > 1 { labels[index] = "\(label) (\(count))" }
    }
    return labels
  }
}

extension ModelCard.Task {
  /// What a graph's outputs look like.
  init(of graph: TFLiteModel) {
    if graph.operators.contains(where: { $0.kind == .detectionPostProcess }) {
      self = .boxes
    } else {
      let rank = graph.outputs.first.map { graph.tensors[$0].shape.count } ?? 0
      self = rank == 4 ? .centroids : .labels
    }
  }
}

extension TFLiteModel {
  /// How many classes the outputs tell apart, background included where it has a channel.
  var labelChannels: Int {
    if let op = operators.first(where: { $0.kind == .detectionPostProcess }) {
      guard case .custom(let bytes) = op.options,
        let classes = FlexMap(bytes)?.numbers["num_classes"]
      else { return 1 }
      return Int(min(10_000, max(1, classes)))
    }
    return outputs.first.flatMap { tensors[$0].shape.last } ?? 0
  }

  /// Whether the first input is float32.
  var takesFloats: Bool { inputs.first.map { tensors[$0].elementType == .float32 } ?? false }
}
