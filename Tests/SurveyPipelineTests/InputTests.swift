import Foundation
import Survey
import SurveyExport
import SurveyPipeline
import SurveyStore
import TestSupport
import Testing

@Suite struct InputTests {
  private let dives: DiveFolder

  init() throws { dives = try DiveFolder() }

  private func deployments(_ store: SurveyStore) throws -> [String] {
    try store.deployments().map { "\($0.site)|\($0.opcode)" }
  }

  @Test func shallowAndDeepFolders() throws {
    try dives.video("x.mp4")
    try dives.video("Reef/y.mp4", [("red", 40, 40, 0, 6)])
    try dives.video("Reef/D1/100GOPRO/z.mp4", [("red", 48, 40, 0, 6)])
    try dives.video("Reef/May/D1/w.mp4", [("red", 56, 40, 0, 6)])
    let store = try dives.survey()
    try dives.process(store)
    #expect(
      try deployments(store) == ["Reef|D1", "Reef|May/D1", "Reef|Reef", "dives|dives"])
    #expect(
      try store.recordings().map(\.name).sorted() == ["100GOPRO/z.mp4", "w.mp4", "x.mp4", "y.mp4"])
  }

  @Test func aSingleFileIsOfItsFolder() throws {
    let path = try dives.video("Reef/y.mp4")
    let store = try dives.survey()
    try dives.process(store, inputs: [path])
    #expect(try deployments(store) == ["Reef|Reef"])
    #expect(try dives.process(store, inputs: [dives.root]).recordingsAlreadyDone == 1)
  }

  @Test func siteOverrides() throws {
    try dives.video("D1/a.mp4")
    let store = try dives.survey()
    try dives.process(store, site: "Outer Wall")
    #expect(try deployments(store) == ["Outer Wall|D1"])
  }

  @Test func aLoopOfLinksEnds() throws {
    try dives.video("Reef/a.mp4")
    try FileManager.default.createSymbolicLink(
      atPath: dives.root + "/Reef/loop", withDestinationPath: dives.root)
    let store = try dives.survey()
    #expect(try dives.process(store).recordingsDone == 1)
    #expect(try store.recordings().count == 1)
  }

  @Test func filesOfCamerasAndSystemsArePassedOver() throws {
    try dives.video("Reef/GX010001.MP4")
    for name in ["GX010001.THM", "GL010001.LRV", "._GX010001.MP4", "notes.txt"] {
      try dives.folder.write(Data("x".utf8), to: "dives/Reef/\(name)")
    }
    let store = try dives.survey()
    #expect(try dives.process(store).recordingsFailed == 0)
    #expect(try store.recordings().count == 1)
  }

  @Test func wrongInputsAreNamed() throws {
    let store = try dives.survey()
    let missing = #expect(throws: SurveyPipelineError.self) {
      try dives.process(store, inputs: ["/no/such/folder"])
    }
    #expect(missing?.description.contains("/no/such/folder") == true)
    try FileManager.default.createDirectory(
      atPath: dives.root + "/empty", withIntermediateDirectories: true)
    let empty = #expect(throws: SurveyPipelineError.self) { try dives.process(store) }
    #expect(empty?.description.contains("no video or picture") == true)
  }

  @Test func theManifestSpeaks() throws {
    try dives.video("a/GX010001.MP4")
    try dives.video("b/GX010001.MP4", [("red", 40, 40, 0, 6)])
    try dives.video("c/GX010001.MP4", [("blue", 40, 40, 0, 6)])
    try dives.folder.write(
      Data(
        """
        opcode,site,latitude_dd,date_time,successful_count,filename,visibility
        CG-01,Coral Garden,-4.7,2024-05-03T08:30:00+03:00,Yes,a,12 m
        c,Coral Garden,-4.8,,No,,
        lost,Nowhere,,,,gone.mp4,

        """.utf8), to: "dives/sites.csv")
    let store = try dives.survey()
    let log = EventLog()
    try dives.process(store, report: log.add)
    #expect(try deployments(store) == ["Coral Garden|CG-01", "Coral Garden|c", "b|b"])
    #expect(log.warnings.count == 1)
    #expect(log.warnings.first?.contains("row 4") == true)
    let table = try TallyTable(store)
    // “No” keeps a deployment out of tallies.
    #expect(Set(table.rows.map(\.opcode)) == ["CG-01", "b"])
    let red = try #require(table.rows.first { $0.opcode == "CG-01" })
    #expect(red.maxNTime == "2024-05-03T08:30:03+03:00")
    let kept = try Tool.succeed(
      "sqlite3", [store.path, "SELECT other, latitude_dd FROM deployment WHERE opcode = 'CG-01'"])
    #expect(kept.text == "{\"visibility\":\"12 m\"}|-4.7\n")
  }

  @Test(arguments: [
    ("opcode,time_zone\na,Mars/One\n", "row 2, column time_zone"),
    ("opcode,site\na,\u{E9}tang\n", "not UTF-8"),
  ])
  func zonesAndEncodings(_ text: String, _ expected: String) throws {
    try dives.video("a/GX010001.MP4")
    let data =
      expected == "not UTF-8"
      ? try #require(text.data(using: .isoLatin1)) : Data(text.utf8)
    let manifest = try dives.folder.write(data, to: "manifest.csv")
    let store = try dives.survey()
    let error = #expect(throws: SurveyPipelineError.self) {
      try dives.process(store, manifest: manifest)
    }
    #expect(error?.description.contains(expected) == true)
  }

  @Test func otherFilesAreMentioned() throws {
    try dives.video("Reef/a.mp4")
    for name in ["b.xyz", "c.xyz", "GX010001.THM", "notes.txt"] {
      try dives.folder.write(Data("x".utf8), to: "dives/Reef/\(name)")
    }
    let log = EventLog()
    try dives.process(try dives.survey(), report: log.add)
    #expect(log.warnings.count == 1)
    #expect(log.warnings.first?.contains("2 × .xyz") == true)
  }

  @Test func aWrongManifestNamesRowAndColumn() throws {
    try dives.video("a/GX010001.MP4")
    let manifest = try dives.folder.write(
      Data("opcode,depth_m\na,deep\n".utf8), to: "manifest.csv")
    let store = try dives.survey()
    let error = #expect(throws: SurveyPipelineError.self) {
      try dives.process(store, manifest: manifest)
    }
    #expect(error?.description.contains("manifest.csv: row 2, column depth_m") == true)
    #expect(try store.recordings().isEmpty)
  }
}
