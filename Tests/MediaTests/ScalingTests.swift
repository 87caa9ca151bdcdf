import CFrameScale
import Foundation
import Media
import Survey
import TestSupport
import Testing

/// Frames as a model gets them, beside what training makes of them: FFmpeg's RGB of the whole frame,
/// averaged by area.
struct ScalingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(arguments: [
    (1920, 1080, "yuv420p", "bt709", "tv"), (2704, 1520, "yuv420p", "bt709", "tv"),
    (1280, 720, "yuv420p", "bt709", "tv"), (640, 360, "yuv420p", "smpte170m", "tv"),
    (640, 360, "yuv420p", "bt709", "tv"),
    (1920, 1080, "yuvj420p", "smpte170m", "pc"), (1920, 1080, "yuv420p10le", "bt709", "tv"),
    (1440, 1080, "yuv422p", "bt709", "tv"), (720, 1280, "yuv420p", "bt709", "tv"),
    (1437, 811, "yuv420p", "bt709", "tv"), (1280, 720, "yuv444p", "bt709", "tv"),
  ])
  func itIsTheAreaAverageOfTheWholeFrame(
    width: Int, height: Int, format: String, matrix: String, range: String
  ) throws {
    // Noise is added in RGB: colours that RGB cannot hold would be cut off before they are averaged.
    let video = folder.path + "/video.mkv"
    try Tool.ffmpeg([
      "-f", "lavfi", "-i",
      "testsrc2=s=\(width)x\(height):d=1:r=1,format=rgb24,noise=alls=12:allf=t", "-vf",
      "scale=out_color_matrix=\(matrix):out_range=\(range),format=\(format)", "-c:v", "ffv1",
      "-colorspace", matrix, "-color_range", range, "-frames:v", "1", video,
    ])
    let whole = folder.path + "/whole.rgb"
    try Tool.ffmpeg([
      "-i", video, "-vf",
      "scale=in_color_matrix=\(matrix):in_range=\(range):flags=accurate_rnd+full_chroma_int+bilinear,"
        + "format=rgb24", "-f", "rawvideo", whole,
    ])
    let frame = try #require(try MediaFile(path: video).next())
    for (toWidth, toHeight) in [(448, 256), (384, 224), (192, 112)] {
      var given = PixelImage(width: toWidth, height: toHeight, channels: 3)
      let placement = FrameFit.letterbox.placement(
        frameWidth: frame.width, frameHeight: frame.height, inputWidth: toWidth,
        inputHeight: toHeight)
      try FrameScaler().scale(frame, placement, into: &given)
      let pixels = [UInt8](try Data(contentsOf: URL(filePath: whole)))
      let wanted = areaAverage(pixels, width, height, placement.width, placement.height)
      var away = 0.0
      for y in 0..<placement.height {
        for x in 0..<placement.width {
          let at = ((placement.top + y) * toWidth + placement.left + x) * 3
          for channel in 0..<3 {
            let mean = wanted[(y * placement.width + x) * 3 + channel]
            away += abs(Double(given.pixels[at + channel]) - mean)
          }
        }
      }
      away /= Double(placement.width * placement.height * 3)
      #expect(away <= 2, "\(toWidth) × \(toHeight)")
    }
  }

  /// Random planes of random sizes, whose means by area are worked out here in full; no byte beside the result
  /// is written.
  @Test func meansAreThoseOfTheAreasWhateverTheSizes() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<60 {
      let (toWidth, toHeight) = (
        Int.random(in: 1...90, using: &random), Int.random(in: 1...90, using: &random)
      )
      let width = Int.random(in: 2 * toWidth...9 * toWidth, using: &random)
      let height = Int.random(in: 2 * toHeight...9 * toHeight, using: &random)
      let (halfWidth, halfHeight) = ((width + 1) / 2, (height + 1) / 2)
      let luma = (0..<width * height).map { _ in UInt8.random(in: 0...255, using: &random) }
      let chromas = (0..<2).map { _ in
        (0..<halfWidth * halfHeight).map { _ in UInt8.random(in: 96...160, using: &random) }
      }
      let stride = toWidth * 3 + 5
      var given = [UInt8](repeating: 7, count: stride * toHeight)
      luma.withUnsafeBufferPointer { y in
        chromas[0].withUnsafeBufferPointer { u in
          chromas[1].withUnsafeBufferPointer { v in
            var picture = frame_scale_picture(
              planes: (y.baseAddress, u.baseAddress, v.baseAddress),
              strides: (width, halfWidth, halfWidth), width: Int32(width), height: Int32(height),
              chroma_width: Int32(halfWidth), chroma_height: Int32(halfHeight), full_range: 1,
              coefficients: (104597, 132201, 25675, 53279))
            var scratch = [UInt8](
              repeating: 0, count: frame_scale_scratch(&picture, Int32(toWidth)))
            frame_scale(&picture, Int32(toWidth), Int32(toHeight), &given, stride, &scratch)
          }
        }
      }
      let means = [
        areaAverage(luma, width, height, toWidth, toHeight, channels: 1),
        areaAverage(chromas[0], halfWidth, halfHeight, toWidth, toHeight, channels: 1),
        areaAverage(chromas[1], halfWidth, halfHeight, toWidth, toHeight, channels: 1),
      ]
      var furthest = 0.0
      for row in 0..<toHeight {
        for column in 0..<toWidth {
          let (y, u, v) = (
            means[0][row * toWidth + column], means[1][row * toWidth + column] - 128,
            means[2][row * toWidth + column] - 128
          )
          let wanted = [y + 1.402 * v, y - 0.344 * u - 0.714 * v, y + 1.772 * u]
          for channel in 0..<3 {
            let value = Double(given[row * stride + column * 3 + channel])
            furthest = max(furthest, abs(value - min(255, max(0, wanted[channel]))))
          }
        }
        #expect(given[(row * stride + toWidth * 3)..<(row + 1) * stride].allSatisfy { $0 == 7 })
      }
      #expect(furthest < 3, "\(width) × \(height) to \(toWidth) × \(toHeight)")
    }
  }

  /// Each pixel of the result is the mean of the area that it covers, parts of pixels by their share.
  private func areaAverage(
    _ pixels: [UInt8], _ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int,
    channels: Int = 3
  ) -> [Double] {
    var rows = [Double](repeating: 0, count: height * toWidth * channels)
    let across = shares(width, toWidth)
    for y in 0..<height {
      for x in 0..<toWidth {
        for (source, share) in across[x] {
          for channel in 0..<channels {
            rows[(y * toWidth + x) * channels + channel] +=
              share * Double(pixels[(y * width + source) * channels + channel])
          }
        }
      }
    }
    var result = [Double](repeating: 0, count: toHeight * toWidth * channels)
    let down = shares(height, toHeight)
    for y in 0..<toHeight {
      for (source, share) in down[y] {
        for place in 0..<toWidth * channels {
          result[y * toWidth * channels + place] +=
            share * rows[source * toWidth * channels + place]
        }
      }
    }
    return result
  }

  /// By place of the result, which places it covers and by how much of it.
  private func shares(_ length: Int, _ toLength: Int) -> [[(Int, Double)]] {
    let scale = Double(length) / Double(toLength)
    return (0..<toLength).map { place in
      let (start, end) = (Double(place) * scale, Double(place + 1) * scale)
      return (Int(start)..<min(length, Int(end.rounded(.up)))).map { source in
        (source, (min(end, Double(source + 1)) - max(start, Double(source))) / scale)
      }
    }
  }
}
