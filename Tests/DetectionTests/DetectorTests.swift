import Detection
import Foundation
import Inference
import SpeciesCatalog
import Survey
import TFLite
import TestSupport
import Testing

/// A folder for models, with the project's catalogue.
private struct ModelFolder {
  let folder: TemporaryFolder
  let catalog: SpeciesCatalog
  let path: String

  init(width: Int = 96, height: Int = 96, labels: String? = BlobModel.labels) throws {
    folder = try TemporaryFolder()
    catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    path = try folder.write(Data(BlobModel.file(width: width, height: height)), to: "blobs.tflite")
    if let labels { try folder.write(Data(labels.utf8), to: "labels.txt") }
  }

  func model() throws -> LoadedModel { try LoadedModel(path, catalog: catalog) }

  /// Writes a card beside the model.
  func card(_ change: (inout [String: Any]) -> Void = { _ in }) throws {
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var card: [String: Any] = [
      "name": "blobs", "version": "2", "task": "centroids", "description": "d",
      "files": [
        ["file": "blobs.tflite", "precision": "float32", "sha256": SpeciesCatalog.sha256(bytes)]
      ], "input": ["fit": "stretch", "pixelRange": [0, 1]], "background": 0,
      "labels": [
        ["label": "red fish", "taxon": "fish", "threshold": 0.5],
        ["label": "blue fish", "taxon": "paracanthurus-hepatus", "threshold": 0.6],
      ], "decoder": "peak", "floor": 0.2, "trainingData": [Any](), "licence": "none",
    ]
    change(&card)
    try folder.write(try JSONSerialization.data(withJSONObject: card), to: "card.json")
  }
}

/// Paints a square of a picture.
private func paint(_ picture: inout PixelImage, _ colour: [UInt8], x: Int, y: Int, size: Int) {
  for row in y..<y + size {
    for column in x..<x + size {
      for channel in 0..<3 {
        picture.pixels[(row * picture.width + column) * 3 + channel] = colour[channel]
      }
    }
  }
}

@Suite struct LoadedModelTests {
  @Test func labelsBesideABareFile() throws {
    let files = try ModelFolder()
    let card = try files.model().card
    #expect(card.labels.map(\.label) == ["red fish", "blue fish"])
    #expect(card.background == 0)
    #expect(card.name == "blobs")
    #expect(card.decoder == "peak")
  }

  @Test(arguments: [
    ("red\nblue\n", ["red", "blue"], 0), ("\u{FEFF}red\r\nblue\r\n\r\n", ["red", "blue"], 0),
    ("a\nb\nc\n", ["a", "b", "c"], nil), ("red\nblue\nBackground\n", ["red", "blue"], 2),
    ("crane\ncrane\n", ["crane", "crane (2)"], 0),
  ])
  func labelLists(_ text: String, _ labels: [String], _ background: Int?) throws {
    let card = try ModelFolder(labels: text).model().card
    #expect(card.labels.map(\.label) == labels)
    #expect(card.background == background)
  }

  @Test func withoutAnyListLabelsAreNumbered() throws {
    #expect(
      try ModelFolder(labels: nil).model().card.labels.map(\.label) == ["class 1", "class 2"])
  }

  @Test(arguments: ["red\n", "a\nb\nc\nd\n", "\n\n"])
  func listsThatDoNotFit(_ text: String) throws {
    #expect(throws: DetectionError.self) { try ModelFolder(labels: text).model() }
  }

  @Test func theCardDecides() throws {
    let files = try ModelFolder()
    try files.card()
    let model = try files.model()
    #expect(model.card.version == "2")
    #expect(model.card.labels[1].taxon == "paracanthurus-hepatus")
    let detector = try Detector(model)
    #expect(detector.thresholds == [0.5, 0.6])
    #expect(detector.floor == 0.2)
  }

  @Test func aCardOfAnotherFileIsRefused() throws {
    let files = try ModelFolder()
    try files.card { card in
      card["files"] = [
        ["file": "blobs.tflite", "precision": "x", "sha256": String(repeating: "0", count: 64)]
      ]
    }
    let error = #expect(throws: SpeciesCatalogError.self) { try files.model() }
    #expect(error?.description.contains("copy model and card together") == true)
  }

  @Test func aCardWithTooFewLabelsIsRefused() throws {
    let files = try ModelFolder()
    try files.card { $0["labels"] = [["label": "fish", "threshold": 0.5]] }
    #expect(throws: DetectionError.self) { try Detector(files.model()) }
  }

  @Test func namesOfTheCatalogue() throws {
    let files = try ModelFolder()
    let fish = try LoadedModel("fish", catalog: files.catalog)
    #expect(fish.card.name == "fish")
    #expect(fish.file.lastPathComponent == fish.card.files[0].file)
    let error = #expect(throws: SpeciesCatalogError.self) {
      try LoadedModel("whale", catalog: files.catalog)
    }
    #expect(error?.description.contains("one of: ") == true)
    #expect(throws: SpeciesCatalogError.self) {
      try LoadedModel("missing.tflite", catalog: files.catalog)
    }
  }

  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func modelsOfOtherTasksSayWhatIsMissing() throws {
    let files = try ModelFolder()
    let path = SharedMaterial.path("models/mobilenet_v1_0.25_224_imagenet_f32.tflite")
    #expect(throws: DetectionError.self) {
      try Detector(LoadedModel(path, catalog: files.catalog))
    }
  }
}

@Suite struct DetectorTests {
  @Test(arguments: FrameFit.allCases)
  func centroidsComeBackInTheFrame(_ fit: FrameFit) throws {
    let files = try ModelFolder(width: 160, height: 96)
    try files.card { $0["input"] = ["fit": fit.rawValue] }
    let detector = try Detector(files.model())
    // A fish at (0.4, 0.5) of a frame of 320 × 320, as each fit shows it.
    let placement = detector.placement(frameWidth: 320, frameHeight: 320)
    let x =
      Double(placement.left)
      + (0.4 - placement.cropLeft) / placement.cropWidth * Double(placement.width)
    let y =
      Double(placement.top)
      + (0.5 - placement.cropTop) / placement.cropHeight * Double(placement.height)
    var input = detector.emptyInput(for: placement)
    paint(&input, [255, 0, 0], x: Int(x) - 8, y: Int(y) - 8, size: 16)
    let found = detector.detect(input, placement)
    #expect(found.count == 1)
    #expect(found.first?.label == 0)
    #expect(abs((found.first?.x ?? 0) - 0.4) < 0.05)
    #expect(abs((found.first?.y ?? 0) - 0.5) < 0.05)
  }

  @Test func nothingIsFoundInTheBars() throws {
    let files = try ModelFolder(width: 160, height: 96)
    try files.card { $0["input"] = ["fit": "letterbox"] }
    let detector = try Detector(files.model())
    let placement = detector.placement(frameWidth: 100, frameHeight: 100)
    #expect(placement.left == 32)
    var input = detector.emptyInput(for: placement)
    paint(&input, [255, 0, 0], x: 0, y: 40, size: 16)
    #expect(detector.detect(input, placement).isEmpty)
  }

  /// A wide and a tall file of one network: what is found in a tall frame is where it is in it.
  @Test func portraitFramesHaveTheirOwnFile() throws {
    let files = try ModelFolder(width: 160, height: 96)
    let tall = BlobModel.file(width: 96, height: 160)
    try files.folder.write(Data(tall), to: "tall.tflite")
    let twin = ["file": "tall.tflite", "sha256": SpeciesCatalog.sha256(tall)]
    try files.card { card in
      card["input"] = ["fit": "letterbox"]
      var list = card["files"] as! [[String: Any]]
      list[0]["portrait"] = twin
      card["files"] = list
    }
    let detector = try Detector(files.model())
    let wide = detector.placement(frameWidth: 1600, frameHeight: 960)
    #expect((wide.inputWidth, wide.inputHeight) == (160, 96))
    #expect(detector.gridSize(for: wide) == (20, 12))
    let placement = detector.placement(frameWidth: 960, frameHeight: 1600)
    #expect((placement.width, placement.height) == (96, 160))
    #expect(detector.gridSize(for: placement) == (12, 20))
    var input = detector.emptyInput(for: placement)
    paint(&input, [255, 0, 0], x: 64, y: 128, size: 16)
    let found = detector.detect(input, placement)
    #expect(found.count == 1)
    #expect(abs((found.first?.x ?? 0) - 0.75) < 0.05)
    #expect(abs((found.first?.y ?? 0) - 0.85) < 0.03)
    let square = detector.placement(frameWidth: 500, frameHeight: 500)
    #expect((square.inputWidth, square.inputHeight) == (160, 96))

    let other = BlobModel.file(width: 96, height: 160, softmax: false)
    try files.folder.write(Data(other), to: "tall.tflite")
    try files.card { card in
      var list = card["files"] as! [[String: Any]]
      list[0]["portrait"] = ["file": "tall.tflite", "sha256": SpeciesCatalog.sha256(other)]
      card["files"] = list
    }
    #expect { try Detector(files.model()) } throws: { "\($0)".contains("is another network than") }

    try files.folder.write(Data(BlobModel.file(width: 96, height: 96)), to: "tall.tflite")
    #expect(throws: SpeciesCatalogError.self) { try files.model() }
    try FileManager.default.removeItem(atPath: files.folder.file("tall.tflite"))
    #expect(throws: SpeciesCatalogError.self) { try files.model() }
  }

  @Test func labelsAndScores() throws {
    let detector = try Detector(try ModelFolder().model())
    var input = detector.emptyInput(for: detector.placement(frameWidth: 96, frameHeight: 96))
    paint(&input, [255, 0, 0], x: 16, y: 16, size: 16)
    paint(&input, [0, 0, 255], x: 64, y: 64, size: 16)
    let placement = detector.placement(frameWidth: 96, frameHeight: 96)
    let found = detector.detect(input, placement)
    #expect(found.map(\.label) == [0, 1])
    #expect(found.allSatisfy { $0.score > 0.99 })
    // The last picture is forgotten.
    #expect(detector.detect(detector.emptyInput(for: placement), placement).isEmpty)
  }

  @Test func edgeImpulseGivesBoxes() throws {
    let detector = try Detector(
      try ModelFolder().model(), options: DetectorOptions(decoder: .edgeImpulse))
    var input = detector.emptyInput(for: detector.placement(frameWidth: 96, frameHeight: 96))
    paint(&input, [255, 0, 0], x: 16, y: 32, size: 16)
    let found = detector.detect(input, detector.placement(frameWidth: 96, frameHeight: 96))
    #expect(found.count == 1)
    #expect(abs((found[0].width ?? 0) - 16.0 / 96) < 1e-6)
    #expect(abs(found[0].x - 24.0 / 96) < 1e-6)
    #expect(abs(found[0].y - 40.0 / 96) < 1e-6)
  }

  @Test func aThresholdBelowTheFloorLowersIt() throws {
    let model = try ModelFolder().model()
    #expect(try Detector(model, options: DetectorOptions(threshold: 0.05)).floor == 0.05)
    #expect(try Detector(model, options: DetectorOptions(threshold: 0.7)).floor == 0.1)
  }

  /// Without its SOFTMAX the same network gives logits, and the same fish.
  @Test func logitsBecomeScores() throws {
    let whole = try Detector(try ModelFolder().model())
    let files = try ModelFolder()
    try files.folder.write(
      Data(BlobModel.file(width: 96, height: 96, softmax: false)), to: "blobs.tflite")
    let bare = try Detector(try files.model())
    var input = whole.emptyInput(for: whole.placement(frameWidth: 96, frameHeight: 96))
    paint(&input, [255, 0, 0], x: 20, y: 20, size: 13)
    paint(&input, [0, 0, 255], x: 60, y: 64, size: 12)
    let placement = whole.placement(frameWidth: 96, frameHeight: 96)
    let (a, b) = (whole.detect(input, placement), bare.detect(input, placement))
    #expect(!a.isEmpty && a.count == b.count)
    for (first, second) in zip(a, b) {
      #expect(abs(first.score - second.score) < 1e-5)
      #expect(first.label == second.label)
    }
  }

  /// A quantised input is filled by its own scale and zero point.
  @Test(arguments: [
    (Int8(9), Float(1.0 / 255), Int64(-128), [-128, 127]),
    (Int8(9), Float(2.0 / 255), Int64(0), [-127, 127]),
    (Int8(3), Float(1.0 / 255), Int64(0), [0, 255]),
    (Int8(3), Float(1.0 / 127.5), Int64(128), [0, 255]),
    (Int8(3), Float(1), Int64(0), [0, 255]), (Int8(9), Float(1), Int64(-128), [-128, 127]),
  ])
  func quantisedInputs(_ type: Int8, _ scale: Float, _ zero: Int64, _ ends: [Int]) throws {
    var model = ModelBuilder()
    model.tensors = [
      .init(name: "in", type: type, shape: [1, 8, 8, 1], scales: [scale], zeroPoints: [zero]),
      .init(name: "out", type: type, shape: [1, 8, 8, 1], scales: [scale], zeroPoints: [zero]),
    ]
    // MAX_POOL_2D of one cell hands its input through.
    model.operators = [
      .init(
        code: 17, inputs: [0], outputs: [1], optionsType: 5,
        options: [1: .int32(1), 2: .int32(1), 3: .int32(1), 4: .int32(1)])
    ]
    model.inputs = [0]
    model.outputs = [1]
    let files = try ModelFolder(labels: "fish\n")
    try files.folder.write(Data(model.build()), to: "blobs.tflite")
    let detector = try Detector(
      try files.model(), options: DetectorOptions(decoder: .edgeImpulse, threshold: 0.0001))
    var input = detector.emptyInput(for: detector.placement(frameWidth: 96, frameHeight: 96))
    input.pixels[9] = 255
    let found = detector.detect(input, detector.placement(frameWidth: 8, frameHeight: 8))
    let white = Double(ends[1]) - Double(zero)
    #expect(found.contains { abs($0.score - white * Double(scale)) < 1e-4 })
  }
}
