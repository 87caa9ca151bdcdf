internal import Survey

/// What a second look at a photo finds, at half its size: individuals that nearly fill it.
///
/// Networks learn fish as large as survey cameras see them. One that fills the photo they know at half
/// of its size only; whole, it is several fish or none.
enum CloseUp {
  /// The greater of width and height, as shares of the photo's, from which one is large.
  static let leastSide = 0.4
  /// Share of a close-up's area from which what lies in its box is the same individual, and no part.
  static let sameArea = 0.25
  /// Overlap from which two large boxes are of the same individual, as a share of what they cover together.
  static let sameOverlap = 0.5

  /// A picture of the same shape, black, in whose middle the whole of `picture` is at half its size:
  /// means of 2 × 2 pixels, rounded, halves upwards.
  static func halved(_ picture: PixelImage) -> PixelImage {
    var half = PixelImage(
      width: picture.width, height: picture.height, channels: picture.channels)
    let place = Self.place(in: picture)
    let (channels, row) = (picture.channels, picture.width * picture.channels)
    for y in 0..<picture.height / 2 {
      for x in 0..<picture.width / 2 {
        for channel in 0..<channels {
          let first = 2 * y * row + 2 * x * channels + channel
          let (upper, lower) = (first, first + row)
          let sum =
            Int(picture.pixels[upper]) + Int(picture.pixels[upper + channels])
            + Int(picture.pixels[lower]) + Int(picture.pixels[lower + channels])
          half.pixels[(place.top + y) * row + (place.left + x) * channels + channel] =
            UInt8((sum + 2) / 4)
        }
      }
    }
    return half
  }

  /// Where in its black picture a halved one lies.
  static func place(in picture: PixelImage) -> FramePlacement {
    var place = FrameFit.stretch.placement(
      frameWidth: Double(picture.width), frameHeight: Double(picture.height),
      inputWidth: picture.width, inputHeight: picture.height)
    (place.width, place.height) = (max(1, picture.width / 2), max(1, picture.height / 2))
    place.left = (picture.width - place.width) / 2
    place.top = (picture.height - place.height) / 2
    return place
  }

  /// A detection in the frame, of one in the whole input that shows it, bars included; `nil` where it
  /// lies in a bar.
  static func inFrame(_ found: Detection, _ placement: FramePlacement) -> Detection? {
    let (width, height) = (Double(placement.inputWidth), Double(placement.inputHeight))
    let (x, y) = (
      found.x * width - Double(placement.left), found.y * height - Double(placement.top)
    )
    guard (0...Double(placement.width)).contains(x), (0...Double(placement.height)).contains(y)
    else { return nil }
    var detection = found
    (detection.x, detection.y) = placement.framePoint(x: found.x * width, y: found.y * height)
    let across = width / Double(placement.width) * placement.cropWidth
    let down = height / Double(placement.height) * placement.cropHeight
    detection.width = found.width.map { min(1, $0 * across) }
    detection.height = found.height.map { min(1, $0 * down) }
    return detection
  }

  /// What both looks at a photo find, all with boxes, by falling score.
  ///
  /// Of the second look those count that are large. From the strongest to the weakest, one is left out
  /// where a stronger one is the same individual, both large and overlapping by half; where it lies in the
  /// box of a stronger one of the second look, as its parts do; and, of the second look, where a stronger one
  /// lies in its box that is no mere part by its size. No threshold plays a part, so from any
  /// threshold up it is as if there were nothing below.
  static func together(_ first: [Detection], _ second: [Detection]) -> [Detection] {
    let all = second.filter(isLarge).map { ($0, true) } + first.map { ($0, false) }
    // Of equal scores the second look's come first, then the decoder's order.
    let order = all.enumerated().sorted {
      ($1.element.0.score, $0.offset) < ($0.element.0.score, $1.offset)
    }
    var kept: [(found: Detection, isCloseUp: Bool)] = []
    for (_, (found, isCloseUp)) in order {
      let isKnown = kept.contains { other in
        isLarge(found) && isLarge(other.found) && overlap(found, other.found) >= sameOverlap
          || other.isCloseUp && isIn(found, other.found)
          || isCloseUp && isIn(other.found, found)
            && area(other.found) >= sameArea * area(found)
      }
      if !isKnown { kept.append((found, isCloseUp)) }
    }
    return kept.map(\.found)
  }

  private static func isLarge(_ detection: Detection) -> Bool {
    max(detection.width ?? 0, detection.height ?? 0) >= leastSide
  }

  /// The part of what two boxes cover together that both cover.
  private static func overlap(_ one: Detection, _ other: Detection) -> Double {
    let shared = { (middles: (Double, Double), sides: (Double?, Double?)) -> Double in
      let (first, second) = ((sides.0 ?? 0) / 2, (sides.1 ?? 0) / 2)
      return max(
        0, min(middles.0 + first, middles.1 + second) - max(middles.0 - first, middles.1 - second))
    }
    let both =
      shared((one.x, other.x), (one.width, other.width))
      * shared((one.y, other.y), (one.height, other.height))
    let all = area(one) + area(other) - both
    return all > 0 ? both / all : 0
  }

  private static func area(_ detection: Detection) -> Double {
    (detection.width ?? 0) * (detection.height ?? 0)
  }

  private static func isIn(_ detection: Detection, _ box: Detection) -> Bool {
    abs(detection.x - box.x) <= (box.width ?? 0) / 2
      && abs(detection.y - box.y) <= (box.height ?? 0) / 2
  }
}
