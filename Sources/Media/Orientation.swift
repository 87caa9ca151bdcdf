/// How stored pixels become the upright picture, numbered as in Exif (tag 0x0112).
public enum Orientation: Int, Sendable, CaseIterable {
  /// Stored upright.
  case upright = 1
  /// Mirrored left to right.
  case mirrored
  /// Turned by 180°.
  case halfTurn
  /// Mirrored top to bottom.
  case flipped
  /// Mirrored along the diagonal from the upper left.
  case transposed
  /// To be turned 90° clockwise.
  case quarterTurn
  /// Mirrored along the diagonal from the upper right.
  case transversed
  /// To be turned 90° anticlockwise.
  case threeQuarterTurn

  /// Whether width and height change places.
  public var swapsSides: Bool { rawValue >= 5 }

  /// The nearest orientation of a display matrix: 3×3, 16.16 fixed point, as MP4 and FFmpeg have
  /// it: a stored point (x, y) is shown at (a x + c y, b x + d y).
  init(matrix: UnsafePointer<Int32>) {
    let (a, b, c, d) = (matrix[0], matrix[1], matrix[3], matrix[4])
    if abs(Int64(a)) + abs(Int64(d)) >= abs(Int64(b)) + abs(Int64(c)) {
      switch (a < 0, d < 0) {
      case (false, false): self = .upright
      case (true, false): self = .mirrored
      case (true, true): self = .halfTurn
      case (false, true): self = .flipped
      }
    } else {
      switch (b < 0, c < 0) {
      case (false, false): self = .transposed
      case (false, true): self = .quarterTurn
      case (true, true): self = .transversed
      case (true, false): self = .threeQuarterTurn
      }
    }
  }

  /// A number read from a file; anything unknown is upright.
  init(exif: Int) { self = Orientation(rawValue: exif) ?? .upright }

  /// Where an upright point lies in the stored picture, both normalised.
  func storedPoint(x: Double, y: Double) -> (x: Double, y: Double) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (1 - x, y)
    case .halfTurn: (1 - x, 1 - y)
    case .flipped: (x, 1 - y)
    case .transposed: (y, x)
    case .quarterTurn: (y, 1 - x)
    case .transversed: (1 - y, 1 - x)
    case .threeQuarterTurn: (1 - y, x)
    }
  }

  /// Copies a stored picture upright.
  ///
  /// - Parameters:
  ///   - stored: rows of `width × channels` bytes without gaps.
  ///   - width: width as stored.
  ///   - height: height as stored.
  ///   - target: first byte of the upright picture's place.
  ///   - rowBytes: bytes from one row of the target to the next.
  func copy(
    _ stored: UnsafePointer<UInt8>, width: Int, height: Int, channels: Int,
    to target: UnsafeMutablePointer<UInt8>, rowBytes: Int
  ) {
    let (uprightWidth, uprightHeight) = swapsSides ? (height, width) : (width, height)
    for y in 0..<uprightHeight {
      var out = target + y * rowBytes
      for x in 0..<uprightWidth {
        let column: Int
        let row: Int
        switch self {
        case .upright: (column, row) = (x, y)
        case .mirrored: (column, row) = (width - 1 - x, y)
        case .halfTurn: (column, row) = (width - 1 - x, height - 1 - y)
        case .flipped: (column, row) = (x, height - 1 - y)
        case .transposed: (column, row) = (y, x)
        case .quarterTurn: (column, row) = (y, height - 1 - x)
        case .transversed: (column, row) = (width - 1 - y, height - 1 - x)
        case .threeQuarterTurn: (column, row) = (width - 1 - y, x)
        }
        let from = stored + (row * width + column) * channels
        for channel in 0..<channels { out[channel] = from[channel] }
        out += channels
      }
    }
  }
}
