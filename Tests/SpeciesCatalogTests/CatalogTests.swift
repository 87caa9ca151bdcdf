import Foundation
import SpeciesCatalog
import TestSupport
import Testing

@Suite struct CatalogTests {
  private let catalog: SpeciesCatalog

  init() throws { catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species")) }

  @Test func theTenSpeciesWithTheirIdentifiers() {
    let species = catalog.taxa.filter { $0.rank == .species }
    let expected = [
      "Acanthurus coeruleus": 159_581, "Acanthurus leucosternon": 219_628,
      "Chrysiptera cyanea": 218_781, "Chrysiptera hemicyanea": 276_832,
      "Chrysiptera taupou": 276_846, "Dascyllus carneus": 212_848, "Naso brevirostris": 219_671,
      "Paracanthurus hepatus": 219_676, "Pomacanthus chrysurus": 220_006,
      "Zebrasoma xanthurum": 219_681,
    ]
    #expect(
      Dictionary(uniqueKeysWithValues: species.map { ($0.scientificName ?? "", $0.aphiaID) })
        == expected.mapValues { Optional($0) })
    #expect(species.allSatisfy { !($0.sources ?? []).isEmpty })
  }

  @Test(arguments: [
    "Zebrasoma xanthurum", "zebrasoma-xanthurum", "Yellowtail tang", "purple tang", "219681",
    "xanthurum",
  ])
  func namesOfOneSpecies(_ name: String) throws {
    #expect(try catalog.taxon(named: name).aphiaID == 219_681)
  }

  @Test func anUnknownNameSaysWhatIsNear() {
    let error = #expect(throws: SpeciesCatalogError.self) {
      try catalog.taxon(named: "acanthurus")
    }
    #expect(error?.description.contains("Acanthurus coeruleus") == true)
    #expect(throws: SpeciesCatalogError.unknownSpecies(name: "trout", similar: [])) {
      try catalog.taxon(named: "trout")
    }
  }

  @Test func groupsHaveNoIdentifier() {
    #expect(catalog.taxon(id: "fish")?.aphiaID == nil)
    #expect(catalog.taxon(id: "fish")?.lsid == nil)
    #expect(
      catalog.taxon(id: "naso")?.lsid == "urn:lsid:marinespecies.org:taxname:205230")
  }

  @Test func everyModelHasACardThatHolds() throws {
    for name in try catalog.modelNames() {
      let folder = try catalog.modelFolder(name)
      let card = try catalog.card(
        folder.appending(path: "card.json"), decoders: ["peak", "edge-impulse"])
      #expect(card.name == name)
      for file in card.files {
        let bytes = [UInt8](try Data(contentsOf: folder.appending(path: file.file)))
        #expect(SpeciesCatalog.sha256(bytes) == file.sha256, "\(name)/\(file.file)")
      }
      #expect(!card.trainingData.isEmpty && !card.licence.isEmpty)
    }
  }

  @Test func hashesAsTheStandardSays() {
    #expect(
      SpeciesCatalog.sha256([UInt8]("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }

  @Test(arguments: [
    (#"{"id": "x", "commonName": "X", "rank": "group"}"#, nil),
    (#"{"id": "y", "commonName": "X", "rank": "group"}"#, "id"),
    (#"{"id": "x", "commonName": "X", "rank": "group", "aphiaID": 3}"#, "rank"),
    (#"{"id": "x", "commonName": "X", "rank": "genus"}"#, "scientificName"),
    (#"{"id": "x", "commonName": "", "rank": "group"}"#, "commonName"),
    (#"{"id": "x", "commonName": "X", "rank": "fishy"}"#, "rank"),
    (#"{"id": "x", "rank": "group"}"#, "commonName"),
    (
      #"{"id":"x","commonName":"X","rank":"species","scientificName":"A b","family":"F","genus":"A","epithet":"c"}"#,
      "scientificName"
    ),
    ("{", "JSON"),
  ])
  func filesAreChecked(_ text: String, _ wrong: String?) throws {
    let folder = try TemporaryFolder()
    try folder.write(Data(text.utf8), to: "taxa/x.json")
    if let wrong {
      let error = #expect(throws: SpeciesCatalogError.self) {
        try SpeciesCatalog(folder: URL(filePath: folder.path))
      }
      #expect(error?.description.contains("x.json") == true)
      #expect(error?.description.contains(wrong) == true, "\(String(describing: error))")
    } else {
      #expect(try SpeciesCatalog(folder: URL(filePath: folder.path)).taxa.count == 1)
    }
  }

  @Test func foundBesideAProgramAndAfterAnInstall() throws {
    let folder = try TemporaryFolder()
    let fish = Data(#"{"id": "fish", "commonName": "Fish", "rank": "group"}"#.utf8)
    try folder.write(fish, to: "prefix/share/fishcam/Species/taxa/fish.json")
    try folder.write(fish, to: "checkout/Species/taxa/fish.json")
    let installed = try SpeciesCatalog.folder(
      near: URL(filePath: folder.path + "/prefix/bin/fishcam"))
    #expect(installed.path == folder.path + "/prefix/share/fishcam/Species")
    let built = try SpeciesCatalog.folder(
      near: URL(filePath: folder.path + "/checkout/.build/x86_64/debug/fishcam"))
    #expect(built.path == folder.path + "/checkout/Species")
    #expect(throws: SpeciesCatalogError.self) {
      try SpeciesCatalog.folder(near: URL(filePath: "/nowhere/at/all/fishcam"))
    }
  }
}

@Suite struct ModelCardTests {
  private func problem(_ change: (inout [String: Any]) -> Void) throws -> String? {
    let folder = try TemporaryFolder()
    try folder.write(
      Data(#"{"id": "fish", "commonName": "Fish", "rank": "group"}"#.utf8), to: "taxa/fish.json")
    var card: [String: Any] = [
      "name": "m", "version": "1", "task": "centroids", "description": "d",
      "files": [
        ["file": "m.tflite", "precision": "int8", "sha256": String(repeating: "a", count: 64)]
      ],
      "input": ["fit": "letterbox", "pixelRange": [0, 1]], "background": 0,
      "labels": [["label": "fish", "taxon": "fish", "threshold": 0.5]], "decoder": "peak",
      "floor": 0.1, "trainingData": [], "licence": "Apache-2.0",
    ]
    change(&card)
    let file = try folder.write(
      try JSONSerialization.data(withJSONObject: card), to: "card.json")
    let catalog = try SpeciesCatalog(folder: URL(filePath: folder.path))
    do {
      _ = try catalog.card(URL(filePath: file), decoders: ["peak", "edge-impulse"])
      return nil
    } catch { return error.description }
  }

  @Test func aGoodCard() throws { #expect(try problem { _ in } == nil) }

  @Test func whatIsWrongIsNamed() throws {
    let label = { (threshold: Double, taxon: String) in
      [["label": "fish", "taxon": taxon, "threshold": threshold] as [String: Any]]
    }
    #expect(try problem { $0["labels"] = label(0, "fish") }?.contains("labels.threshold") == true)
    #expect(try problem { $0["labels"] = label(0.05, "fish") }?.contains("floor") == true)
    #expect(try problem { $0["labels"] = label(0.5, "tuna") }?.contains("tuna") == true)
    #expect(try problem { $0["labels"] = [Any]() }?.contains("labels") == true)
    #expect(try problem { $0["background"] = 2 }?.contains("background") == true)
    #expect(try problem { $0["decoder"] = "magic" }?.contains("decoder") == true)
    #expect(try problem { $0["files"] = [Any]() }?.contains("files") == true)
    #expect(try problem { $0["input"] = ["fit": "squeeze"] }?.contains("fit") == true)
    #expect(
      try problem { $0["input"] = ["fit": "crop", "pixelRange": [1, 0]] }?.contains("pixelRange")
        == true)
    #expect(try problem { $0["name"] = nil }?.contains("name") == true)
  }

  @Test func calibrations() throws {
    let files = { (calibration: [String: Any]) in
      [
        [
          "file": "m.tflite", "precision": "int8", "sha256": String(repeating: "a", count: 64),
          "calibration": calibration,
        ] as [String: Any]
      ]
    }
    let line = ["scale": 1.5, "offset": -0.2]
    #expect(try problem { $0["files"] = files(["still": line]) } == nil)
    #expect(try problem { $0["files"] = files(["moving": line]) }?.contains("still") == true)
    #expect(
      try problem { $0["files"] = files(["still": line, "moving": line]) }?
        .contains("files.calibration.moving") == true)
    #expect(
      try problem { $0["files"] = files(["still": ["scale": 0, "offset": 1]]) }?
        .contains("files.calibration") == true)
    let half = ["still": ["scale": 1]]
    #expect(try problem { $0["files"] = files(half) }?.contains("offset") == true)
    let motion: [String: Any] = ["fit": "letterbox", "motion": true, "movingCameraAbove": 40]
    let withMotion = { (calibration: [String: Any]) throws in
      try problem {
        $0["input"] = motion
        $0["files"] = files(calibration)
      }
    }
    #expect(try withMotion(["still": line, "moving": line]) == nil)
    #expect(try withMotion(["still": line])?.contains("files.calibration.moving") == true)
    #expect(
      try problem {
        $0["task"] = "labels"
        $0["files"] = files(["still": line])
      }?.contains("files.calibration") == true)
  }

  @Test func openSets() throws {
    let labels: [[String: Any]] = [
      ["label": "tang", "threshold": 0.5],
      ["label": "other fish", "taxon": "fish", "threshold": 0.5],
      ["label": "diver", "threshold": 0.5],
    ]
    let set: [String: Any] = [
      "label": "fish, unidentified", "taxon": "fish", "labels": ["tang", "other fish"],
      "threshold": 0.4, "nameAbove": [0.8, 1], "temperature": 1.2,
    ]
    let wrong = { (changes: [String: Any?]) throws in
      try problem { card in
        var changed = set
        for (key, value) in changes { changed[key] = value }
        card["labels"] = labels
        card["openSet"] = changed
      }
    }
    #expect(try wrong([:]) == nil)
    #expect(try wrong(["threshold": nil])?.contains("openSet.threshold") == true)
    #expect(try wrong(["threshold": 0.05])?.contains("openSet.threshold") == true)
    #expect(try wrong(["nameAbove": [0, 1]])?.contains("openSet.nameAbove") == true)
    #expect(try wrong(["nameAbove": [0.8, 1.1]])?.contains("openSet.nameAbove") == true)
    #expect(try wrong(["nameAbove": [0.8]])?.contains("2 in all") == true)
    #expect(
      try wrong(["nameAbove": 0.8])?.contains("“openSet.nameAbove” should hold a list") == true)
    #expect(
      try wrong(["nameAbove": NSNull()])?.contains("“openSet.nameAbove” should hold a list") == true
    )
    #expect(
      try wrong(["nameAbove": ["x", 1]])?.contains("openSet.nameAbove.[0]” should hold a number")
        == true)
    #expect(try wrong(["label": 3])?.contains("“openSet.label” should hold a text") == true)
    #expect(try wrong(["temperature": 0])?.contains("openSet.temperature") == true)
    #expect(try wrong(["label": "tang"])?.contains("openSet.label") == true)
    #expect(try wrong(["labels": ["tang"]])?.contains("openSet.labels") == true)
    #expect(try wrong(["labels": ["tang", "whale"]])?.contains("openSet.labels") == true)
    #expect(try wrong(["labels": ["tang", "tang"]])?.contains("openSet.labels") == true)
    #expect(try wrong(["taxon": "whale"])?.contains("whale") == true)
  }

  /// What is misspelt would else silently not hold.
  @Test func propertiesThatNothingReadsAreNamed() throws {
    #expect(try problem { $0["calibration"] = NSNull() } == nil)
    #expect(try problem { $0["thresold"] = 0.5 }?.contains("no property “thresold”") == true)
    let file: [String: Any] = [
      "file": "m.tflite", "precision": "int8", "sha256": String(repeating: "a", count: 64),
    ]
    let wrong = { (key: String, value: Any) in
      try problem { $0["files"] = [file, file.merging([key: value]) { $1 }] }
    }
    #expect(try wrong("thresholds", [0.5])?.contains("“files.thresholds”") == true)
    let line = ["scale": 1.0, "offset": 0.0]
    #expect(
      try wrong("calibration", ["still": line, "movng": line])?
        .contains("“files.calibration.movng”") == true)
  }

  /// Unidentified fish must not be counted into a species.
  @Test func anOpenSetIsOfNoSpecies() throws {
    let catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
    let folder = try TemporaryFolder()
    var card = BlobModel.openCard(sha256: String(repeating: "a", count: 64))
    var set = BlobModel.openSet()
    let load = {
      let file = try folder.write(
        try JSONSerialization.data(withJSONObject: card), to: "card.json")
      _ = try catalog.card(URL(filePath: file), decoders: ["peak"])
    }
    try load()
    set["taxon"] = "naso-brevirostris"
    card["openSet"] = set
    let error = #expect(throws: SpeciesCatalogError.self) { try load() }
    #expect(error?.description.contains("openSet.taxon") == true)
  }

  @Test func motionAndOutputs() throws {
    let input = { (limit: Any) in
      ["fit": "letterbox", "motion": true, "movingCameraAbove": limit] as [String: Any]
    }
    #expect(try problem { $0["input"] = input(20) } == nil)
    #expect(try problem { $0["outputs"] = ["scores": 1, "sizes": 0] } == nil)
    #expect(try problem { $0["outputs"] = ["scores": 0] } == nil)
    for limit in [0, -1, 256] {
      #expect(try problem { $0["input"] = input(limit) }?.contains("movingCameraAbove") == true)
    }
    #expect(
      try problem { $0["input"] = ["fit": "letterbox", "motion": true] }?
        .contains("movingCameraAbove") == true)
    #expect(
      try problem {
        $0["input"] = input(20)
        $0["task"] = "labels"
      }?.contains("input.motion") == true)
    #expect(
      try problem {
        $0["outputs"] = ["scores": 0, "sizes": 1]
        $0["task"] = "boxes"
      }?.contains("outputs.sizes") == true)
    #expect(try problem { $0["outputs"] = ["sizes": 1] }?.contains("scores") == true)
    for outputs in [["scores": -1], ["scores": 0, "sizes": 0], ["scores": 0, "sizes": -2]] {
      #expect(try problem { $0["outputs"] = outputs }?.contains("outputs") == true)
    }
  }
}
