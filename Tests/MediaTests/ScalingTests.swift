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
    for (toWidth, toHeight) in [(384, 224), (192, 112)] {
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

  /// Each pixel of the result is the mean of the area that it covers, parts of pixels by their share.
  private func areaAverage(
    _ pixels: [UInt8], _ width: Int, _ height: Int, _ toWidth: Int, _ toHeight: Int
  ) -> [Double] {
    var rows = [Double](repeating: 0, count: height * toWidth * 3)
    let across = shares(width, toWidth)
    for y in 0..<height {
      for x in 0..<toWidth {
        for (source, share) in across[x] {
          for channel in 0..<3 {
            rows[(y * toWidth + x) * 3 + channel] +=
              share * Double(pixels[(y * width + source) * 3 + channel])
          }
        }
      }
    }
    var result = [Double](repeating: 0, count: toHeight * toWidth * 3)
    let down = shares(height, toHeight)
    for y in 0..<toHeight {
      for (source, share) in down[y] {
        for place in 0..<toWidth * 3 {
          result[y * toWidth * 3 + place] += share * rows[source * toWidth * 3 + place]
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
