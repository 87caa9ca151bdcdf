/// What a camera that stands still sees when nothing moves: the median of frames spread over a
/// stretch of a recording, letterboxed to a model's input size.
///
/// A model that has learnt motion is given each frame's distance from it. Whoever trains one
/// computes the same: all of this is integer arithmetic, without a choice left open.
public struct Background: Sendable, Equatable {
  /// A background is the median of at most this many frames.
  public static let mostFrames = 25
  /// Fewer frames give no background.
  public static let fewestFrames = 5

  /// Red, green and blue at the model's input size: by pixel and channel the median, of an even
  /// number of frames the lower of the two in the middle.
  public let picture: PixelImage
  /// Mean motion of the frames that it is the median of, 0…255, over all pixels of the input.
  ///
  /// High where the camera itself moves: then the median is no place.
  public let level: Double

  /// A background that was made before.
  ///
  /// - Precondition: the picture is in RGB.
  public init(picture: PixelImage, level: Double) {
    precondition(picture.channels == 3, "a background is in colour")
    self.picture = picture
    self.level = level
  }

  /// The background of frames in RGB, all of one size; `nil` of too few.
  public init?(of frames: [PixelImage]) {
    guard frames.count >= Self.fewestFrames else { return nil }
    let still = Background(picture: Self.median(frames), level: 0)
    var sum = 0
    for frame in frames {
      still.withMotion(of: frame) { _, count, motion in
        for pixel in 0..<count { sum &+= Int(motion[pixel &* 3]) }
      }
    }
    let pixels = still.picture.width * still.picture.height
    self.init(picture: still.picture, level: Double(sum) / Double(pixels * frames.count))
  }

  /// Which of some frames make a background: the middles of up to `most` equal parts.
  public static func spread(_ count: Int, most: Int = mostFrames) -> [Int] {
    let parts = min(count, most)
    return (0..<max(0, parts)).map { (2 * $0 + 1) * count / (2 * parts) }
  }

  /// Bytes of each frame that are sorted together; with 25 frames they fit a first-level cache.
  private static let blockLength = 1024

  private static func median(_ frames: [PixelImage]) -> PixelImage {
    let (first, count) = (frames[0], frames.count)
    precondition(
      frames.allSatisfy {
        $0.channels == 3 && $0.width == first.width && $0.height == first.height
      }, "frames of a background are of one size and in colour")
    var result = first
    let middle = (count - 1) / 2
    let rows = UnsafeMutablePointer<UInt8>.allocate(capacity: count * blockLength)
    defer { rows.deallocate() }
    for start in stride(from: 0, to: first.pixels.count, by: blockLength) {
      let length = min(blockLength, first.pixels.count - start)
      for (index, frame) in frames.enumerated() {
        frame.pixels.withUnsafeBufferPointer { pixels in
          guard let from = pixels.baseAddress else { return }
          (rows + index * blockLength).update(from: from + start, count: length)
        }
      }
      // After each round the least of the rows that are left is at its place.
      for low in 0...middle {
        for high in low + 1..<count {
          sort(rows + low * blockLength, rows + high * blockLength, length)
        }
      }
      result.pixels.withUnsafeMutableBufferPointer { pixels in
        guard let to = pixels.baseAddress else { return }
        (to + start).update(from: rows + middle * blockLength, count: length)
      }
    }
    return result
  }

  /// Puts the smaller of each two bytes into `low`; the compiler makes vectors of it.
  private static func sort(
    _ low: UnsafeMutablePointer<UInt8>, _ high: UnsafeMutablePointer<UInt8>, _ length: Int
  ) {
    for index in 0..<length {
      let (a, b) = (low[index], high[index])
      low[index] = min(a, b)
      high[index] = max(a, b)
    }
  }

  /// Calls `body` with the motion of a frame's pixels, a block at a time.
  ///
  /// - Parameter body: gets the block's first pixel, how many it has, and their motion, 0…255, in
  ///   every third byte.
  fileprivate func withMotion(
    of frame: PixelImage, _ body: (Int, Int, UnsafeMutableBufferPointer<UInt8>) -> Void
  ) {
    let block = Self.blockLength
    let count = picture.width * picture.height
    precondition(frame.pixels.count == count * 3, "a background of another size")
    frame.pixels.withUnsafeBufferPointer { frame in
      picture.pixels.withUnsafeBufferPointer { behind in
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: block * 3) { apart in
          for start in stride(from: 0, to: count, by: block) {
            let bytes = min(block, count - start) * 3
            for place in 0..<bytes {
              let (a, b) = (frame[start &* 3 &+ place], behind[start &* 3 &+ place])
              apart[place] = max(a, b) &- min(a, b)
            }
            // Sums of any three neighbours are made, for then the compiler makes vectors of it.
            for place in 0..<bytes &- 2 {
              let two = apart[place] &+ min(apart[place &+ 1], 255 &- apart[place])
              apart[place] = two &+ min(apart[place &+ 2], 255 &- two)
            }
            body(start, bytes / 3, apart)
          }
        }
      }
    }
  }
}

extension PixelImage {
  /// Fills a picture of four channels: a frame's red, green and blue, and its motion.
  ///
  /// Motion is min(255, |ΔR| + |ΔG| + |ΔB|) of frame and background; 0 without one.
  ///
  /// - Precondition: all three are of one size.
  public mutating func fill(_ frame: PixelImage, background: Background?) {
    precondition(
      channels == 4 && frame.channels == 3 && frame.width == width && frame.height == height,
      "a frame in colour becomes a picture of four channels")
    let count = width * height
    pixels.withUnsafeMutableBytes { target in
      frame.pixels.withUnsafeBufferPointer { from in
        let put = { (pixel: Int, motion: UInt32) in
          let colour =
            UInt32(from[pixel &* 3]) | UInt32(from[pixel &* 3 &+ 1]) << 8
            | UInt32(from[pixel &* 3 &+ 2]) << 16
          target.storeBytes(
            of: (colour | motion << 24).littleEndian, toByteOffset: pixel &* 4, as: UInt32.self)
        }
        guard let background else {
          for pixel in 0..<count { put(pixel, 0) }
          return
        }
        background.withMotion(of: frame) { start, count, motion in
          for pixel in 0..<count { put(start &+ pixel, UInt32(motion[pixel &* 3])) }
        }
      }
    }
  }
}
