import Foundation
import Media
import Survey
import TestSupport
import Testing

@Suite struct BackgroundReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func video(_ source: String, _ name: String = "v.mp4", _ options: [String] = [])
    throws -> String
  {
    let path = try folder.file(name)
    try Tool.ffmpeg(
      ["-f", "lavfi", "-i", source, "-c:v", "libx264", "-qp", "4", "-sc_threshold", "0"] + options
        + [path])
    return path
  }

  private func placement(_ width: Double, _ height: Double) -> FramePlacement {
    FrameFit.letterbox.placement(
      frameWidth: width, frameHeight: height, inputWidth: 192, inputHeight: 96)
  }

  private func background(_ path: String, stretch: Int = 0, longest: Double = 600, threads: Int = 1)
    throws -> Background?
  {
    try #require(try BackgroundReader(path: path, longest: longest, threads: threads))
      .background(of: stretch, placement: placement)
  }

  private func colour(_ background: Background?, x: Int, y: Int) throws -> [UInt8] {
    let picture = try #require(background).picture
    let place = (y * picture.width + x) * 3
    return Array(picture.pixels[place..<place + 3])
  }

  /// Whether a colour is that of the scene and not of a fish.
  private func isGrey(_ colour: [UInt8]) -> Bool { colour.allSatisfy { abs(Int($0) - 128) < 12 } }

  /// With keyframes close by, and with a single one.
  @Test(arguments: [2, 1000])
  func whatMovesIsNotInIt(_ distance: Int) throws {
    let path = try video(MotionModel.swimming(seconds: 12), "v.mp4", ["-g", "\(distance)"])
    let background = try background(path)
    #expect(try (0..<12).allSatisfy { try isGrey(colour(background, x: 16 * $0 + 8, y: 56)) })
    let lying = try colour(background, x: 104, y: 72)
    #expect(lying[0] > 200 && lying[1] < 50)
    #expect(try #require(background).level < 5)
  }

  @Test func threadsDoNotChangeIt() throws {
    let path = try video(MotionModel.swimming(seconds: 12), "v.mp4", ["-g", "1000"])
    #expect(try background(path, threads: 1) == background(path, threads: 4))
  }

  /// The same frames as NumPy and OpenCV would take: those that `spread` chooses of all.
  @Test func framesFarFromKeyframesAreReached() throws {
    let path = try video("testsrc2=s=192x96:r=5:d=11.6", "v.mp4", ["-g", "1000"])
    let scaler = FrameScaler()
    let file = try MediaFile(path: path)
    var all: [PixelImage] = []
    while let frame = try file.next() {
      var picture = PixelImage(width: 192, height: 96, channels: 3)
      try scaler.scale(frame, placement(frame.width, frame.height), into: &picture)
      all.append(picture)
    }
    #expect(all.count == 58)
    let expected = Background(of: Background.spread(58).map { all[$0] })
    #expect(try background(path) == expected)
  }

  @Test func eachStretchHasItsOwn() throws {
    let first = try video("color=red:s=192x96:r=10:d=10", "a.mp4", ["-g", "5"])
    let second = try video("color=blue:s=192x96:r=10:d=10", "b.mp4", ["-g", "5"])
    let list = try folder.write(Data("file '\(first)'\nfile '\(second)'\n".utf8), to: "list")
    for name in ["ab.mp4", "ab.mkv", "ab.ts"] {
      let path = try folder.file(name)
      try Tool.ffmpeg(["-f", "concat", "-safe", "0", "-i", list, "-c", "copy", path])
      let reader = try #require(try BackgroundReader(path: path, longest: 10.5))
      #expect(reader.stretches.count == 2)
      let colours = try (0..<2).map {
        try colour(reader.background(of: $0, placement: placement), x: 90, y: 40)
      }
      #expect(colours[0][0] > 200 && colours[0][2] < 60, "\(name) \(colours)")
      #expect(colours[1][2] > 200 && colours[1][0] < 60, "\(name) \(colours)")
      // One that is made later, as after a stop, is the same.
      let later = try #require(try BackgroundReader(path: path, longest: 10.5))
      #expect(
        try later.background(of: 1, placement: placement)
          == reader.background(of: 1, placement: placement), "\(name)")
    }
  }

  /// Keyframes that the background was made of are given in their turn, and as if decoded again.
  @Test(arguments: [
    ("v.mp4", ["-c:v", "libx264", "-bf", "2"]), ("open.mp4", ["-x264-params", "open-gop=1"]),
    ("v.ts", ["-c:v", "libx264"]),
    ("v.mkv", ["-c:v", "libx265", "-x265-params", "log-level=none"]),
    ("v.avi", ["-c:v", "mpeg4"]), ("v.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime"]),
  ])
  func keptKeyframesAreGivenInTheirTurn(_ name: String, _ options: [String]) throws {
    let path = try video("testsrc2=s=192x96:r=10:d=30", name, ["-g", "5"] + options)
    let plain = try keyframes(of: path, known: [])
    var kept: [DecodedFrame] = []
    let reader = try #require(try BackgroundReader(path: path, threads: 2))
    _ = try reader.background(of: 0, placement: placement, keep: { kept.append($0) })
    #expect(kept.count > 12 && plain.count > kept.count && plain.count < 100)
    #expect(kept.allSatisfy { $0.byteCount >= 192 * 96 * 3 / 2 })
    for known in [kept, kept.suffix(3), Array(kept.prefix(1))] {
      let found = try keyframes(of: path, known: known)
      #expect(found.map(\.time) == plain.map(\.time))
      #expect(found.map(\.seconds) == plain.map(\.seconds))
      let areEqual = zip(found, plain).map { $0.picture == $1.picture }
      #expect(areEqual.allSatisfy { $0 })
    }
  }

  private struct Keyframe {
    var time: FrameTime
    var seconds: Double
    var picture: PixelImage
  }

  private func keyframes(of path: String, known: [DecodedFrame]) throws -> [Keyframe] {
    let file = try MediaFile(path: path, keyframesOnly: true, threads: 2)
    known.forEach(file.know)
    let scaler = FrameScaler()
    var found: [Keyframe] = []
    while let frame = try file.next() {
      var picture = PixelImage(width: 192, height: 96, channels: 3)
      try scaler.scale(frame, placement(frame.width, frame.height), into: &picture)
      found.append(Keyframe(time: frame.time, seconds: frame.durationSeconds, picture: picture))
    }
    #expect(file.damage == nil)
    return found
  }

  @Test func aStreamWithoutDuration() throws {
    let path = try video(MotionModel.swimming(seconds: 12), "v.mkv", ["-g", "4", "-live", "1"])
    #expect(try MediaFile(path: path).info.durationSeconds == nil)
    let reader = try #require(try BackgroundReader(path: path, longest: 6))
    #expect(reader.stretches.count == 2)
    #expect(abs(reader.stretches.seconds - 6) < 0.1)
    #expect(try reader.background(of: 1, placement: placement) != nil)
  }

  @Test func fewFramesAndPhotosHaveNone() throws {
    #expect(try background(video("testsrc2=s=192x96:r=10:d=0.4")) == nil)
    #expect(try background(video("testsrc2=s=192x96:r=10:d=0.5", "five.mp4")) != nil)
    let photo = try folder.file("p.png")
    try Tool.ffmpeg(["-f", "lavfi", "-i", "testsrc2=s=192x96:d=1", "-frames:v", "1", photo])
    #expect(try BackgroundReader(path: photo) == nil)
    let jpeg = Repository.path("Tests/Fixtures/pictures/orientation-6.jpg")
    #expect(try BackgroundReader(path: jpeg) == nil)
  }

  @Test func aTruncatedRecordingHasWhatItHas() throws {
    let whole = try video(
      MotionModel.swimming(seconds: 24), "whole.mp4", ["-g", "2", "-movflags", "+faststart"])
    let data = try Data(contentsOf: URL(filePath: whole))
    let path = try folder.write(data.prefix(data.count / 2), to: "half.mp4")
    let half = try background(path)
    #expect(try isGrey(colour(half, x: 8, y: 56)))
  }

  @Test func picturesComeBackToTheLastBit() throws {
    var generator = SeededGenerator(seed: 3)
    for (width, height) in [(1, 1), (17, 5), (320, 192)] {
      let picture = PixelImage(
        width: width, height: height, channels: 3,
        pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
      #expect(try PNG.decode(PNG.encode(picture)) == picture)
    }
    #expect(throws: MediaError.self) { try PNG.decode([1, 2, 3]) }
    #expect(throws: MediaError.self) { try PNG.decode([]) }
  }
}
