/// A FlexBuffer map of names to numbers, as custom operators keep their settings.
///
/// Values that are not numbers are left out.
///
/// Source: FlexBuffers' binary format ("FlatBuffers, schema-less").
public struct FlexMap: Sendable, Hashable {
  /// Numbers by name; truth is 1 or 0.
  public let numbers: [String: Double]

  private static let largestCount = 1000

  /// Reads a map; nil for bytes that are not one.
  ///
  /// Every read is inside the bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count >= 3 else { return nil }
    let reader = FlexReader(bytes: bytes)
    let rootWidth = Int(bytes[bytes.count - 1])
    let rootType = bytes[bytes.count - 2]
    guard rootType >> 2 == FlexType.map,
      let map = reader.follow(bytes.count - 2 - rootWidth, rootWidth)
    else { return nil }
    let width = 1 << Int(rootType & 3)
    guard let count = reader.unsigned(map - width, width), count <= Self.largestCount,
      let keys = reader.follow(map - 3 * width, width),
      let keyWidth = reader.unsigned(map - 2 * width, width)
    else { return nil }
    var numbers: [String: Double] = [:]
    for i in 0..<count {
      guard let key = reader.follow(keys + i * keyWidth, keyWidth),
        let name = reader.text(key), let type = reader.unsigned(map + count * width + i, 1)
      else { return nil }
      if let number = reader.number(map + i * width, width, type: UInt8(type)) {
        numbers[name] = number
      }
    }
    self.numbers = numbers
  }
}

private enum FlexType {
  static let int: UInt8 = 1
  static let uint: UInt8 = 2
  static let float: UInt8 = 3
  static let indirectInt: UInt8 = 6
  static let indirectUint: UInt8 = 7
  static let indirectFloat: UInt8 = 8
  static let map: UInt8 = 9
  static let bool: UInt8 = 26
}

/// Reads that are nil outside the bytes.
private struct FlexReader {
  let bytes: [UInt8]

  private func raw(_ position: Int, _ width: Int) -> UInt64? {
    guard [1, 2, 4, 8].contains(width), position >= 0, position <= bytes.count - width else {
      return nil
    }
    return (0..<width).reduce(0) { $0 | UInt64(bytes[position + $1]) << UInt64(8 * $1) }
  }

  /// A count or offset that could be inside the bytes.
  func unsigned(_ position: Int, _ width: Int) -> Int? {
    raw(position, width).flatMap { $0 <= UInt64(bytes.count) ? Int($0) : nil }
  }

  /// The position that the offset at a position leads back to.
  func follow(_ position: Int, _ width: Int) -> Int? {
    unsigned(position, width).flatMap { $0 <= position ? position - $0 : nil }
  }

  func text(_ position: Int) -> String? {
    guard position >= 0, let end = bytes[min(position, bytes.count)...].firstIndex(of: 0) else {
      return nil
    }
    return String(decoding: bytes[position..<end], as: UTF8.self)
  }

  func number(_ position: Int, _ width: Int, type: UInt8) -> Double? {
    switch type >> 2 {
    case FlexType.int: return signed(position, width)
    case FlexType.uint, FlexType.bool: return raw(position, width).map(Double.init)
    case FlexType.float: return float(position, width)
    case FlexType.indirectInt:
      return follow(position, width).flatMap { signed($0, 1 << Int(type & 3)) }
    case FlexType.indirectUint:
      return follow(position, width).flatMap { raw($0, 1 << Int(type & 3)) }.map(Double.init)
    case FlexType.indirectFloat:
      return follow(position, width).flatMap { float($0, 1 << Int(type & 3)) }
    default: return nil
    }
  }

  private func signed(_ position: Int, _ width: Int) -> Double? {
    raw(position, width).map { value in
      let unused = UInt64(64 - 8 * width)
      return Double(Int64(bitPattern: value << unused) >> Int64(unused))
    }
  }

  private func float(_ position: Int, _ width: Int) -> Double? {
    guard let value = raw(position, width) else { return nil }
    switch width {
    case 4: return Double(Float(bitPattern: UInt32(truncatingIfNeeded: value)))
    case 8: return Double(bitPattern: value)
    default: return nil
    }
  }
}
