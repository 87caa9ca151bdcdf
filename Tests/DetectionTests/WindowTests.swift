import Foundation
import SpeciesCatalog
import Survey
import TestSupport
import Testing

@testable import Detection

/// A window of a tenth of the picture's width and a fifth of its height.
private func window(_ x: Double, _ y: Double, _ score: Double, label: Int = 0) -> Detection {
  Detection(label: label, x: x, y: y, score: score, width: 0.1, height: 0.2)
}

@Suite struct MergingTests {
  @Test func windowsOfOneFishAreOne() throws {
    let found = WindowDetector.merged([
      window(0.30, 0.5, 0.6), window(0.35, 0.5, 0.9), window(0.35, 0.6, 0.6),
    ])
    #expect(found == [window(0.35, 0.5, 0.9)])
  }

  /// Scores of a quantised model are often the same; the fish is then in the middle.
  @Test func equalWindowsHaveTheirMiddle() throws {
    let found = WindowDetector.merged([
      window(0.30, 0.5, 0.9), window(0.35, 0.5, 0.9), window(0.30, 0.6, 0.9),
      window(0.35, 0.6, 0.9), window(0.40, 0.6, 0.8),
    ])
    let one = try #require(found.first)
    #expect(found.count == 1)
    #expect(abs(one.x - 0.325) < 1e-12 && abs(one.y - 0.55) < 1e-12)
    #expect([one.score, one.width, one.height] == [0.9, 0.1, 0.2])
  }

  /// Windows that touch are one fish's: sides are a tenth of the width, a fifth of the height.
  @Test(arguments: [
    (0.40, 0.5, 1), (0.45, 0.5, 2), (0.3, 0.7, 1), (0.3, 0.8, 2), (0.40, 0.7, 1), (0.45, 0.7, 2),
  ])
  func reachHasAnEnd(_ x: Double, _ y: Double, _ count: Int) {
    let found = WindowDetector.merged([window(0.3, 0.5, 0.9), window(x, y, 0.8)])
    #expect(found.count == count)
  }

  /// The window between two fish belongs to the stronger, and does not join them.
  @Test func aWindowBetweenTwoJoinsNothing() {
    let found = WindowDetector.merged([
      window(0.2, 0.5, 0.8), window(0.3, 0.5, 0.5), window(0.4, 0.5, 0.9),
    ])
    #expect(found == [window(0.4, 0.5, 0.9), window(0.2, 0.5, 0.8)])
  }

  @Test func aFishHasTheNameOfItsStrongestWindow() {
    let found = WindowDetector.merged(
      [window(0.3, 0.5, 0.6, label: 0), window(0.35, 0.5, 0.9, label: 1)])
    #expect(found.map(\.label) == [1])
  }

  @Test func nothingStaysNothing() {
    #expect(WindowDetector.merged([]).isEmpty)
  }

  /// A curve over thresholds is made of one merging: at each threshold it must have the fish that
  /// merging the windows from there up would give.
  @Test(arguments: 0..<40)
  func anyThresholdGivesTheSameFish(_ seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let windows = (0..<60).map { _ in
      window(
        Double(Int.random(in: 0..<20, using: &random)) / 20,
        Double(Int.random(in: 0..<10, using: &random)) / 10,
        Double(Int.random(in: 1..<20, using: &random)) / 20)
    }
    let all = WindowDetector.merged(windows)
    for threshold in stride(from: 0.05, to: 1, by: 0.05) {
      let alone = WindowDetector.merged(windows.filter { $0.score >= threshold })
      #expect(
        alone.map(\.score) == all.map(\.score).filter { $0 >= threshold },
        "seed \(seed), threshold \(threshold)")
    }
  }
}

@Suite struct WindowDetectorTests {
  private let folder: TemporaryFolder
  private let model: LoadedModel

  init() throws {
    folder = try TemporaryFolder()
    let bytes = WindowModel.file(side: 32)
    let path = try folder.write(Data(bytes), to: "windows.tflite")
    try folder.write(WindowModel.card(sha256: SpeciesCatalog.sha256(bytes)), to: "card.json")
    let catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    model = try LoadedModel(path, catalog: catalog)
  }

  /// A grey picture with a patch of 16 × 16 pixels.
  private func picture(_ colour: [UInt8], x: Int, y: Int) -> PixelImage {
    var picture = PixelImage(width: 96, height: 80, channels: 3)
    for place in picture.pixels.indices { picture.pixels[place] = 128 }
    for row in y..<y + 16 {
      for column in x..<x + 16 {
        for channel in 0..<3 {
          picture.pixels[(row * 96 + column) * 3 + channel] = colour[channel]
        }
      }
    }
    return picture
  }

  @Test func aPatchIsFoundWhereItIs() throws {
    let finder = try model.finder(DetectorOptions(windows: WindowSteps(size: 32, stride: 16)))
    let picture = picture([255, 0, 0], x: 32, y: 48)
    let placement = finder.placement(frameWidth: 96, frameHeight: 80)
    #expect(placement.inputWidth == 96 && placement.inputHeight == 80)
    #expect(finder.emptyInput(for: placement).pixels.count == picture.pixels.count)
    let found = finder.detect(picture, placement, background: nil, isPhoto: false)
    #expect(found.count == 1)
    #expect(found.first?.label == 0)
    #expect(abs((found.first?.x ?? 0) * 96 - 40) < 1e-9)
    #expect(abs((found.first?.y ?? 0) * 80 - 56) < 1e-9)
    #expect(finder.decoderName == "windows 32,16" && finder.leastSide == 32)
  }

  /// The background's channel is no label: the second label is the third channel.
  @Test func labelsStandBehindTheBackground() throws {
    let detector = try WindowDetector(model, WindowSteps(size: 32, stride: 16))
    let found = detector.windows(picture([0, 0, 255], x: 32, y: 48))
    #expect(found.count == 4)
    #expect(Set(found.map(\.label)) == [1])
    let classifier = try Classifier(model)
    let grey = classifier.classify(classifier.emptyInput())
    #expect(grey.count == 3 && grey.first?.label == nil)
  }

  @Test func oneLabelIsAskedFor() throws {
    let steps = WindowSteps(size: 32, stride: 16)
    let red = try WindowDetector(model, steps, label: "red fish")
    #expect(red.windows(picture([0, 0, 255], x: 32, y: 48)).isEmpty)
    #expect(throws: DetectionError.self) { try WindowDetector(model, steps, label: "tuna") }
  }

  @Test(arguments: [
    (96, 32, 16, [0, 16, 32, 48, 64]), (80, 32, 20, [0, 20, 40, 48]), (31, 32, 8, []),
  ])
  func theEdgeIsLookedAt(_ length: Int, _ size: Int, _ stride: Int, _ starts: [Int]) {
    #expect(WindowDetector.starts(length, size, stride) == starts)
  }

  @Test func aModelOfWholeFramesHasNoWindows() throws {
    let path = try folder.write(
      Data(BlobModel.file(width: 96, height: 96)), to: "blobs/blobs.tflite")
    let catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    let blobs = try LoadedModel(path, catalog: catalog)
    let steps = WindowSteps(size: 32, stride: 16)
    #expect(throws: DetectionError.self) { try blobs.finder(DetectorOptions(windows: steps)) }
    #expect(throws: DetectionError.self) { try model.finder() }
  }
}
