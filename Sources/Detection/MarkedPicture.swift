public import Survey

/// What marks are drawn in: colours that differ for most eyes, after Okabe and Ito 2008.
public enum MarkColour: String, Sendable, CaseIterable {
  case yellow, orange, blue, green, red, pink, white

  /// The colour of a label's marks; the eighth label has that of the first again.
  public init(label: Int) { self = Self.allCases[label % Self.allCases.count] }

  var value: (UInt8, UInt8, UInt8) {
    switch self {
    case .yellow: (240, 228, 66)
    case .orange: (230, 159, 0)
    case .blue: (86, 180, 233)
    case .green: (0, 158, 115)
    case .red: (213, 94, 0)
    case .pink: (204, 121, 167)
    case .white: (255, 255, 255)
    }
  }
}

extension PixelImage {
  /// Draws a ring around a detection's centroid, and its box where it has one, in its label's colour.
  ///
  /// - Precondition: the picture is of the upright frame, in RGB.
  public mutating func mark(_ detection: Detection) {
    let colour = MarkColour(label: detection.label)
    ring(x: detection.x, y: detection.y, colour)
    guard let width = detection.width, let height = detection.height else { return }
    box(
      left: detection.x - width / 2, top: detection.y - height / 2, width: width, height: height,
      colour)
  }

  /// Draws a ring around a point of the upright frame, normalised.
  public mutating func ring(x: Double, y: Double, _ mark: MarkColour) {
    precondition(channels == 3, "marks are drawn in colour")
    let colour = mark.value
    let (radius, thickness) = markSize
    let (x, y) = (x * Double(width), y * Double(height))
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
  }

  /// Draws the sides of a box of the upright frame, normalised.
  public mutating func box(
    left: Double, top: Double, width boxWidth: Double, height boxHeight: Double, _ mark: MarkColour
  ) {
    precondition(channels == 3, "marks are drawn in colour")
    let colour = mark.value
    let columns = Int(left * Double(width))...Int((left + boxWidth) * Double(width))
    let rows = Int(top * Double(height))...Int((top + boxHeight) * Double(height))
    let line = max(1, Int(markSize.thickness))
    // A box that people drew may be far larger than the picture.
    for row in rows.clamped(to: 0...max(0, height - 1)) {
      for column in columns.clamped(to: 0...max(0, width - 1)) {
        let isEdge =
          row - rows.lowerBound < line || rows.upperBound - row < line
          || column - columns.lowerBound < line || columns.upperBound - column < line
        if isEdge { paint(column, row, colour) }
      }
    }
  }

  private var markSize: (radius: Double, thickness: Double) {
    let radius = max(6, Double(min(width, height)) / 40)
    return (radius, max(1.5, radius / 6))
  }

  private mutating func paint(_ column: Int, _ row: Int, _ colour: (UInt8, UInt8, UInt8)) {
    guard (0..<width).contains(column), (0..<height).contains(row) else { return }
    let place = (row * width + column) * 3
    pixels[place] = colour.0
    pixels[place + 1] = colour.1
    pixels[place + 2] = colour.2
  }
}
