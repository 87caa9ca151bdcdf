/// Comma-separated values as RFC 4180 has them, read and written.
public enum CSV {
  /// Splits a table into rows of fields.
  ///
  /// A byte order mark is passed over; lines may end in CR LF, LF or CR; a header that holds
  /// semicolons or tabs but no comma makes those the separator, as spreadsheets of some countries
  /// write them.
  ///
  /// - Throws: `CSVError`, which names the row, the first being 1.
  public static func parse(_ text: String) throws(CSVError) -> [[String]] {
    var bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    var parser = Parser(bytes: bytes, separator: separator(of: bytes))
    return try parser.rows()
  }

  /// One row, quoted where needed, ended by CR LF.
  ///
  /// Text that a spreadsheet would run as a formula (`=`, `+`, `-`, `@`, tab or CR first) gets an
  /// apostrophe in front, unless it is a number.
  public static func row(_ fields: [String]) -> String {
    fields.map(field).joined(separator: ",") + "\r\n"
  }

  /// One field, defused and quoted where needed.
  static func field(_ text: String) -> String {
    var text = text
    if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first),
      Double(text) == nil
    {
      text = "'" + text
    }
    guard text.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else { return text }
    let doubled = text.unicodeScalars.reduce(into: "") { result, scalar in
      if scalar == "\"" { result += "\"" }
      result.unicodeScalars.append(scalar)
    }
    return "\"" + doubled + "\""
  }

  private static func separator(of bytes: [UInt8]) -> UInt8 {
    let header = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
    let comma = UInt8(ascii: ",")
    if header.contains(comma) { return comma }
    return [UInt8(ascii: ";"), UInt8(ascii: "\t")].first(where: header.contains) ?? comma
  }

  private struct Parser {
    var bytes: [UInt8]
    var separator: UInt8
    var position = 0

    init(bytes: [UInt8], separator: UInt8) {
      self.bytes = bytes
      self.separator = separator
    }

    mutating func rows() throws(CSVError) -> [[String]] {
      var rows: [[String]] = []
      while position < bytes.count {
        var fields = [try field(row: rows.count + 1)]
        while position < bytes.count, bytes[position] == separator {
          position += 1
          fields.append(try field(row: rows.count + 1))
        }
        passLineEnd()
        rows.append(fields)
      }
      return rows
    }

    private mutating func passLineEnd() {
      guard position < bytes.count else { return }
      let isReturn = bytes[position] == 0x0D
      position += 1
      if isReturn, position < bytes.count, bytes[position] == 0x0A { position += 1 }
    }

    private var atFieldEnd: Bool {
      guard position < bytes.count else { return true }
      return [separator, 0x0A, 0x0D].contains(bytes[position])
    }

    private mutating func field(row: Int) throws(CSVError) -> String {
      var text: [UInt8] = []
      if position < bytes.count, bytes[position] == 0x22 {
        position += 1
        while true {
          guard position < bytes.count else { throw .openQuote(row: row) }
          let byte = bytes[position]
          position += 1
          if byte != 0x22 {
            text.append(byte)
          } else if position < bytes.count, bytes[position] == 0x22 {
            text.append(0x22)
            position += 1
          } else {
            break
          }
        }
        guard atFieldEnd else { throw .textAfterQuote(row: row) }
      } else {
        while !atFieldEnd {
          text.append(bytes[position])
          position += 1
        }
      }
      return String(decoding: text, as: UTF8.self)
    }
  }
}

/// Why a text is not comma-separated values.
public enum CSVError: Error, Equatable, CustomStringConvertible {
  /// A quoted field never ends.
  case openQuote(row: Int)
  /// Something stands between a closing quote and the next separator.
  case textAfterQuote(row: Int)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .openQuote(let row): "row \(row): a quotation mark is never closed"
    case .textAfterQuote(let row): "row \(row): text follows a closing quotation mark"
    }
  }
}
