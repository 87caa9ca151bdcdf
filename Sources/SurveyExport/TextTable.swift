/// Text in columns for a terminal.
public struct TextTable: Sendable {
  /// Headings.
  public var header: [String]
  /// Cells, as many a row as there are headings.
  public var rows: [[String]]
  /// Columns whose cells stand at the right, as numbers do.
  public var numeric: Set<Int>

  /// A table of cells.
  public init(header: [String], rows: [[String]], numeric: Set<Int> = []) {
    self.header = header
    self.rows = rows
    self.numeric = numeric
  }

  /// The table as lines, a rule under the headings.
  public var text: String {
    let all = ([header] + rows).map { $0.map(Self.printable) }
    let widths = header.indices.map { column in
      all.map { Self.width($0[column]) }.max() ?? 0
    }
    let line = { (cells: [String]) -> String in
      var line = ""
      for (column, cell) in cells.enumerated() {
        if column > 0 { line += "  " }
        let space = String(repeating: " ", count: widths[column] - Self.width(cell))
        line += numeric.contains(column) ? space + cell : cell + space
      }
      while line.hasSuffix(" ") { line.removeLast() }
      return line + "\n"
    }
    let rule = widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ") + "\n"
    return line(all[0]) + rule + all.dropFirst().map(line).joined()
  }

  /// A text without characters that would break a terminal's line.
  public static func printable(_ text: String) -> String {
    String(
      text.map { character in
        let isControl = character.unicodeScalars.contains {
          $0.properties.generalCategory == .control
        }
        return isControl ? "␤" : character
      })
  }

  /// Columns that a text takes; East Asian wide characters take two.
  private static func width(_ text: String) -> Int {
    text.reduce(0) { sum, character in
      let first = character.unicodeScalars.first?.value ?? 0
      let isWide =
        (0x1100...0x115F).contains(first) || (0x2E80...0xA4CF).contains(first)
        || (0xAC00...0xD7A3).contains(first) || (0xF900...0xFAFF).contains(first)
        || (0xFE30...0xFE6F).contains(first) || (0xFF00...0xFF60).contains(first)
        || (0x1F300...0x1FAFF).contains(first)
      return sum + (isWide ? 2 : 1)
    }
  }
}
