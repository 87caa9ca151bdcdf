import Survey
import Testing

/// Deployments whose pictures are drawn by rule: a place with fish before it, and the way to it.
struct UsableWindowTests {
  /// A sample a second: `descent` seconds of darkening water, the place, `retrieval` seconds of
  /// brightening water.
  private func samples(
    seconds: Int, descent: Int = 0, retrieval: Int = 0, step: Int = 1,
    fish: Range<Int> = 0..<0, wobble: Int = 2
  ) -> [UsableWindow.Sample] {
    stride(from: 0, to: seconds, by: step).map { second in
      let blocks = (0..<48).map { block -> UInt8 in
        let noise = (second * 31 + block * 17) % (2 * wobble + 1) - wobble
        if second < descent { return UInt8(220 - 60 * second / descent + noise) }
        if second >= seconds - retrieval {
          return UInt8(160 + 60 * (second - seconds + retrieval) / retrieval + noise)
        }
        if fish.contains(second), block % 8 < 6 { return 20 }
        return UInt8(60 + block / 8 * 12 + block % 3 * 9 + noise)
      }
      return .init(
        seconds: Double(second),
        appearance: FrameAppearance(brightness: 100, detail: 10, blocks: blocks))
    }
  }

  private func window(_ samples: [UsableWindow.Sample], seconds: Int) -> UsableWindow {
    UsableWindow(found: samples, seconds: Double(seconds))
  }

  @Test func descentAndRetrievalAreLeftOut() {
    let found = window(samples(seconds: 3600, descent: 95, retrieval: 130), seconds: 3600)
    #expect(abs((found.from ?? 0) - 95) <= 8)
    #expect(abs((found.to ?? 0) - 3470) <= 8)
  }

  @Test func theWayIsFoundAtLongerPeriodsToo() {
    let found = window(samples(seconds: 3600, descent: 95, retrieval: 130, step: 10), seconds: 3600)
    #expect(abs((found.from ?? 0) - 100) <= 10)
    #expect(abs((found.to ?? 0) - 3460) <= 20)
  }

  @Test func aWayLongerThanASixthIsFoundToo() {
    let found = window(samples(seconds: 210, descent: 60, retrieval: 45), seconds: 210)
    #expect(abs((found.from ?? 0) - 60) <= 8)
    #expect(abs((found.to ?? 0) - 165) <= 8)
  }

  @Test func twoPlacesAreLeftWhole() {
    // The camera is moved every 100 s: no place is the deployment's.
    let moved = samples(seconds: 900).map { sample -> UsableWindow.Sample in
      var sample = sample
      let step = UInt8(Int(sample.seconds) / 100 % 2 * 60)
      sample.appearance.blocks = sample.appearance.blocks.map { $0 &+ step }
      return sample
    }
    #expect(window(moved, seconds: 900).isWhole)
  }

  @Test func aDriftOfLightIsNoDescent() {
    for rate in [-0.08, 0.08] {
      let drifting = samples(seconds: 800).map { sample -> UsableWindow.Sample in
        var sample = sample
        let change = Int(rate * (sample.seconds - 400))
        sample.appearance.blocks = sample.appearance.blocks.map { UInt8(Int($0) + change) }
        return sample
      }
      #expect(window(drifting, seconds: 800).isWhole)
    }
  }

  @Test func aStandingCameraIsLeftWhole() {
    #expect(window(samples(seconds: 1200), seconds: 1200).isWhole)
    #expect(window(samples(seconds: 1200, wobble: 12), seconds: 1200).isWhole)
  }

  @Test func fishBeforeTheLensAreNoRetrieval() {
    for fish in [40..<60, 0..<5, 1195..<1200, 200..<280] {
      #expect(window(samples(seconds: 1200, fish: fish), seconds: 1200).isWhole, "\(fish)")
    }
  }

  @Test func aCameraThatNeverStandsIsLeftWhole() {
    let held = (0..<900).map { second -> UsableWindow.Sample in
      let blocks = (0..<48).map { block -> UInt8 in
        let step = (second / 3 + block) % 5 - 2
        return UInt8(100 + 45 * step)
      }
      return .init(
        seconds: Double(second),
        appearance: FrameAppearance(brightness: 100, detail: 10, blocks: blocks))
    }
    #expect(window(held, seconds: 900).isWhole)
  }

  @Test func shortAndEmptyDeploymentsAreLeftWhole() {
    #expect(window([], seconds: 0).isWhole)
    #expect(window(samples(seconds: 20, descent: 3), seconds: 20).isWhole)
  }

  @Test func brightnessDetailAndBlocksAreThoseOfThePicture() throws {
    var picture = PixelImage(width: 64, height: 64, channels: 3)
    let place = FrameFit.letterbox.placement(
      frameWidth: 64, frameHeight: 48, inputWidth: 64, inputHeight: 64)
    for y in 8..<56 {
      for x in 0..<64 {
        let value: UInt8 = x < 32 ? 40 : (x / 2) % 2 == 0 ? 100 : 140
        for channel in 0..<3 { picture.pixels[(y * 64 + x) * 3 + channel] = value }
      }
    }
    let seen = try #require(FrameAppearance(of: picture, in: place))
    #expect(abs(seen.brightness - 80) < 1)
    #expect(abs(seen.detail - 10) < 0.5)
    #expect(seen.blocks.count == 48)
    #expect(seen.blocks.prefix(4).allSatisfy { abs(Int($0) - 40) <= 1 })
    #expect(seen.blocks[4..<8].allSatisfy { abs(Int($0) - 120) <= 1 })
    #expect(!seen.isDark && !seen.isTurbid)
    let black = PixelImage(width: 64, height: 64, channels: 3)
    #expect(try #require(FrameAppearance(of: black, in: place)).isDark)
    var grey = PixelImage(width: 64, height: 64, channels: 1)
    grey.pixels = grey.pixels.map { _ in 120 }
    #expect(try #require(FrameAppearance(of: grey, in: place)).isTurbid)
  }
}
