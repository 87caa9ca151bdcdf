import Foundation
import Media
import Survey
import TestSupport
import Testing

/// The first frame of a file, whole, at its own size.
private func picture(_ path: String) throws -> PixelImage {
  let frame = try #require(try MediaFile(path: path).next())
  return try FrameScaler().picture(of: frame, longestSide: 10_000)
}

/// A pixel's channels.
private func pixel(_ picture: PixelImage, _ x: Int, _ y: Int) -> [Int] {
  let start = (y * picture.width + x) * picture.channels
  return picture.pixels[start..<start + picture.channels].map { Int($0) }
}

private func isNear(_ a: [Int], _ b: [Int], _ tolerance: Int) -> Bool {
  zip(a, b).allSatisfy { abs($0 - $1) <= tolerance }
}

@Suite struct PictureTests {
  /// The quadrants of the pictures in Tests/Fixtures/pictures, upright.
  private func expectQuadrants(_ image: PixelImage, tolerance: Int, _ comment: Comment) {
    let (w, h) = (image.width, image.height)
    #expect(isNear(pixel(image, w / 4, h / 4), [255, 0, 0], tolerance), comment)
    #expect(isNear(pixel(image, w * 3 / 4, h / 4), [0, 255, 0], tolerance), comment)
    #expect(isNear(pixel(image, w / 4, h * 3 / 4), [0, 0, 255], tolerance), comment)
    #expect(isNear(pixel(image, w * 3 / 4, h * 3 / 4), [255, 255, 255], tolerance), comment)
  }

  @Test(arguments: 1...8)
  func exifOrientation(_ orientation: Int) throws {
    let path = Repository.path("Tests/Fixtures/pictures/orientation-\(orientation).jpg")
    let image = try picture(path)
    #expect((image.width, image.height) == (32, 16))
    expectQuadrants(image, tolerance: 12, "orientation \(orientation)")
    let info = try MediaFile(path: path).info
    #expect((info.width, info.height) == (32, 16))
    #expect(info.creationTime == "2024-05-03T08:30:00")
  }

  @Test func cmykAndGrey() throws {
    expectQuadrants(
      try picture(Repository.path("Tests/Fixtures/pictures/cmyk.jpg")), tolerance: 12, "CMYK")
    let grey = try picture(Repository.path("Tests/Fixtures/pictures/grey.jpg"))
    #expect(isNear(pixel(grey, 8, 4), [76, 76, 76], 4))
    #expect(isNear(pixel(grey, 24, 4), [150, 150, 150], 4))
  }

  /// The display matrix of an MP4's video track: nine numbers in 16.16 after 40 bytes of `tkhd`.
  private func rotate(_ path: String, by degrees: Int) throws {
    var data = try Data(contentsOf: URL(filePath: path))
    let place = try #require(data.range(of: Data("tkhd".utf8))?.upperBound) + 40
    let one: UInt32 = 0x0001_0000
    let minus: UInt32 = 0xFFFF_0000
    let matrix: [UInt32] =
      switch degrees {
      case 90: [0, one, 0, minus, 0, 0]
      case 180: [minus, 0, 0, 0, minus, 0]
      default: [0, minus, 0, one, 0, 0]
      }
    for (index, value) in matrix.enumerated() {
      withUnsafeBytes(of: value.bigEndian) { bytes in
        data.replaceSubrange(place + index * 4..<place + index * 4 + 4, with: bytes)
      }
    }
    try data.write(to: URL(filePath: path))
  }

  @Test(arguments: [90, 180, 270])
  func rotatedPhoneVideo(_ degrees: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("phone.mp4")
    // Stored 64 × 32: the left half red, the right half blue.
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "color=red:s=32x32:d=0.2", "-f", "lavfi", "-i",
      "color=blue:s=32x32:d=0.2", "-filter_complex", "hstack", "-c:v", "libx264", "-qp", "0", path,
    ])
    try rotate(path, by: degrees)
    let image = try picture(path)
    let (red, blue) = ([254, 0, 0], [0, 0, 254])
    switch degrees {
    case 90:
      try #require((image.width, image.height) == (32, 64))
      #expect(isNear(pixel(image, 16, 8), red, 8) && isNear(pixel(image, 16, 56), blue, 8))
    case 180:
      try #require((image.width, image.height) == (64, 32))
      #expect(isNear(pixel(image, 8, 16), blue, 8) && isNear(pixel(image, 56, 16), red, 8))
    default:
      try #require((image.width, image.height) == (32, 64))
      #expect(isNear(pixel(image, 16, 8), blue, 8) && isNear(pixel(image, 16, 56), red, 8))
    }
  }

  @Test(arguments: [
    ("bt709", "tv", "yuv444p"), ("bt709", "pc", "yuv444p"), ("smpte170m", "tv", "yuv444p"),
    ("smpte170m", "pc", "yuv444p"), ("bt709", "tv", "yuv444p10le"), ("bt709", "tv", "yuv420p10le"),
  ])
  func matrixAndRange(_ matrix: String, _ range: String, _ format: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("colour.mkv")
    let zscale = matrix == "bt709" ? "bt709" : "bt601"
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "color=0xC86432:s=64x64:d=0.1,format=gbrp", "-vf",
      "scale=out_color_matrix=\(zscale):out_range=\(range),format=\(format)", "-c:v", "ffv1",
      "-colorspace", matrix, "-color_range", range, path,
    ])
    #expect(isNear(pixel(try picture(path), 32, 32), [0xC8, 0x64, 0x32], 3))
  }

  /// swscale's area averaging against the mean of the pixels that each target pixel covers.
  @Test(arguments: [(64, 48, 16, 12), (96, 60, 32, 20), (640, 360, 160, 90)])
  func scalingIsAreaAveraging(_ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("noise.png")
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "testsrc2=s=\(width)x\(height):d=0.04,noise=alls=60:allf=u,format=rgb24",
      "-frames:v", "1", path,
    ])
    let frame = try #require(try MediaFile(path: path).next())
    let whole = try FrameScaler().picture(of: frame, longestSide: 10_000)
    var small = PixelImage(width: toWidth, height: toHeight, channels: 3)
    let placement = FrameFit.stretch.placement(
      frameWidth: frame.width, frameHeight: frame.height, inputWidth: toWidth,
      inputHeight: toHeight)
    try FrameScaler().scale(frame, placement, into: &small)
    let (sx, sy) = (width / toWidth, height / toHeight)
    var sum = 0
    var worst = 0
    for y in 0..<toHeight {
      for x in 0..<toWidth {
        var mean = [0, 0, 0]
        for dy in 0..<sy {
          for dx in 0..<sx {
            let source = pixel(whole, x * sx + dx, y * sy + dy)
            for channel in 0..<3 { mean[channel] += source[channel] }
          }
        }
        for (value, total) in zip(pixel(small, x, y), mean) {
          let difference = abs(value - (total + sx * sy / 2) / (sx * sy))
          sum += difference
          worst = max(worst, difference)
        }
      }
    }
    #expect(Double(sum) / Double(toWidth * toHeight * 3) < 1)
    #expect(worst <= 12)
  }

  @Test func letterboxLeavesBarsAsTheyAre() throws {
    let path = Repository.path("Tests/Fixtures/pictures/orientation-6.jpg")
    let frame = try #require(try MediaFile(path: path).next())
    var input = PixelImage(width: 32, height: 32, channels: 3)
    let placement = FrameFit.letterbox.placement(
      frameWidth: frame.width, frameHeight: frame.height, inputWidth: 32, inputHeight: 32)
    try FrameScaler().scale(frame, placement, into: &input)
    #expect(pixel(input, 8, 4) == [0, 0, 0])
    #expect(isNear(pixel(input, 8, 12), [255, 0, 0], 12))
    #expect(isNear(pixel(input, 24, 20), [255, 255, 255], 12))
    #expect(pixel(input, 8, 28) == [0, 0, 0])
  }

  @Test func cropShowsTheMiddleOfARotatedPicture() throws {
    let path = Repository.path("Tests/Fixtures/pictures/orientation-8.jpg")
    let frame = try #require(try MediaFile(path: path).next())
    var input = PixelImage(width: 16, height: 16, channels: 3)
    let placement = FrameFit.crop.placement(
      frameWidth: frame.width, frameHeight: frame.height, inputWidth: 16, inputHeight: 16)
    try FrameScaler().scale(frame, placement, into: &input)
    expectQuadrants(input, tolerance: 12, "crop")
  }

  @Test func greyInput() throws {
    let frame = try #require(
      try MediaFile(path: Repository.path("Tests/Fixtures/pictures/orientation-1.jpg")).next())
    var input = PixelImage(width: 32, height: 16, channels: 1)
    let placement = FrameFit.stretch.placement(
      frameWidth: frame.width, frameHeight: frame.height, inputWidth: 32, inputHeight: 16)
    try FrameScaler().scale(frame, placement, into: &input)
    #expect(isNear(pixel(input, 8, 4), [76], 5))
    #expect(isNear(pixel(input, 24, 12), [255], 5))
  }

  @Test func writtenPicturesReadBack() throws {
    let folder = try TemporaryFolder()
    let source = try picture(Repository.path("Tests/Fixtures/pictures/orientation-1.jpg"))
    let path = try folder.write(Data(try JPEG.encode(source, quality: 95)), to: "a.jpg")
    expectQuadrants(try picture(path), tolerance: 16, "encoded")
  }
}
