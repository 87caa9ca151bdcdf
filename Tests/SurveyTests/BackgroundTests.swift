import Survey
import TestSupport
import Testing

@Suite struct BackgroundTests {
  /// A picture of two pixels with these bytes.
  private func frame(_ bytes: [UInt8]) -> PixelImage {
    PixelImage(width: 2, height: 1, channels: 3, pixels: bytes)
  }

  private func frames(_ count: Int, width: Int, height: Int) -> [PixelImage] {
    var generator = SeededGenerator(seed: UInt64(count))
    return (0..<count).map { _ in
      PixelImage(
        width: width, height: height, channels: 3,
        pixels: (0..<width * height * 3).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
  }

  /// What Scripts/training/motion.py chooses.
  @Test(arguments: [
    (5, [0, 1, 2, 3, 4]), (25, Array(0..<25)), (0, []),
    (
      26,
      [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
      ]
    ),
    (
      58,
      [
        1, 3, 5, 8, 10, 12, 15, 17, 19, 22, 24, 26, 29, 31, 33, 35, 38, 40, 42, 45, 47, 49, 52, 54,
        56,
      ]
    ),
  ])
  func framesAreSpread(_ count: Int, _ expected: [Int]) {
    #expect(Background.spread(count) == expected)
  }

  @Test(arguments: [5, 6, 7, 12, 24, 25])
  func theMedianIsTheLowerMiddle(_ count: Int) throws {
    let frames = frames(count, width: 37, height: 29)
    let background = try #require(Background(of: frames))
    for place in stride(from: 0, to: 37 * 29 * 3, by: 7) {
      let sorted = frames.map { $0.pixels[place] }.sorted()
      #expect(background.picture.pixels[place] == sorted[(count - 1) / 2])
    }
  }

  @Test func fewFramesGiveNone() {
    #expect(Background(of: frames(4, width: 2, height: 2)) == nil)
    #expect(Background(of: []) == nil)
  }

  @Test func motionIsTheSumOfDifferences() {
    let background = Background(picture: frame([10, 20, 30, 0, 0, 0]), level: 0)
    var input = PixelImage(width: 2, height: 1, channels: 4)
    input.fill(frame([13, 18, 30, 200, 40, 100]), background: background)
    #expect(input.pixels == [13, 18, 30, 5, 200, 40, 100, 255])
    input.fill(frame([0, 20, 30, 0, 0, 254]), background: background)
    #expect(input.pixels == [0, 20, 30, 10, 0, 0, 254, 254])
    input.fill(frame([1, 2, 3, 4, 5, 6]), background: nil)
    #expect(input.pixels == [1, 2, 3, 0, 4, 5, 6, 0])
  }

  /// The mean is over all pixels of all frames.
  @Test func levelIsTheMeanMotion() throws {
    var frames = [PixelImage](repeating: frame([9, 9, 9, 9, 9, 9]), count: 5)
    #expect(try #require(Background(of: frames)).level == 0)
    frames[3] = frame([9, 9, 9, 9, 19, 255])
    #expect(try #require(Background(of: frames)).level == 255.0 / 10)
  }
}

@Suite struct StretchesTests {
  @Test func noneIsLongerThanTheLongest() {
    for (duration, count) in [(0.0, 1), (59, 1), (600, 1), (600.1, 2), (1200, 2), (3601, 7)] {
      let stretches = Stretches(startSeconds: 2, durationSeconds: duration)
      #expect(stretches.count == count)
      #expect(stretches.seconds * Double(count) == duration)
      #expect(stretches.seconds <= Stretches.longestSeconds)
    }
    #expect(Stretches(startSeconds: 0, durationSeconds: .infinity).count == 1)
  }

  @Test func everyTimeHasOne() {
    let stretches = Stretches(startSeconds: 10, durationSeconds: 900)
    for (time, index) in [(-5.0, 0), (10, 0), (459.9, 0), (460, 1), (909, 1), (5000, 1)] {
      #expect(stretches.index(at: time) == index)
    }
    #expect(stretches.start(of: 1) == 460)
    #expect(stretches.text(of: 1) == "0:07:30–0:15:00")
    #expect(Stretches(startSeconds: 0, durationSeconds: 0).index(at: 1) == 0)
  }

  /// At a steady frame rate the frames shown at the instants are those that `spread` chooses.
  @Test(arguments: [(58, 5.0), (151, 3.0), (201, 5.0), (668, 29.917), (25, 1.0), (7, 25.0)])
  func instantsAreFramesSpread(_ count: Int, _ rate: Double) {
    let stretches = Stretches(startSeconds: 0, durationSeconds: Double(count) / rate)
    let shown = stretches.instants(of: 0).map { Int(($0 * rate + 1e-6).rounded(.down)) }
    let different = shown.enumerated().filter {
      $0.offset == 0 || shown[$0.offset - 1] != $0.element
    }
    #expect(different.map(\.element) == Background.spread(count))
  }
}
