/// Writes small .tflite files for tests: a FlatBuffer with exactly the fields that are asked for.
public struct ModelBuilder: Sendable {
  /// A field of a table.
  public indirect enum Field: Sendable {
    case int8(Int8)
    case int32(Int32)
    case float(Float)
    case table([Int: Field])
    case tables([[Int: Field]])
    /// A vector whose elements are all the same table.
    case copies([Int: Field], count: Int)
    case ints([Int32])
    case longs([Int64])
    case floats([Float])
    case bytes([UInt8])

    /// A text.
    public static func string(_ text: String) -> Field { .bytes(Array(text.utf8)) }
  }

  /// A tensor.
  public struct Tensor: Sendable {
    /// Name.
    public var name: String
    /// Raw value of the schema's TensorType.
    public var type: Int8
    /// Dimensions.
    public var shape: [Int]
    /// Quantisation; `dimension` is the one that scales run along.
    public var scales: [Float] = []
    /// Zero points, one a scale.
    public var zeroPoints: [Int64] = []
    /// The dimension that scales run along.
    public var dimension = 0
    /// A constant's bytes.
    public var data: [UInt8]?
    /// Further fields of the table.
    public var extra: [Int: Field] = [:]

    /// A tensor with some fields.
    public init(
      name: String, type: Int8, shape: [Int], scales: [Float] = [], zeroPoints: [Int64] = [],
      dimension: Int = 0, data: [UInt8]? = nil, extra: [Int: Field] = [:]
    ) {
      self.name = name
      self.type = type
      self.shape = shape
      self.scales = scales
      self.zeroPoints = zeroPoints
      self.dimension = dimension
      self.data = data
      self.extra = extra
    }
  }

  /// An operator.
  public struct Operator: Sendable {
    /// Builtin code and version.
    public var code: Int32
    /// Version of the operator.
    public var version: Int32 = 1
    /// Tensors.
    public var inputs: [Int]
    /// Tensors that come out.
    public var outputs: [Int]
    /// Raw value of the schema's BuiltinOptions, and the table.
    public var optionsType: Int8 = 0
    /// The table of options.
    public var options: [Int: Field]?
    /// Name of a custom operator.
    public var customName: String?

    /// An operator with some fields.
    public init(
      code: Int32, version: Int32 = 1, inputs: [Int], outputs: [Int], optionsType: Int8 = 0,
      options: [Int: Field]? = nil, customName: String? = nil
    ) {
      self.code = code
      self.version = version
      self.inputs = inputs
      self.outputs = outputs
      self.optionsType = optionsType
      self.options = options
      self.customName = customName
    }
  }

  /// The graph.
  public var tensors: [Tensor] = []
  /// Operators in the order in which they run.
  public var operators: [Operator] = []
  /// Tensors that go in.
  public var inputs: [Int] = []
  /// Tensors that come out.
  public var outputs: [Int] = []
  /// Version of the schema.
  public var version: Int32 = 3
  /// How often the file lists its first operator; 1 lists all operators, once.
  public var operatorCopies = 1

  /// TFLite Metadata, a FlatBuffer of its own.
  public var metadata: [UInt8]?

  /// An empty graph.
  public init() {}

  /// Metadata that name a model and its first input's normalisation.
  public static func metadata(name: String, mean: Float, deviation: Float) -> [UInt8] {
    let unit: [Int: Field] = [
      0: .int8(1), 1: .table([0: .floats([mean]), 1: .floats([deviation])]),
    ]
    let graph: [Int: Field] = [2: .tables([[4: .tables([unit])]])]
    var writer = Writer()
    return writer.file(root: [0: .string(name), 3: .tables([graph])])
  }

  /// The file's bytes.
  public func build() -> [UInt8] {
    var buffers: [[Int: Field]] = [[:]]
    var tensorTables: [[Int: Field]] = []
    for tensor in tensors {
      var table: [Int: Field] = [
        0: .ints(tensor.shape.map { Int32(truncatingIfNeeded: $0) }), 1: .int8(tensor.type),
        3: .string(tensor.name),
      ]
      if let data = tensor.data {
        table[2] = .int32(Int32(buffers.count))
        buffers.append([0: .bytes(data)])
      }
      if !tensor.scales.isEmpty {
        table[4] = .table([
          2: .floats(tensor.scales), 3: .longs(tensor.zeroPoints),
          6: .int32(Int32(tensor.dimension)),
        ])
      }
      table.merge(tensor.extra) { $1 }
      tensorTables.append(table)
    }
    let codes = operators.map { op in
      var table: [Int: Field] = [
        0: .int8(Int8(clamping: op.code)), 2: .int32(op.version), 3: .int32(op.code),
      ]
      table[1] = op.customName.map(Field.string)
      return table
    }
    let operatorTables = operators.enumerated().map { index, op in
      var table: [Int: Field] = [
        0: .int32(Int32(index)), 1: .ints(op.inputs.map(Int32.init)),
        2: .ints(op.outputs.map(Int32.init)),
      ]
      if let options = op.options {
        table[3] = .int8(op.optionsType)
        table[4] = .table(options)
      }
      return table
    }
    let graph: [Int: Field] = [
      0: .tables(tensorTables), 1: .ints(inputs.map(Int32.init)),
      2: .ints(outputs.map(Int32.init)),
      3: operatorCopies == 1
        ? .tables(operatorTables) : .copies(operatorTables[0], count: operatorCopies),
    ]
    var root: [Int: Field] = [
      0: .int32(version), 1: .tables(codes), 2: .tables([graph]), 3: .string("test"),
    ]
    if let metadata {
      root[6] = .tables([[0: .string("TFLITE_METADATA"), 1: .int32(Int32(buffers.count))]])
      buffers.append([0: .bytes(metadata)])
    }
    root[4] = .tables(buffers)
    var writer = Writer()
    return writer.file(root: root)
  }

  /// Lays tables out front to back, each followed by what it points to.
  private struct Writer {
    var bytes: [UInt8] = []

    mutating func file(root: [Int: Field]) -> [UInt8] {
      bytes = [0, 0, 0, 0] + Array("TFL3".utf8)
      patch(0, with: table(root))
      return bytes
    }

    mutating func append<T>(_ value: T) {
      withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    mutating func align(_ to: Int) {
      while bytes.count % to != 0 { bytes.append(0) }
    }

    mutating func patch(_ position: Int, with target: Int) {
      withUnsafeBytes(of: UInt32(target - position)) { offset in
        for i in 0..<4 { bytes[position + i] = offset[i] }
      }
    }

    mutating func table(_ fields: [Int: Field]) -> Int {
      let slots = (fields.keys.max() ?? -1) + 1
      align(8)
      let vtable = bytes.count
      let present = fields.keys.sorted()
      append(UInt16(4 + 2 * slots))
      append(UInt16(4 + 4 * present.count))
      for slot in 0..<slots {
        append(UInt16(present.firstIndex(of: slot).map { 4 + 4 * $0 } ?? 0))
      }
      align(4)
      let start = bytes.count
      append(Int32(start - vtable))
      var children: [(position: Int, field: Field)] = []
      for slot in present {
        switch fields[slot] {
        case .int8(let value): append(Int32(value))
        case .int32(let value): append(value)
        case .float(let value): append(value)
        case let child?:
          children.append((bytes.count, child))
          append(UInt32(0))
        case nil: break
        }
      }
      for (position, child) in children { patch(position, with: write(child)) }
      return start
    }

    mutating func write(_ field: Field) -> Int {
      switch field {
      case .int8, .int32, .float: return bytes.count
      case .table(let fields): return table(fields)
      case .tables(let tables):
        align(4)
        let start = bytes.count
        append(UInt32(tables.count))
        for _ in tables { append(UInt32(0)) }
        for (i, fields) in tables.enumerated() { patch(start + 4 + 4 * i, with: table(fields)) }
        return start
      case .copies(let fields, let count):
        align(4)
        let start = bytes.count
        append(UInt32(count))
        for _ in 0..<count { append(UInt32(0)) }
        let target = table(fields)
        for i in 0..<count { patch(start + 4 + 4 * i, with: target) }
        return start
      case .ints(let values): return vector(values, 4)
      case .longs(let values): return vector(values, 8)
      case .floats(let values): return vector(values, 4)
      case .bytes(let values): return vector(values, 16)
      }
    }

    mutating func vector<T>(_ values: [T], _ alignment: Int) -> Int {
      while (bytes.count + 4) % alignment != 0 { bytes.append(0) }
      let start = bytes.count
      append(UInt32(values.count))
      for value in values { append(value) }
      return start
    }
  }
}

/// Little-endian bytes of numbers.
public func littleEndian<T: BitwiseCopyable>(_ values: [T]) -> [UInt8] {
  values.withUnsafeBytes { Array($0) }
}
