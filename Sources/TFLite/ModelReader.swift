/// Reads the tables of a model file, checking everything that a caller of `TFLiteModel` relies on.
struct ModelReader {
  private var buffer: FlatBuffer

  /// Parts of a model, verified.
  struct Parts {
    var tensors: [TFLiteModel.Tensor]
    var operators: [TFLiteModel.Operator]
    var inputs: [Int]
    var outputs: [Int]
    var description: String?
  }

  private static let largestRank = 8
  private static let largestCount = 10_000

  init(_ bytes: [UInt8]) { buffer = FlatBuffer(bytes) }

  mutating func read() throws(TFLiteError) -> Parts {
    let bytes = buffer.bytes
    guard bytes.count >= 8, bytes[4..<8].elementsEqual("TFL3".utf8) else {
      throw .notAModel(byteCount: bytes.count)
    }
    let root = try buffer.root()
    let version = try buffer.integer(UInt32.self, 0, of: root, default: 0, "version")
    guard version == 3 else { throw .schemaVersion(Int(version)) }

    let kinds = try operatorKinds(of: root)
    let buffers = try constantRanges(of: root)
    guard let graph = try buffer.tables(2, of: root, "subgraphs")?.first else {
      throw .missing(what: "subgraph")
    }
    let tensors = try self.tensors(of: graph, buffers: buffers)
    let operators = try self.operators(of: graph, kinds: kinds, tensorCount: tensors.count)
    return Parts(
      tensors: tensors, operators: operators,
      inputs: try tensorIndices(1, of: graph, "graph input", count: tensors.count),
      outputs: try tensorIndices(2, of: graph, "graph output", count: tensors.count),
      description: try buffer.string(3, of: root, "description"))
  }

  private func limit(_ count: Int, _ what: String) throws(TFLiteError) {
    guard count <= Self.largestCount else {
      throw .tooMany(what: what, count: count, limit: Self.largestCount)
    }
  }

  private mutating func operatorKinds(
    of root: FlatBuffer.Table
  ) throws(TFLiteError) -> [(kind: OperatorKind, version: Int)] {
    let tables = try buffer.tables(1, of: root, "operator codes") ?? []
    try limit(tables.count, "operator codes")
    var kinds: [(kind: OperatorKind, version: Int)] = []
    for table in tables {
      // Codes up to 127 once had a byte of their own; writers now fill both fields.
      let old = Int32(try buffer.integer(Int8.self, 0, of: table, default: 0, "operator code"))
      let new = try buffer.integer(Int32.self, 3, of: table, default: 0, "operator code")
      let custom = try buffer.string(1, of: table, "custom operator's name")
      let version = try buffer.integer(Int32.self, 2, of: table, default: 1, "operator version")
      kinds.append((OperatorKind(code: max(old, new), customName: custom), Int(version)))
    }
    return kinds
  }

  /// Where each buffer's bytes lie, nil for one without.
  private mutating func constantRanges(
    of root: FlatBuffer.Table
  ) throws(TFLiteError) -> [Range<Int>?] {
    let tables = try buffer.tables(4, of: root, "buffers") ?? []
    try limit(tables.count, "buffers")
    var ranges: [Range<Int>?] = []
    for table in tables {
      if let (start, count) = try buffer.vector(0, of: table, elementSize: 1, "buffer data") {
        ranges.append(start..<start + count)
        continue
      }
      // Data behind the tables, where a file is too large for their offsets.
      let offset = try buffer.integer(UInt64.self, 1, of: table, default: 0, "buffer offset")
      let size = try buffer.integer(UInt64.self, 2, of: table, default: 0, "buffer size")
      guard offset > 1 else {
        ranges.append(nil)
        continue
      }
      let fileSize = UInt64(buffer.bytes.count)
      guard offset <= fileSize, size <= fileSize - offset else {
        throw .outOfBounds(
          what: "buffer data", offset: Int(clamping: offset), fileSize: Int(fileSize))
      }
      ranges.append(Int(offset)..<Int(offset + size))
    }
    return ranges
  }

  private mutating func tensorIndices(
    _ field: Int, of table: FlatBuffer.Table, _ what: String, count: Int, optional: Bool = false
  ) throws(TFLiteError) -> [Int] {
    let indices = try buffer.integers(Int32.self, field, of: table, what) ?? []
    for index in indices where index < (optional ? -1 : 0) || index >= count {
      throw .badIndex(what: what, index: index, count: count)
    }
    return indices
  }

  private mutating func operators(
    of graph: FlatBuffer.Table, kinds: [(kind: OperatorKind, version: Int)], tensorCount: Int
  ) throws(TFLiteError) -> [TFLiteModel.Operator] {
    let tables = try buffer.tables(3, of: graph, "operators") ?? []
    try limit(tables.count, "operators")
    var operators: [TFLiteModel.Operator] = []
    for table in tables {
      let index = Int(try buffer.integer(UInt32.self, 0, of: table, default: 0, "operator code"))
      guard index < kinds.count else {
        throw .badIndex(what: "operator code", index: index, count: kinds.count)
      }
      operators.append(
        TFLiteModel.Operator(
          kind: kinds[index].kind, version: kinds[index].version,
          inputs: try tensorIndices(
            1, of: table, "operator input", count: tensorCount, optional: true),
          outputs: try tensorIndices(2, of: table, "operator output", count: tensorCount),
          options: try OperatorOptions(table, in: &buffer)))
    }
    return operators
  }

  private mutating func tensors(
    of graph: FlatBuffer.Table, buffers: [Range<Int>?]
  ) throws(TFLiteError) -> [TFLiteModel.Tensor] {
    let tables = try buffer.tables(0, of: graph, "tensors") ?? []
    try limit(tables.count, "tensors")
    var tensors: [TFLiteModel.Tensor] = []
    for table in tables { tensors.append(try tensor(table, buffers: buffers)) }
    return tensors
  }

  private mutating func tensor(
    _ table: FlatBuffer.Table, buffers: [Range<Int>?]
  ) throws(TFLiteError) -> TFLiteModel.Tensor {
    let name = try buffer.string(3, of: table, "tensor name") ?? ""
    let rawType = try buffer.integer(Int8.self, 1, of: table, default: 0, "tensor type")
    guard let type = ElementType(rawValue: rawType) else {
      throw .unknownElementType(tensor: name, rawValue: Int(rawType))
    }
    let shape = try buffer.integers(Int32.self, 0, of: table, "tensor shape") ?? []
    let signature = try buffer.integers(Int32.self, 7, of: table, "shape signature") ?? []
    guard max(shape.count, signature.count) <= Self.largestRank else {
      throw .tooMany(
        what: "dimensions of tensor \(name)", count: max(shape.count, signature.count),
        limit: Self.largestRank)
    }
    guard let byteCount = Self.byteCount(shape, type) else {
      throw .badShape(tensor: name, shape: shape)
    }
    let number = Int(try buffer.integer(UInt32.self, 2, of: table, default: 0, "tensor buffer"))
    guard number < buffers.count || number == 0 else {
      throw .badIndex(what: "buffer of tensor \(name)", index: number, count: buffers.count)
    }
    let isSparse = try buffer.table(6, of: table, "sparsity") != nil
    var range = number < buffers.count ? buffers[number] : nil
    if let bytes = range?.count {
      if bytes == 0 && byteCount > 0 {
        range = nil
      } else if type.byteCount > 0 && !isSparse && bytes != byteCount {
        throw .sizeMismatch(tensor: name, expected: byteCount, got: bytes)
      }
    }
    return TFLiteModel.Tensor(
      name: name, elementType: type, shape: shape, shapeSignature: signature,
      quantization: try quantization(of: table, name: name, type: type, shape: shape),
      isVariable: try buffer.bool(5, of: table, "tensor is variable"), isSparse: isSparse,
      dataRange: range)
  }

  /// Bytes of a dense tensor, nil for a shape that cannot be.
  ///
  /// Types without a fixed size count as one.
  private static func byteCount(_ shape: [Int], _ type: ElementType) -> Int? {
    var total = max(type.byteCount, 1)
    for size in shape {
      // A dimension of 0 would hide others whose product cannot be.
      let (product, overflow) = total.multipliedReportingOverflow(by: max(size, 1))
      guard size >= 0, !overflow, product <= Int(Int32.max) * 16 else { return nil }
      total = product
    }
    return shape.contains(0) ? 0 : total
  }

  private mutating func quantization(
    of table: FlatBuffer.Table, name: String, type: ElementType, shape: [Int]
  ) throws(TFLiteError) -> TFLiteModel.Quantization? {
    guard let table = try buffer.table(4, of: table, "quantisation") else { return nil }
    let scales = try buffer.floats(2, of: table, "quantisation scales") ?? []
    guard !scales.isEmpty else { return nil }
    let zeroPoints =
      try buffer.integers(Int64.self, 3, of: table, "zero points")
      ?? Array(repeating: 0, count: scales.count)
    let dimension = Int(
      try buffer.integer(Int32.self, 6, of: table, default: 0, "quantised dimension"))

    if let index = scales.firstIndex(where: { !$0.isFinite || $0 < 0 }) {
      throw .badQuantization(tensor: name, problem: .scale(index: index))
    }
    guard zeroPoints.count == scales.count else {
      throw .badQuantization(
        tensor: name, problem: .counts(scales: scales.count, zeroPoints: zeroPoints.count))
    }
    if scales.count > 1 {
      guard shape.indices.contains(dimension), shape[dimension] == scales.count else {
        throw .badQuantization(
          tensor: name, problem: .scaleCount(scales.count, dimension: dimension))
      }
    }
    if let range = type.integerRange, let bad = zeroPoints.first(where: { !range.contains($0) }) {
      throw .badQuantization(tensor: name, problem: .zeroPoint(bad))
    }
    return TFLiteModel.Quantization(
      scales: scales, zeroPoints: zeroPoints, dimension: dimension)
  }
}
