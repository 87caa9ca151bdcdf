internal import CFFmpeg
internal import CJPEG
public import Survey

/// JPEG pictures through libjpeg: decoding as a frame, encoding of review pictures.
public enum JPEG {
  /// Above this a picture is refused rather than decoded: half a gigabyte as RGB.
  static let pixelLimit: Int64 = 180_000_000

  /// Whether a file's first bytes are a JPEG's.
  static func isJPEG(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: [0xFF, 0xD8, 0xFF])
  }

  /// Decodes a JPEG, grey, RGB, CMYK or YCCK.
  ///
  /// - Throws: `MediaError.undecodable` with libjpeg's words.
  static func decode(_ bytes: [UInt8], file: String) throws(MediaError) -> Decoded {
    var image = cjpeg_image()
    let code = bytes.withUnsafeBufferPointer {
      cjpeg_decode($0.baseAddress, $0.count, pixelLimit, &image)
    }
    let words = withUnsafeBytes(of: image.message) { buffer in
      String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
    }
    guard code == 0, let pixels = image.pixels else {
      throw .undecodable(file: file, codec: "jpeg", words: words)
    }
    defer {
      cjpeg_free(image.pixels)
      cjpeg_free(image.exif)
    }
    let (width, height, channels) = (Int(image.width), Int(image.height), Int(image.channels))
    let exif = image.exif.map {
      Exif([UInt8](UnsafeBufferPointer(start: $0, count: image.exif_size)))
    }
    let stored = PixelImage(
      width: width, height: height, channels: channels,
      pixels: [UInt8](UnsafeBufferPointer(start: pixels, count: width * height * channels)))
    return Decoded(
      stored: stored, exif: exif ?? Exif([]), warning: image.warnings > 0 ? words : nil)
  }

  struct Decoded {
    var stored: PixelImage
    var exif: Exif
    var warning: String?
  }

  /// Encodes a picture.
  ///
  /// - Parameter quality: libjpeg's scale, 1…100.
  /// - Throws: `MediaError.unscalable` with libjpeg's words.
  public static func encode(_ picture: PixelImage, quality: Int = 85) throws(MediaError) -> [UInt8]
  {
    var bytes: UnsafeMutablePointer<UInt8>?
    var size = 0
    var message = [CChar](repeating: 0, count: 200)
    let code = picture.pixels.withUnsafeBufferPointer { pixels in
      cjpeg_encode(
        pixels.baseAddress, Int32(picture.width), Int32(picture.height), Int32(picture.channels),
        Int32(quality), &bytes, &size, &message)
    }
    guard code == 0, let bytes else {
      let words = String(
        decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw .unscalable(file: "picture", reason: words)
    }
    defer { cjpeg_free(bytes) }
    return [UInt8](UnsafeBufferPointer(start: bytes, count: size))
  }
}

extension DecodedFrame {
  /// A frame of given grey or RGB pixels at time 0.
  convenience init(_ stored: PixelImage, orientation: Orientation, file: String) throws(MediaError)
  {
    var frame = av_frame_alloc()
    defer { av_frame_free(&frame) }
    guard let frame else { throw .unscalable(file: file, reason: "out of memory") }
    let format = stored.channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24
    frame.pointee.width = Int32(stored.width)
    frame.pointee.height = Int32(stored.height)
    frame.pointee.format = format.rawValue
    frame.pointee.color_range = AVCOL_RANGE_JPEG
    frame.pointee.key_frame = 1
    guard av_frame_get_buffer(frame, 0) >= 0, let place = frame.pointee.data.0 else {
      throw .unscalable(file: file, reason: "out of memory")
    }
    let row = stored.width * stored.channels
    stored.pixels.withUnsafeBufferPointer { pixels in
      guard let from = pixels.baseAddress else { return }
      for y in 0..<stored.height {
        (place + y * Int(frame.pointee.linesize.0)).update(from: from + y * row, count: row)
      }
    }
    try self.init(
      taking: frame, time: FrameTime(pts: 0, seconds: 0), durationSeconds: 0,
      isDamaged: false, isPhoto: true, orientation: orientation, file: file)
  }
}
