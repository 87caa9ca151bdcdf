public import Foundation
public import SpeciesCatalog
internal import Survey
public import TFLite

/// A .tflite file with what its card says of it.
public struct LoadedModel: Sendable {
  /// The file.
  public let file: URL
  /// SHA-256 of its content in hexadecimal.
  public let hash: String
  /// The verified graph.
  public let graph: TFLiteModel
  /// Its card, or one made for a bare file.
  public let card: ModelCard

  /// Loads a model by the name of a folder in `Species/models`, or by the path of a .tflite file.
  ///
  /// A file's card is the `card.json` beside it that lists the file, and its hash must agree. Else
  /// labels come from `labels.txt`, `label.txt` or `NAME.txt` beside it, one a line; without any
  /// they are “object”, or “class 1” and so on.
  ///
  /// - Throws: `SpeciesCatalogError`, `DetectionError`.
  public init(_ nameOrPath: String, catalog: SpeciesCatalog) throws {
    let isFile = nameOrPath.hasSuffix(".tflite") || nameOrPath.contains("/")
    if isFile {
      file = URL(filePath: nameOrPath)
    } else {
      let folder = try catalog.modelFolder(nameOrPath)
      let card = try catalog.card(
        folder.appending(path: "card.json"), decoders: CentroidDecoder.names)
      file = folder.appending(path: card.files[0].file)
    }
    let bytes: [UInt8]
    do {
      bytes = [UInt8](try Data(contentsOf: file))
    } catch {
      throw SpeciesCatalogError.unreadable(file: file.path, reason: "missing, or no permission")
    }
    hash = SpeciesCatalog.sha256(bytes)
    do { graph = try TFLiteModel(bytes: bytes) } catch {
      throw DetectionError.unreadable(file: file.path, error: error)
    }
    let beside = file.deletingLastPathComponent().appending(path: "card.json")
    if FileManager.default.fileExists(atPath: beside.path) {
      let card = try catalog.card(beside, decoders: CentroidDecoder.names)
      let name = file.lastPathComponent
      if let listed = card.files.first(where: { $0.file == name }) {
        guard listed.sha256.lowercased() == hash else {
          throw SpeciesCatalogError.wrongHash(
            file: file.path, expected: listed.sha256, actual: hash)
        }
        self.card = card
        return
      }
    }
    card = try Self.bareCard(file, hash: hash, graph: graph)
  }

  /// The output's last dimension.
  static func channels(of graph: TFLiteModel) -> Int {
    graph.outputs.first.flatMap { graph.tensors[$0].shape.last } ?? 0
  }

  private static func bareCard(_ file: URL, hash: String, graph: TFLiteModel) throws -> ModelCard {
    let stem = file.deletingPathExtension().lastPathComponent
    let folder = file.deletingLastPathComponent()
    let channels = channels(of: graph)
    var labels: [String]
    var source = "the model"
    let lists = ["\(stem).txt", "\(stem)_labels.txt", "labels.txt", "label.txt"]
      .map { folder.appending(path: $0) }
    if let list = lists.first(where: { FileManager.default.fileExists(atPath: $0.path) }) {
      source = list.lastPathComponent
      labels = try Self.labels(list)
    } else {
      labels = channels == 2 ? ["object"] : (1..<max(2, channels)).map { "class \($0)" }
    }
    var background: Int? = 0
    if let named = labels.firstIndex(where: {
      ["background", "_background_", "__background__"].contains($0.lowercased())
    }), labels.count == channels {
      background = named
      labels.remove(at: named)
    } else if labels.count == channels {
      background = nil
    }
    guard labels.count + (background == nil ? 0 : 1) == channels else {
      throw DetectionError.labelCount(
        file: file.path, channels: channels, labels: labels.count, source: source)
    }
    return ModelCard(
      bareFile: file.lastPathComponent, sha256: hash, background: background, labels: labels)
  }

  private static func labels(_ file: URL) throws -> [String] {
    let text: String
    do { text = String(decoding: try Data(contentsOf: file), as: UTF8.self) } catch {
      throw SpeciesCatalogError.unreadable(file: file.path, reason: "no permission")
    }
    let labels = text.split(whereSeparator: \.isNewline).map {
      $0.trimmingCharacters(in: .whitespaces.union(["\u{FEFF}"]))
    }.filter { !$0.isEmpty }
    if labels.isEmpty { throw DetectionError.labels(file: file.path, problem: "lists no label") }
    if let twice = labels.enumerated().first(where: { labels[..<$0.offset].contains($0.element) }) {
      throw DetectionError.labels(
        file: file.path, problem: "names the label “\(twice.element)” twice")
    }
    return labels
  }
}
