internal import Foundation

/// A chart as SVG: axes, lines, dots, words.
///
/// Colours follow the reader's light or dark setting.
struct SVGChart {
  /// A colour of the palette, by the part that it plays.
  enum Ink: String {
    case first = "c0"
    case second = "c1"
    case third = "c2"
    case faint = "faint"
    case words = "words"
  }

  /// The chart's size in pixels, and the place of its axes' rectangle.
  private static let (width, height) = (640.0, 480.0)
  private static let (left, right, bottom) = (72.0, 616.0, 416.0)
  private let top: Double

  private let x: ClosedRange<Double>
  private let y: ClosedRange<Double>
  private var body = ""

  /// What a mark of the chart means.
  struct Meaning {
    var words: String
    var ink: Ink
    var mark = Mark.line
    /// A colour beside the palette's.
    var colour: String?

    enum Mark {
      case line, dashes, dot, ring
    }
  }

  /// Axes with ticks and words.
  ///
  /// - Parameters:
  ///   - subtitle: what the chart is made of, in smaller print.
  ///   - legend: the marks' meanings, which stand above the axes.
  ///   - whole: whether ticks are whole numbers.
  init(
    title: String, subtitle: String, legend: [Meaning] = [], x: ClosedRange<Double>,
    y: ClosedRange<Double>, xTitle: String, yTitle: String, whole: Bool = false
  ) {
    self.x = x
    self.y = y
    let places = Self.places(legend)
    top = (places.last.map { $0.y + 18 } ?? 72)
    for (meaning, place) in zip(legend, places) { explain(meaning, place) }
    text(title, Self.left, 30, size: 18, bold: true)
    text(subtitle, Self.left, 52, size: 13, ink: .words)
    for tick in Self.ticks(x, whole: whole) {
      let place = self.place(tick, y.lowerBound)
      rule(place.x, top, place.x, Self.bottom)
      text(Self.number(tick), place.x, Self.bottom + 20, size: 13, anchor: "middle")
    }
    for tick in Self.ticks(y, whole: whole) {
      let place = self.place(x.lowerBound, tick)
      rule(Self.left, place.y, Self.right, place.y)
      text(Self.number(tick), Self.left - 10, place.y + 4.5, size: 13, anchor: "end")
    }
    let middle = (Self.left + Self.right) / 2
    text(xTitle, middle, Self.bottom + 46, size: 14, anchor: "middle")
    let centre = (top + Self.bottom) / 2
    body += "<g transform=\"translate(22 \(Self.number(centre))) rotate(-90)\">"
    text(yTitle, 0, 0, size: 14, anchor: "middle")
    body += "</g>\n"
  }

  /// A line through points, those outside the axes left out.
  mutating func line(
    _ points: [(x: Double, y: Double)], ink: Ink, dashed: Bool = false, colour: String? = nil
  ) {
    let inside = points.filter { x.contains($0.x) && y.contains($0.y) }
    guard inside.count > 1 else { return }
    let path = inside.map { point in
      let place = self.place(point.x, point.y)
      return "\(Self.number(place.x)),\(Self.number(place.y))"
    }
    let style = colour.map { " style=\"stroke:\($0)\"" } ?? ""
    body += "<polyline class=\"line \(ink.rawValue)\(dashed ? " dashed" : "")\"\(style) points=\""
    body += path.joined(separator: " ") + "\"/>\n"
  }

  /// A dot, with words that appear when it is pointed at.
  mutating func dot(
    _ x: Double, _ y: Double, radius: Double, ink: Ink, hollow: Bool = false,
    colour: String? = nil, hint: String
  ) {
    let place = place(x, y)
    let style = colour.map { " style=\"fill:\($0)\"" } ?? ""
    body += "<circle class=\"\(hollow ? "ring" : "dot") \(ink.rawValue)\"\(style) cx=\""
    body += "\(Self.number(place.x))\" cy=\"\(Self.number(place.y))\" r=\"\(Self.number(radius))\">"
    body += "<title>\(Self.escaped(hint))</title></circle>\n"
  }

  /// A bar from the lower axis up.
  mutating func bar(from: Double, to: Double, height: Double, hint: String) {
    let (upper, lower) = (place(from, height), place(to, y.lowerBound))
    body += "<rect class=\"bar c0\" x=\"\(Self.number(upper.x + 2))\" y=\"\(Self.number(upper.y))\""
    body += " width=\"\(Self.number(max(0, lower.x - upper.x - 4)))\""
    body += " height=\"\(Self.number(max(0, lower.y - upper.y)))\">"
    body += "<title>\(Self.escaped(hint))</title></rect>\n"
  }

  /// Words at a point of the axes.
  mutating func label(_ words: String, _ x: Double, _ y: Double, anchor: String = "start") {
    let place = place(x, y)
    text(words, place.x, place.y, size: 13, anchor: anchor)
  }

  /// Where the legend's entries stand: side by side, in as many rows as they need.
  private static func places(_ legend: [Meaning]) -> [(x: Double, y: Double)] {
    var (x, y) = (left, 76.0)
    return legend.map { meaning in
      // Letters of this size are about seven pixels wide.
      let width = 60 + Double(meaning.words.count) * 7
      if x > left, x + width > right + 20 { (x, y) = (left, y + 20) }
      defer { x += width }
      return (x, y)
    }
  }

  private mutating func explain(_ meaning: Meaning, _ place: (x: Double, y: Double)) {
    let style = meaning.colour.map { " style=\"stroke:\($0)\"" } ?? ""
    let (x, y) = (Self.number(place.x), Self.number(place.y))
    switch meaning.mark {
    case .dot, .ring:
      body += "<circle class=\"\(meaning.mark) \(meaning.ink.rawValue)\""
      body += " cx=\"\(Self.number(place.x + 12))\" cy=\"\(y)\" r=\"6\"/>\n"
    case .line, .dashes:
      let dashed = meaning.mark == .dashes ? " dashed" : ""
      body += "<polyline class=\"line \(meaning.ink.rawValue)\(dashed)\"\(style)"
      body += " points=\"\(x),\(y) \(Self.number(place.x + 24)),\(y)\"/>\n"
    }
    text(meaning.words, place.x + 31, place.y + 4.5, size: 13)
  }

  /// The whole document.
  var svg: String {
    """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 480" width="640" height="480" \
    role="img" font-family="system-ui, sans-serif">
    <style>
    :root{--paper:#fff;--ink:#1c2733;--soft:#5b6875;--grid:#dde3e8;--c0:#0b6fb3;--c1:#c2560c;--c2:#1a8a5f}
    @media(prefers-color-scheme:dark){:root{--paper:#14191f;--ink:#e6ebf0;--soft:#9aa7b4;\
    --grid:#2c363f;--c0:#5cb3ee;--c1:#f0975a;--c2:#5fcf9e}}
    text{fill:var(--ink)}.words{fill:var(--soft)}.rule{stroke:var(--grid);stroke-width:1}
    .line{fill:none;stroke-width:2.5;stroke-linejoin:round}.dashed{stroke-dasharray:6 5;stroke-width:1.5}
    .line.c0,.ring.c0{stroke:var(--c0)}.line.c1,.ring.c1{stroke:var(--c1)}
    .line.c2,.ring.c2{stroke:var(--c2)}.line.faint{stroke:var(--soft)}
    .dot.c0,.bar.c0{fill:var(--c0)}.dot.c1{fill:var(--c1)}.dot.c2{fill:var(--c2)}
    .dot{fill-opacity:.55}.bar{fill-opacity:.35}.ring{fill:none;stroke-width:2}
    </style>
    <rect width="640" height="480" style="fill:var(--paper)"/>
    \(body)</svg>

    """
  }

  private func place(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    let across = (x - self.x.lowerBound) / (self.x.upperBound - self.x.lowerBound)
    let up = (y - self.y.lowerBound) / (self.y.upperBound - self.y.lowerBound)
    return (
      Self.left + across * (Self.right - Self.left), Self.bottom - up * (Self.bottom - top)
    )
  }

  private mutating func rule(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
    let numbers = [x1, y1, x2, y2].map(Self.number)
    body += "<line class=\"rule\" x1=\"\(numbers[0])\" y1=\"\(numbers[1])\" x2=\"\(numbers[2])\""
    body += " y2=\"\(numbers[3])\"/>\n"
  }

  private mutating func text(
    _ words: String, _ x: Double, _ y: Double, size: Int, anchor: String = "start",
    bold: Bool = false, ink: Ink? = nil
  ) {
    body += "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(size)\""
    if anchor != "start" { body += " text-anchor=\"\(anchor)\"" }
    if bold { body += " font-weight=\"600\"" }
    if let ink { body += " class=\"\(ink.rawValue)\"" }
    body += ">\(Self.escaped(words))</text>\n"
  }

  /// Round numbers, about eight, that span a range.
  private static func ticks(_ range: ClosedRange<Double>, whole: Bool) -> [Double] {
    let rough = (range.upperBound - range.lowerBound) / 8
    let power = pow(10, log10(rough).rounded(.down))
    var step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.9 } ?? rough
    if whole { step = max(1, step) }
    let first = Int((range.lowerBound / step).rounded(.up))
    let last = Int((range.upperBound / step + 1e-9).rounded(.down))
    return first <= last ? (first...last).map { Double($0) * step } : []
  }

  private static func number(_ value: Double) -> String {
    let text = String(format: "%.2f", value)
    guard text.hasSuffix("0") else { return text }
    return text.hasSuffix(".00") ? String(text.dropLast(3)) : String(text.dropLast())
  }

  private static func escaped(_ words: String) -> String {
    words.replacingOccurrences(of: "&", with: "&amp;")
      .replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: ">", with: "&gt;")
      .replacingOccurrences(of: "\"", with: "&quot;")
  }
}
