public import Survey

extension PixelImage {
  /// Draws a ring around a detection's centroid, and its box where it has one.
  ///
  /// - Precondition: the picture is of the upright frame, in RGB.
  public mutating func mark(_ detection: Detection) {
    precondition(channels == 3, "marks are drawn in colour")
    let colour = Self.colours[detection.label % Self.colours.count].value
    let radius = max(6, Double(min(width, height)) / 40)
    let thickness = max(1.5, radius / 6)
    let (x, y) = (detection.x * Double(width), detection.y * Double(height))
    let reach = Int(radius + thickness) + 2
    for row in max(0, Int(y) - reach)..<min(height, Int(y) + reach + 1) {
      for column in max(0, Int(x) - reach)..<min(width, Int(x) + reach + 1) {
        let (dx, dy) = (Double(column) + 0.5 - x, Double(row) + 0.5 - y)
        let distance = (dx * dx + dy * dy).squareRoot()
        let fromRing = abs(distance - radius)
        if fromRing <= thickness || distance <= thickness {
          paint(column, row, colour)
        } else if fromRing <= thickness + 1.2 || distance <= thickness + 1.2 {
          paint(column, row, (0, 0, 0))
        }
      }
    }
    guard let boxWidth = detection.width, let boxHeight = detection.height else { return }
    let columns = Int(x - boxWidth / 2 * Double(width))...Int(x + boxWidth / 2 * Double(width))
    let rows = Int(y - boxHeight / 2 * Double(height))...Int(y + boxHeight / 2 * Double(height))
    let line = max(1, Int(thickness))
    for row in rows {
      for column in columns {
        let isEdge =
          row - rows.lowerBound < line || rows.upperBound - row < line
          || column - columns.lowerBound < line || columns.upperBound - column < line
        if isEdge { paint(column, row, colour) }
      }
    }
  }

  /// The colour of a label's marks, in a word; the eighth label has the colour of the first again.
  public static func markColour(ofLabel label: Int) -> String {
    colours[label % colours.count].name
  }

  /// Colours that differ for most eyes, after Okabe and Ito 2008.
  private static let colours: [(name: String, value: (UInt8, UInt8, UInt8))] = [
    ("yellow", (240, 228, 66)), ("orange", (230, 159, 0)), ("blue", (86, 180, 233)),
    ("green", (0, 158, 115)), ("red", (213, 94, 0)), ("pink", (204, 121, 167)),
    ("white", (255, 255, 255)),
  ]

  private mutating func paint(_ column: Int, _ row: Int, _ colour: (UInt8, UInt8, UInt8)) {
    guard (0..<width).contains(column), (0..<height).contains(row) else { return }
    let place = (row * width + column) * 3
    pixels[place] = colour.0
    pixels[place + 1] = colour.1
    pixels[place + 2] = colour.2
  }
}
