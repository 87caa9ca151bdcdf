/// Checked access to a FlatBuffer: every read is inside the file, and the number of elements read is
/// bounded, so that overlapping vectors cannot make a small file expensive.
///
/// Source: FlatBuffers' binary format ("FlatBuffer Internals").
struct FlatBuffer {
  let bytes: [UInt8]
  private var budget: Int

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    budget = 4 * bytes.count + 4096
  }

  /// A table: where it starts and where its field offsets are.
  struct Table {
    fileprivate let position: Int
    fileprivate let vtable: Int
    fileprivate let vtableSize: Int
  }

  /// A little-endian integer at an absolute position.
  func integer<T: FixedWidthInteger>(
    _ type: T.Type, at position: Int, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> T {
    let size = T.bitWidth / 8
    guard position >= 0, position <= bytes.count - size else {
      throw .outOfBounds(what: what(), offset: position, fileSize: bytes.count)
    }
    let value = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: T.self) }
    return T(littleEndian: value)
  }

  func root() throws(TFLiteError) -> Table {
    try table(at: indirect(from: 0, "root table"), "root table")
  }

  /// Follows the offset that lies at `position`.
  private func indirect(
    from position: Int, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> Int {
    let offset = Int(try integer(UInt32.self, at: position, what()))
    guard offset > 0, offset <= bytes.count - position else {
      throw .outOfBounds(what: what(), offset: position + offset, fileSize: bytes.count)
    }
    return position + offset
  }

  private func table(
    at position: Int, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> Table {
    let vtable = position - Int(try integer(Int32.self, at: position, what()))
    let size = Int(try integer(UInt16.self, at: vtable, what()))
    guard size >= 4, vtable <= bytes.count - size else {
      throw .outOfBounds(what: what(), offset: vtable, fileSize: bytes.count)
    }
    return Table(position: position, vtable: vtable, vtableSize: size)
  }

  /// Absolute position of a field, nil where the table does not have it.
  ///
  /// `field` counts from 0.
  private func field(
    _ field: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> Int? {
    let slot = 4 + 2 * field
    guard slot + 2 <= table.vtableSize else { return nil }
    let offset = Int(try integer(UInt16.self, at: table.vtable + slot, what()))
    return offset == 0 ? nil : table.position + offset
  }

  func integer<T: FixedWidthInteger>(
    _ type: T.Type, _ number: Int, of table: Table, default value: T,
    _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> T {
    guard let position = try field(number, of: table, what()) else { return value }
    return try integer(type, at: position, what())
  }

  func float(
    _ number: Int, of table: Table, default value: Float, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> Float {
    guard let position = try field(number, of: table, what()) else { return value }
    return Float(bitPattern: try integer(UInt32.self, at: position, what()))
  }

  func bool(
    _ number: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> Bool {
    try integer(UInt8.self, number, of: table, default: 0, what()) != 0
  }

  func table(
    _ number: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> Table? {
    guard let position = try field(number, of: table, what()) else { return nil }
    return try self.table(at: indirect(from: position, what()), what())
  }

  /// Where a vector's elements lie, nil where the field is absent.
  func vector(
    _ number: Int, of table: Table, elementSize: Int, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> (start: Int, count: Int)? {
    guard let position = try field(number, of: table, what()) else { return nil }
    let vector = try indirect(from: position, what())
    let count = Int(try integer(UInt32.self, at: vector, what()))
    guard count <= (bytes.count - vector - 4) / elementSize else {
      throw .outOfBounds(what: what(), offset: vector, fileSize: bytes.count)
    }
    return (vector + 4, count)
  }

  private mutating func spend(_ count: Int, _ what: @autoclosure () -> String) throws(TFLiteError) {
    guard count <= budget else {
      throw .tooMany(what: "elements up to \(what())", count: count, limit: budget)
    }
    budget -= count
  }

  mutating func integers<T: FixedWidthInteger>(
    _ type: T.Type, _ number: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> [Int]? {
    let size = T.bitWidth / 8
    guard let (start, count) = try vector(number, of: table, elementSize: size, what()) else {
      return nil
    }
    try spend(count, what())
    var values: [Int] = []
    values.reserveCapacity(count)
    for i in 0..<count {
      values.append(Int(truncatingIfNeeded: try integer(T.self, at: start + i * size, what())))
    }
    return values
  }

  mutating func floats(
    _ number: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> [Float]? {
    try integers(UInt32.self, number, of: table, what())?
      .map { Float(bitPattern: UInt32(truncatingIfNeeded: $0)) }
  }

  mutating func string(
    _ number: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> String? {
    guard let (start, count) = try vector(number, of: table, elementSize: 1, what()) else {
      return nil
    }
    try spend(count, what())
    return String(decoding: bytes[start..<start + count], as: UTF8.self)
  }

  mutating func tables(
    _ number: Int, of table: Table, _ what: @autoclosure () -> String
  ) throws(TFLiteError) -> [Table]? {
    guard let (start, count) = try vector(number, of: table, elementSize: 4, what()) else {
      return nil
    }
    try spend(count, what())
    var tables: [Table] = []
    tables.reserveCapacity(count)
    for i in 0..<count {
      tables.append(try self.table(at: indirect(from: start + 4 * i, what()), what()))
    }
    return tables
  }
}
