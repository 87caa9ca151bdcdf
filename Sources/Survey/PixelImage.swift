/// An 8-bit picture: rows from the top, pixels from the left, channels interleaved (HWC).
public struct PixelImage: Sendable, Equatable {
  /// Width in pixels.
  public var width: Int
  /// Height in pixels.
  public var height: Int
  /// 1 for grey, 3 for red, green, blue, 4 for these and motion.
  public var channels: Int
  /// `height × width × channels` bytes, full range.
  public var pixels: [UInt8]

  /// A black picture.
  public init(width: Int, height: Int, channels: Int) {
    self.init(
      width: width, height: height, channels: channels,
      pixels: [UInt8](repeating: 0, count: width * height * channels))
  }

  /// A picture of given pixels.
  ///
  /// - Precondition: there are `width × height × channels` of them.
  public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
    precondition(pixels.count == width * height * channels, "pixels do not fill the picture")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }
}
