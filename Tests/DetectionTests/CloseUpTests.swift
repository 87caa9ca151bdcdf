import Foundation
import SpeciesCatalog
import Survey
import TestSupport
import Testing

@testable import Detection

private func fish(_ x: Double, _ y: Double, _ score: Double, side: Double, label: Int = 0)
  -> Detection
{
  Detection(label: label, x: x, y: y, score: score, width: side, height: side)
}

/// What two looks at a photo make together.
@Suite struct TogetherTests {
  @Test func smallFishAreTheFirstLooks() {
    let first = [fish(0.2, 0.2, 0.9, side: 0.1)]
    #expect(CloseUp.together(first, [fish(0.2, 0.2, 0.95, side: 0.3)]) == first)
    #expect(CloseUp.together(first, []) == first)
  }

  @Test func aCloseUpStandsForItsParts() {
    let whole = fish(0.5, 0.5, 0.8, side: 0.6)
    let parts = [fish(0.3, 0.5, 0.7, side: 0.2), fish(0.7, 0.6, 0.8, side: 0.2, label: 1)]
    let beside = fish(0.9, 0.5, 0.6, side: 0.1)
    #expect(CloseUp.together(parts + [beside], [whole]) == [whole, beside])
    let stronger = fish(0.3, 0.5, 0.85, side: 0.2)
    #expect(CloseUp.together([stronger], [whole]) == [stronger, whole])
  }

  /// A fish before a larger one that nobody is sure of stays, and the larger one, too.
  @Test func aStrongerFishInACloseUpStays() {
    let (whole, before) = (fish(0.5, 0.5, 0.3, side: 0.8), fish(0.4, 0.5, 0.9, side: 0.2))
    #expect(CloseUp.together([before], [whole]) == [before, whole])
  }

  @Test func theSameFishSeenBetterTheFirstTime() {
    let (first, second) = (fish(0.5, 0.5, 0.9, side: 0.4), fish(0.52, 0.5, 0.6, side: 0.5))
    #expect(CloseUp.together([first], [second]) == [first])
  }

  /// Peaks beside each other of one large fish, whether or not the second look finds it.
  @Test func aLargeFishIsOne() {
    let (best, again) = (fish(0.5, 0.5, 0.6, side: 0.7), fish(0.52, 0.5, 0.5, side: 0.6))
    let other = fish(0.9, 0.5, 0.5, side: 0.45)
    #expect(CloseUp.together([again, best, other], []) == [best, other])
    #expect(CloseUp.together([again, best], [fish(0.5, 0.5, 0.4, side: 0.8)]) == [best])
  }

  /// From any threshold up, all is as if there were nothing below it.
  @Test(arguments: 0..<200)
  func thresholdsMayFollow(_ seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let drawn = { (count: Int, sides: ClosedRange<Double>) in
      (0..<count).map { _ in
        fish(
          .random(in: 0...1, using: &generator), .random(in: 0...1, using: &generator),
          .random(in: 0.1...1, using: &generator), side: .random(in: sides, using: &generator))
      }
    }
    let (first, second) = (drawn(6, 0.05...0.6), drawn(4, 0.2...0.9))
    for threshold in stride(from: 0.1, through: 1, by: 0.1) {
      let above = { (found: [Detection]) in found.filter { $0.score >= threshold } }
      #expect(
        above(CloseUp.together(first, second)) == CloseUp.together(above(first), above(second)))
    }
  }
}

@Suite struct CloseUpTests {
  @Test func halvesAreMeansInTheMiddle() {
    var picture = PixelImage(width: 8, height: 4, channels: 1)
    for place in picture.pixels.indices { picture.pixels[place] = UInt8(place * 8) }
    let half = CloseUp.halved(picture)
    #expect(
      half.pixels == [
        0, 0, 0, 0, 0, 0, 0, 0,  //
        0, 0, 36, 52, 68, 84, 0, 0,  //
        0, 0, 164, 180, 196, 212, 0, 0,  //
        0, 0, 0, 0, 0, 0, 0, 0,
      ])
    let place = CloseUp.place(in: picture)
    #expect((place.left, place.top, place.width, place.height) == (2, 1, 4, 2))
  }

  /// A model to whom every fish is 40 pixels wide: in an input of 160, a quarter of a whole photo and half of a
  /// halved one.
  private func detector(
    decoder: CentroidDecoder? = nil, size: (width: Float, height: Float)? = (40, 20)
  ) throws -> Detector {
    let folder = try TemporaryFolder()
    let bytes = BlobModel.file(width: 160, height: 96, size: size)
    let path = try folder.write(Data(bytes), to: "blobs.tflite")
    var card = BlobModel.openCard(sha256: SpeciesCatalog.sha256(bytes))
    card["input"] = ["fit": "letterbox", "pixelRange": [0, 1]] as [String: Any]
    card["openSet"] = nil
    // What the first of a fish's cells does not explain of the others is below it.
    card["floor"] = 0.5
    if size != nil { card["outputs"] = ["scores": 0, "sizes": 1] }
    try folder.write(try JSONSerialization.data(withJSONObject: card), to: "card.json")
    let catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    return try Detector(
      LoadedModel(path, catalog: catalog), options: DetectorOptions(decoder: decoder))
  }

  /// A red fish of 16 × 16 pixels of the input whose middle is at (0.567, 0.25) of a frame of 240 × 192.
  private func picture(_ detector: Detector) -> (PixelImage, FramePlacement) {
    let placement = detector.placement(frameWidth: 240, frameHeight: 192)
    var picture = detector.emptyInput(for: placement)
    for row in 16..<32 {
      for column in 80..<96 { picture.pixels[(row * picture.width + column) * 3] = 255 }
    }
    return (picture, placement)
  }

  @Test func photosAreLookedAtTwice() throws {
    let detector = try self.detector()
    let (picture, placement) = self.picture(detector)
    #expect((placement.left, placement.width, placement.height) == (20, 120, 96))
    let frame = detector.detect(picture, placement)
    #expect(frame.count == 1 && abs((frame[0].width ?? 0) - 40.0 / 120) < 0.001)
    let photo = detector.detect(picture, placement, isPhoto: true)
    try #require(photo.count == 1)
    #expect(abs(photo[0].x - 0.567) < 0.04 && abs(photo[0].y - 0.25) < 0.04)
    #expect(abs((photo[0].width ?? 0) - 80.0 / 120) < 0.001)
    #expect(abs((photo[0].height ?? 0) - 40.0 / 96) < 0.001)
    #expect(detector.detect(picture, placement) == frame)
  }

  @Test func onlyWhereSizesAreKnown() throws {
    for detector in [try self.detector(size: nil), try self.detector(decoder: .edgeImpulse)] {
      let (picture, placement) = self.picture(detector)
      #expect(!detector.looksAtPhotosTwice)
      let photo = detector.detect(picture, placement, isPhoto: true)
      #expect(photo == detector.detect(picture, placement) && photo.count == 1)
    }
  }
}
