import Detection
import Foundation
import SpeciesCatalog
import Survey
import TestSupport
import Testing

/// A model with motion and sizes, in a folder with its card.
private struct MotionFolder {
  let folder: TemporaryFolder
  let path: String
  let bytes: [UInt8]

  init(
    _ bytes: [UInt8] = MotionModel.file(width: 192, height: 96, size: (24, 12)),
    card change: (inout [String: Any]) -> Void = { _ in }
  ) throws {
    folder = try TemporaryFolder()
    self.bytes = bytes
    path = try folder.write(Data(bytes), to: "motion.tflite")
    var card = MotionModel.card(sha256: SpeciesCatalog.sha256(bytes))
    change(&card)
    try folder.write(try JSONSerialization.data(withJSONObject: card), to: "card.json")
  }

  func detector() throws -> Detector {
    let catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    return try Detector(LoadedModel(path, catalog: catalog))
  }
}

@Suite struct MotionTests {
  private func grey(_ detector: Detector) -> PixelImage {
    var picture = detector.emptyInput(for: detector.placement(frameWidth: 192, frameHeight: 96))
    for place in picture.pixels.indices { picture.pixels[place] = 100 }
    return picture
  }

  /// A grey picture with a white square.
  private func square(_ detector: Detector, x: Int, y: Int) -> PixelImage {
    var picture = grey(detector)
    for row in y..<y + 16 {
      for place in (row * picture.width + x) * 3..<(row * picture.width + x + 16) * 3 {
        picture.pixels[place] = 255
      }
    }
    return picture
  }

  @Test func whatMovesIsFound() throws {
    let detector = try MotionFolder().detector()
    #expect(detector.usesMotion)
    #expect(grey(detector).channels == 3)
    let placement = detector.placement(frameWidth: 384, frameHeight: 192)
    let background = Background(picture: grey(detector), level: 1)
    let picture = square(detector, x: 64, y: 32)
    let found = detector.detect(picture, placement, background: background)
    #expect(found.count == 1)
    #expect(found[0].score > 0.99)
    #expect(abs(found[0].x - 72.0 / 192) < 1e-6 && abs(found[0].y - 40.0 / 96) < 1e-6)
    // What is in the background too does not move; without a background nothing does.
    let same = Background(picture: picture, level: 1)
    #expect(detector.detect(picture, placement, background: same).isEmpty)
    #expect(detector.detect(picture, placement).isEmpty)
  }

  /// One threshold holds for both, since both lines make probabilities.
  @Test func scoresWithAndWithoutMotionHaveLinesOfTheirOwn() throws {
    let made = try MotionFolder { card in
      card["floor"] = 0.4
      card["files"] = BlobModel.files(
        card,
        ["moving": ["scale": 0.01, "offset": 1.0], "still": ["scale": 0.01, "offset": 0.0]])
    }
    let detector = try made.detector()
    let placement = detector.placement(frameWidth: 384, frameHeight: 192)
    let picture = square(detector, x: 64, y: 32)
    let background = Background(picture: grey(detector), level: 1)
    let seen = detector.detect(picture, placement, background: background)
    #expect(detector.seesMotion(in: picture, against: background))
    #expect(seen.contains { abs($0.score - 0.757) < 0.002 })
    // Without motion every cell has the same score of nearly 0, which this line makes 0.465.
    let moved = Background(picture: grey(detector), level: 41)
    for background in [nil, moved] {
      let found = detector.detect(picture, placement, background: background)
      #expect(!detector.seesMotion(in: picture, against: background))
      #expect(found.map(\.score).max().map { abs($0 - 0.465) < 0.002 } == true)
    }
  }

  @Test func aMovingCameraShowsNothing() throws {
    let detector = try MotionFolder().detector()
    let placement = detector.placement(frameWidth: 384, frameHeight: 192)
    let picture = square(detector, x: 64, y: 32)
    for (level, count) in [(40.0, 1), (40.001, 0)] {
      let background = Background(picture: grey(detector), level: level)
      #expect(detector.cameraMoves(background) == (count == 0))
      #expect(detector.detect(picture, placement, background: background).count == count)
      let given = detector.given(picture, background: background)
      #expect(given.channels == 4)
      #expect(given.pixels.max { $0 < $1 } == 255)
      let motion = stride(from: 3, to: given.pixels.count, by: 4).map { given.pixels[$0] }
      #expect(motion.contains { $0 > 0 } == (count == 1))
    }
  }

  /// 24 × 12 pixels of an input of 192 × 96, in frames that fill it, and with bars beside or above.
  @Test(arguments: [(384.0, 192.0), (540, 960), (1920, 1080), (1000, 100), (96, 96)])
  func sizesAreOfTheUprightFrame(_ width: Double, _ height: Double) throws {
    let detector = try MotionFolder().detector()
    let placement = detector.placement(frameWidth: width, frameHeight: height)
    let scale = min(192 / width, 96 / height)
    let background = Background(picture: grey(detector), level: 1)
    let picture = square(detector, x: 88, y: 40)
    let found = try #require(detector.detect(picture, placement, background: background).first)
    // The placement is of whole pixels.
    #expect(abs((found.width ?? 0) * width * scale - 24) < 0.6)
    #expect(abs((found.height ?? 0) * height * scale - 12) < 0.6)
    #expect(abs(found.x - 0.5) < 0.03 && abs(found.y - 0.5) < 0.03)
  }

  @Test func aSizeIsNoLargerThanTheFrame() throws {
    let detector = try MotionFolder(
      MotionModel.file(width: 192, height: 96, size: (400, 48))
    ).detector()
    let background = Background(picture: grey(detector), level: 1)
    let found = detector.detect(
      square(detector, x: 88, y: 40), detector.placement(frameWidth: 192, frameHeight: 96),
      background: background)
    #expect(found.first?.width == 1)
    #expect(abs((found.first?.height ?? 0) - 0.5) < 1e-6)
  }

  @Test func withoutSizesThereAreNone() throws {
    let detector = try MotionFolder(card: { $0["outputs"] = ["scores": 0] }).detector()
    let background = Background(picture: grey(detector), level: 1)
    let found = detector.detect(
      square(detector, x: 88, y: 40), detector.placement(frameWidth: 192, frameHeight: 96),
      background: background)
    #expect(found.count == 1 && found[0].width == nil && found[0].height == nil)
  }

  @Test func whatDoesNotFitTheCardIsRefused() throws {
    let error = #expect(throws: DetectionError.self) {
      try MotionFolder(card: { $0["input"] = ["fit": "letterbox"] }).detector()
    }
    let words = try #require(error?.description)
    #expect(words.contains("motion.tflite") && words.contains("card.json"))
    #expect(words.contains("\"motion\": true"))
    let plain = #expect(throws: DetectionError.self) {
      try MotionFolder(BlobModel.file(width: 96, height: 96)).detector()
    }
    #expect(plain?.description.contains("4 channels") == true)
    for outputs in [["scores": 2], ["scores": 0, "sizes": 2], ["scores": 7, "sizes": 1]] {
      let error = #expect(throws: DetectionError.self) {
        try MotionFolder(card: { $0["outputs"] = outputs }).detector()
      }
      #expect(error?.description.contains("outputs") == true)
    }
    #expect(throws: DetectionError.self) {
      try MotionFolder(card: { $0["outputs"] = nil }).detector()
    }
  }
}
