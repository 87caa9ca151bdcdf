import Detection
import Foundation
import SpeciesCatalog
import Survey
import TestSupport
import Testing

/// The model of red and blue patches, with a card; a purple patch is a third each of nothing, red
/// and blue.
private struct OpenSetFolder {
  let folder: TemporaryFolder
  let path: String
  let catalog: SpeciesCatalog

  init(_ change: (inout [String: Any]) -> Void = { _ in }) throws {
    folder = try TemporaryFolder()
    catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    let bytes = BlobModel.file(width: 96, height: 96)
    path = try folder.write(Data(bytes), to: "blobs.tflite")
    var card = BlobModel.openCard(sha256: SpeciesCatalog.sha256(bytes))
    change(&card)
    try folder.write(try JSONSerialization.data(withJSONObject: card), to: "card.json")
  }

  func detector(_ options: DetectorOptions = .init()) throws -> Detector {
    try Detector(LoadedModel(path, catalog: catalog), options: options)
  }
}

/// Patches of 8 × 8 pixels, each one cell: column, row, colour.
private func find(_ detector: Detector, _ patches: [(Int, Int, [UInt8])]) -> [Detection] {
  var picture = detector.emptyInput(for: detector.placement(frameWidth: 96, frameHeight: 96))
  for (column, row, colour) in patches {
    for y in row * 8..<row * 8 + 8 {
      for x in column * 8..<column * 8 + 8 {
        for channel in 0..<3 { picture.pixels[(y * 96 + x) * 3 + channel] = colour[channel] }
      }
    }
  }
  return detector.detect(picture, detector.placement(frameWidth: 96, frameHeight: 96))
}

private let red: [UInt8] = [255, 0, 0]
private let blue: [UInt8] = [0, 0, 255]
private let purple: [UInt8] = [255, 0, 255]

@Suite struct OpenSetTests {
  private func names(_ detector: Detector, _ found: [Detection]) -> [String] {
    found.map { detector.labels[$0.label].label }
  }

  @Test func whatIsClearIsNamedAndWhatIsNotIsFoundAllTheSame() throws {
    let detector = try OpenSetFolder().detector()
    #expect(detector.labels.map(\.label) == ["red fish", "blue fish", "fish, unidentified"])
    #expect(detector.labels[2].taxon == "fish")
    #expect(detector.openSet == [0, 1, 2])
    // The set's threshold holds for all, named or not.
    #expect(detector.thresholds == [0.4, 0.4, 0.4])
    let found = find(detector, [(1, 1, red), (5, 5, blue), (9, 9, purple)])
    #expect(names(detector, found) == ["red fish", "blue fish", "fish, unidentified"])
    #expect(abs(found[2].score - 2.0 / 3) < 1e-5)
    #expect(abs(found[2].x - 76.0 / 96) < 1e-6)
  }

  /// Label by label both thirds would be too faint to count, or one fish would count twice.
  @Test func aFishBetweenTwoLabelsIsOne() throws {
    let detector = try OpenSetFolder().detector()
    let found = find(detector, [(5, 5, red), (6, 5, purple)])
    #expect(names(detector, found) == ["red fish"])
    let apart = try OpenSetFolder { $0["openSet"] = nil }.detector()
    #expect(find(apart, [(9, 9, purple)]).allSatisfy { $0.score < apart.thresholds[$0.label] })
  }

  @Test func membersOfTheSetsOwnTaxonGiveNoName() throws {
    let detector = try OpenSetFolder { card in
      card["labels"] = [
        ["label": "other fish", "taxon": "fish", "threshold": 0.5],
        ["label": "blue fish", "taxon": "paracanthurus-hepatus", "threshold": 0.5],
      ]
      card["openSet"] = BlobModel.openSet(labels: ["other fish", "blue fish"])
    }.detector()
    #expect(detector.labels.map(\.label) == ["blue fish", "fish, unidentified"])
    let found = find(detector, [(1, 1, red), (5, 5, blue)])
    #expect(names(detector, found) == ["fish, unidentified", "blue fish"])
  }

  @Test func labelsOutsideTheSetKeepTheirThresholds() throws {
    let detector = try OpenSetFolder { card in
      card["background"] = nil
      card["labels"] = [
        ["label": "water", "threshold": 0.9] as [String: Any],
        ["label": "red fish", "taxon": "naso", "threshold": 0.5],
        ["label": "blue fish", "taxon": "naso", "threshold": 0.5],
      ]
      var set = BlobModel.openSet()
      (set["threshold"], set["nameAbove"], set["temperature"]) = (0.3, [0.4, 0.6], 2)
      card["openSet"] = set
    }.detector()
    #expect(detector.thresholds == [0.9, 0.3, 0.3, 0.3])
    #expect(detector.openSet == [1, 2, 3])
    // Its share lets the first of two equals give its name.
    let found = find(detector, [(9, 9, purple)]).filter { $0.label > 0 }
    #expect(names(detector, found) == ["red fish"])
  }

  /// A name that is often wrong is given from a higher share; the set lists labels in its own order.
  @Test func eachNameIsGivenFromItsOwnShare() throws {
    // As logits red 0.6 and blue −1.2 (0.85 and 0.15 as shares), and the other way about.
    let (reddish, bluish): ([UInt8], [UInt8]) = ([255, 0, 250], [250, 0, 255])
    for (shares, expected) in [
      ([0.5, 0.5], ["red fish", "blue fish"]),
      ([0.5, 0.9], ["fish, unidentified", "blue fish"]),
      ([0.9, 0.5], ["red fish", "fish, unidentified"]),
    ] {
      let detector = try OpenSetFolder { card in
        var set = BlobModel.openSet(labels: ["blue fish", "red fish"])
        set["nameAbove"] = shares
        card["openSet"] = set
      }.detector()
      #expect(names(detector, find(detector, [(1, 1, reddish), (9, 9, bluish)])) == expected)
    }
  }

  /// Shares of nearly all and nearly nothing come near to each other.
  @Test func temperatureEvensSharesOut() throws {
    // Red 3, blue −6 as logits: shares of 0.99988 and 0.00012, after 20 of 0.61 and 0.39.
    let colour: [UInt8] = [255, 0, 230]
    for (temperature, name) in [(1.0, "red fish"), (20.0, "fish, unidentified")] {
      let detector = try OpenSetFolder { card in
        var set = BlobModel.openSet()
        set["temperature"] = temperature
        card["openSet"] = set
      }.detector()
      #expect(names(detector, find(detector, [(5, 5, colour)])) == [name])
    }
  }

  /// A device joins cells by the scores that it has.
  @Test func edgeImpulseKnowsNeitherSetNorCalibration() throws {
    let detector = try OpenSetFolder { card in
      card["files"] = BlobModel.files(card, ["still": ["scale": 1.0, "offset": -8.0]])
    }.detector(DetectorOptions(decoder: .edgeImpulse))
    #expect(detector.labels.map(\.label) == ["red fish", "blue fish"])
    #expect(detector.openSet.isEmpty)
    #expect(find(detector, [(1, 1, red)]).map(\.label) == [0])
  }

  @Test func scoresAreProbabilitiesBeforeFloorAndThreshold() throws {
    let line = Calibration.Line(scale: 0.5, offset: -0.3)
    let plain = try OpenSetFolder().detector()
    let calibrated = try OpenSetFolder { card in
      card["files"] = BlobModel.files(card, ["still": ["scale": 0.5, "offset": -0.3]])
    }.detector()
    let patches = [(1, 1, red), (9, 9, purple)]
    let (before, after) = (find(plain, patches), find(calibrated, patches))
    #expect(before.count == 2 && after.count == 2)
    for (raw, made) in zip(before, after) {
      #expect(abs(made.score - line.probability(of: raw.score)) < 1e-9)
      #expect(made.label == raw.label && made.x == raw.x && made.y == raw.y)
    }
    // Two thirds become 0.13, which is below the floor of 0.2.
    let strict = try OpenSetFolder { card in
      card["files"] = BlobModel.files(card, ["still": ["scale": 1.0, "offset": -2.6]])
    }.detector()
    #expect(find(strict, patches).count == 1)
    // What is faint before may count after.
    let mild = try OpenSetFolder { card in
      card["openSet"] = nil
      card["files"] = BlobModel.files(card, ["still": ["scale": 1.0, "offset": 2.0]])
    }.detector()
    #expect(find(mild, [(9, 9, purple)]).contains { $0.score > 0.75 })
  }

  @Test func aLineAndItsInverse() {
    let line = Calibration.Line(scale: 1.7, offset: -0.4)
    for probability in [0.02, 0.1, 0.5, 0.93] {
      #expect(abs(line.probability(of: line.score(of: probability)) - probability) < 1e-9)
    }
    #expect(abs(Calibration.Line(scale: 1, offset: 0).probability(of: 0) - 1e-6) < 1e-12)
    #expect(Calibration.Line(scale: 9, offset: 0).probability(of: 1) <= 1)
  }
}
