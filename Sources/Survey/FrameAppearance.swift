/// How a frame looks as a whole: enough to tell darkness, turbid water and a camera on its way.
///
/// All of it is of luma, (77 R + 150 G + 29 B) / 256, at every second pixel of every second row, in
/// `columns × rows` blocks of equal size.
public struct FrameAppearance: Sendable, Hashable {
  /// Blocks from left to right.
  public static let columns = 8
  /// Blocks from top to bottom.
  public static let rows = 6
  /// Frames whose brightness is below this are dark; of the annotated reef videos that this was
  /// measured on, the darkest has 97.
  public static let darkBelow = 20.0
  /// Frames that are not dark and whose detail is below this are turbid; the murkiest of the reef
  /// videos in which people could still annotate fish has 4.2, the median 10.
  public static let turbidBelow = 4.0

  /// Mean luma, 0 to 255.
  public var brightness: Double
  /// Mean of the blocks' standard deviations of luma, 0 to 127.5.
  public var detail: Double
  /// Mean luma of each block, rows from the top.
  public var blocks: [UInt8]

  /// An appearance that was measured before.
  public init(brightness: Double, detail: Double, blocks: [UInt8]) {
    self.brightness = brightness
    self.detail = detail
    self.blocks = blocks
  }

  /// Measures the part of a picture, grey or RGB, in which a frame lies; `nil` where that has fewer
  /// pixels than blocks need.
  public init?(of picture: PixelImage, in place: FramePlacement) {
    let (columns, rows) = (Self.columns, Self.rows)
    let (across, down) = (place.width / 2, place.height / 2)
    guard across >= columns, down >= rows, place.left >= 0, place.top >= 0,
      place.left + place.width <= picture.width, place.top + place.height <= picture.height
    else { return nil }
    let isColour = picture.channels >= 3
    var means: [UInt8] = []
    var (whole, spread) = (0, 0.0)
    picture.pixels.withUnsafeBufferPointer { pixels in
      for row in 0..<rows {
        for column in 0..<columns {
          var (sum, squares) = (0, 0)
          let (top, bottom) = (row * down / rows, (row + 1) * down / rows)
          let (left, right) = (column * across / columns, (column + 1) * across / columns)
          for y in top..<bottom {
            let line = (place.top + 2 * y) * picture.width + place.left
            for x in left..<right {
              let at = (line &+ 2 &* x) &* picture.channels
              let luma =
                isColour
                ? (77 &* Int(pixels[at]) &+ 150 &* Int(pixels[at &+ 1])
                  &+ 29 &* Int(pixels[at &+ 2])) >> 8
                : Int(pixels[at])
              sum &+= luma
              squares &+= luma &* luma
            }
          }
          let count = (bottom - top) * (right - left)
          whole += sum
          spread += Double(squares * count - sum * sum).squareRoot() / Double(count)
          means.append(UInt8((sum + count / 2) / count))
        }
      }
    }
    blocks = means
    brightness = Double(whole) / Double(across * down)
    detail = spread / Double(columns * rows)
  }

  /// Whether it is too dark to see anything.
  public var isDark: Bool { brightness < Self.darkBelow }

  /// Whether there is light, and next to nothing to see in it.
  public var isTurbid: Bool { !isDark && detail < Self.turbidBelow }

  /// Brightness may drift by so many grey levels, with clouds and the time of day.
  private static let drift = 40.0

  /// How unlike two frames' places are: mean difference of the blocks, each less its frame's mean, in
  /// grey levels; and what the means differ by beyond a drift of light.
  public func distance(to other: FrameAppearance) -> Double {
    let count = Double(max(1, blocks.count))
    let shift = zip(blocks, other.blocks).reduce(0.0) { $0 + Double($1.0) - Double($1.1) } / count
    let apart = zip(blocks, other.blocks).reduce(0.0) {
      $0 + abs(Double($1.0) - Double($1.1) - shift)
    }
    return apart / count + max(0, abs(shift) - Self.drift)
  }
}
