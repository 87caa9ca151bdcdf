/// What a model says of its labels and its input, beside the graph: TFLite Metadata.
///
/// Source: `metadata_schema.fbs` of TensorFlow Lite Support; label files lie in a ZIP archive (APPNOTE
/// 6.3) behind the FlatBuffer.
public struct ModelMetadata: Sendable, Hashable {
  /// The model's name.
  public var name: String?
  /// Lines of the first attached text file: labels in channel order.
  public var labels: [String] = []
  /// Values of black and white of the first input: (0 − mean) ÷ deviation, (255 − mean) ÷ deviation.
  public var pixelRange: ClosedRange<Double>?

  /// No metadata.
  public init() {}
}

extension TFLiteModel {
  /// The metadata that the file carries; all empty where it has none.
  ///
  /// - Throws: `TFLiteError` where it has some and they are broken.
  public func metadata() throws(TFLiteError) -> ModelMetadata {
    var metadata = ModelMetadata()
    var reader = MetadataReader(bytes: bytes)
    if let (name, range) = try reader.describedInput() {
      metadata.name = name
      metadata.pixelRange = range
    }
    if let text = try StoredArchive(bytes: bytes).firstText() {
      metadata.labels = text.split(whereSeparator: \.isNewline).map(String.init)
    }
    return metadata
  }
}

/// Reads the FlatBuffer that lies in the buffer named TFLITE_METADATA.
private struct MetadataReader {
  private var model: FlatBuffer

  init(bytes: [UInt8]) { model = FlatBuffer(bytes) }

  /// The model's name, and the pixel range of its first input.
  mutating func describedInput() throws(TFLiteError) -> (
    name: String?, range: ClosedRange<Double>?
  )? {
    guard let inner = try innerFile() else { return nil }
    var metadata = FlatBuffer(inner)
    let root = try metadata.root()
    let name = try metadata.string(0, of: root, "metadata name")
    guard let graph = try metadata.tables(3, of: root, "subgraph metadata")?.first,
      let input = try metadata.tables(2, of: graph, "input metadata")?.first
    else { return (name, nil) }
    for unit in try metadata.tables(4, of: input, "process units") ?? [] {
      // NormalizationOptions are the first kind of process unit.
      guard try metadata.integer(UInt8.self, 0, of: unit, default: 0, "process unit") == 1,
        let options = try metadata.table(1, of: unit, "normalisation"),
        let mean = try metadata.floats(0, of: options, "mean")?.first,
        let deviation = try metadata.floats(1, of: options, "deviation")?.first,
        deviation > 0, mean.isFinite, deviation.isFinite
      else { continue }
      return (name, Double(-mean / deviation)...Double((255 - mean) / deviation))
    }
    return (name, nil)
  }

  private mutating func innerFile() throws(TFLiteError) -> [UInt8]? {
    let root = try model.root()
    for entry in try model.tables(6, of: root, "metadata") ?? [] {
      guard try model.string(0, of: entry, "metadata name") == "TFLITE_METADATA" else { continue }
      let index = Int(try model.integer(UInt32.self, 1, of: entry, default: 0, "metadata buffer"))
      let buffers = try model.tables(4, of: root, "buffers") ?? []
      guard index < buffers.count,
        let (start, count) = try model.vector(
          0, of: buffers[index], elementSize: 1, "metadata buffer")
      else { throw .missing(what: "buffer \(index) of the metadata") }
      return Array(model.bytes[start..<start + count])
    }
    return nil
  }
}

/// The ZIP archive behind a model; only members that are stored as they are can be read.
private struct StoredArchive {
  private let file: FlatBuffer

  init(bytes: [UInt8]) { file = FlatBuffer(bytes) }

  /// The first member whose name ends in `.txt`.
  func firstText() throws(TFLiteError) -> String? {
    guard let end = endOfDirectory() else { return nil }
    let count = Int(try file.integer(UInt16.self, at: end + 10, "archive members"))
    // The directory lies right before its end record, wherever the archive begins.
    let size = Int(try file.integer(UInt32.self, at: end + 12, "archive directory"))
    let offset = Int(try file.integer(UInt32.self, at: end + 16, "archive directory"))
    let start = end - size - offset
    var entry = end - size
    for _ in 0..<count {
      guard try file.integer(UInt32.self, at: entry, "archive member") == 0x0201_4B50 else {
        throw .missing(what: "member of the archive behind the model")
      }
      let method = try file.integer(UInt16.self, at: entry + 10, "archive member")
      let length = Int(try file.integer(UInt32.self, at: entry + 24, "archive member"))
      let nameLength = Int(try file.integer(UInt16.self, at: entry + 28, "archive member"))
      let extra = Int(try file.integer(UInt16.self, at: entry + 30, "archive member"))
      let comment = Int(try file.integer(UInt16.self, at: entry + 32, "archive member"))
      let local = start + Int(try file.integer(UInt32.self, at: entry + 42, "archive member"))
      let name = try text(at: entry + 46, count: nameLength)
      if name.lowercased().hasSuffix(".txt"), method == 0 {
        let skip =
          Int(try file.integer(UInt16.self, at: local + 26, "archive member"))
          + Int(try file.integer(UInt16.self, at: local + 28, "archive member"))
        return try text(at: local + 30 + skip, count: length)
      }
      entry += 46 + nameLength + extra + comment
    }
    return nil
  }

  /// Where the end record lies: within the last 64 KiB, and nothing but its comment behind it.
  private func endOfDirectory() -> Int? {
    let bytes = file.bytes
    var position = bytes.count - 22
    let last = max(0, bytes.count - 22 - 65_535)
    while position >= last {
      if bytes[position] == 0x50, bytes[position + 1] == 0x4B, bytes[position + 2] == 5,
        bytes[position + 3] == 6
      {
        return position
      }
      position -= 1
    }
    return nil
  }

  private func text(at start: Int, count: Int) throws(TFLiteError) -> String {
    guard start >= 0, start <= file.bytes.count, count <= file.bytes.count - start else {
      throw .outOfBounds(
        what: "member of the archive", offset: start, fileSize: file.bytes.count)
    }
    return String(decoding: file.bytes[start..<start + count], as: UTF8.self)
  }
}
