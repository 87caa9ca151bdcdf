import Foundation
import GRDB
import Survey
import SurveyExport
import SurveyStore
import TestSupport
import Testing

/// Two sites, three deployments, written by hand.
private func survey(in folder: TemporaryFolder) throws -> SurveyStore {
  let store = try SurveyStore(path: folder.path + "/survey.sqlite", create: true)
  let run = try store.run(
    RunDescription(
      modelName: "reef", modelVersion: "1", modelHash: "h", options: "o", sample: "1",
      decoder: "peak", floor: 0.1, gridWidth: 4, gridHeight: 4, programVersion: "0",
      machine: "test",
      labels: [
        .init(
          label: "tang", scientificName: "Zebrasoma xanthurum", commonName: "Yellowtail tang",
          aphiaID: 219_681, threshold: 0.5),
        .init(label: "fish", scientificName: nil, commonName: "Fish", aphiaID: nil, threshold: 0.5),
      ]))
  let drops: [(String, String, [Int])] = [
    ("Garden", "G1", [0, 2, 1]), ("Garden", "G2", [0, 0, 0]), ("Wall, north", "W1", [3, 3]),
  ]
  for (site, opcode, counts) in drops {
    let deployment = try store.deployment(site: site, opcode: opcode, folder: "/d/" + opcode)
    let media = try store.media(
      MediaDescription(
        contentHash: opcode, size: 1, kind: "video", codec: "h264", width: 64, height: 64,
        durationSeconds: 3, creationTime: opcode == "W1" ? "2024-05-03T08:30:00.000000Z" : nil,
        timeBase: (1, 10)))
    try store.save(
      StoredRecording(
        deploymentID: deployment.id, mediaID: media, path: "/d/\(opcode)/a.mp4", name: "a.mp4"))
    let pass = try store.beginPass(run: run.id, media: media, programVersion: "0", machine: "t")
    try store.append(
      counts.enumerated().map { second, count in
        FrameResult(
          time: FrameTime(pts: Int64(second) * 10, seconds: Double(second)), isDamaged: false,
          detections: (0..<count).map { _ in Detection(label: 0, x: 0.5, y: 0.5, score: 0.75) })
      }, to: pass, of: run)
    try store.finish(pass, .done, reason: nil, start: 0, end: Double(counts.count))
  }
  return store
}

@Suite struct TallyTableTests {
  private let folder: TemporaryFolder
  private let store: SurveyStore

  init() throws {
    folder = try TemporaryFolder()
    store = try survey(in: folder)
  }

  private let header =
    "site,opcode,species,common_name,aphia_id,max_n,max_n_recording,max_n_pts_s,max_n_time,"
    + "first_seen_s,mean_count,mean_n,tot_n,frames,effort_min,threshold,sample_period_s,model,"
    + "verified\r\n"

  @Test func csvByDeployment() throws {
    let wall = "\"Wall, north\",W1"
    #expect(
      try TallyTable(store).csv == header
        + "Garden,G1,Zebrasoma xanthurum,Yellowtail tang,219681,2,a.mp4,1,,1,1,2,2,3,0.05,0.5,1,reef 1,no\r\n"
        + "Garden,G1,fish,Fish,,0,,,,,0,0,0,3,0.05,0.5,1,reef 1,no\r\n"
        + "Garden,G2,Zebrasoma xanthurum,Yellowtail tang,219681,0,,,,,0,0,0,3,0.05,0.5,1,reef 1,no\r\n"
        + "Garden,G2,fish,Fish,,0,,,,,0,0,0,3,0.05,0.5,1,reef 1,no\r\n"
        + "\(wall),Zebrasoma xanthurum,Yellowtail tang,219681,3,a.mp4,0,2024-05-03T08:30:00Z,0,3,3,3,2,0.033,0.5,1,reef 1,no\r\n"
        + "\(wall),fish,Fish,,0,,,,,0,0,0,2,0.033,0.5,1,reef 1,no\r\n")
  }

  @Test func csvBySite() throws {
    let lines = try TallyTable(store, by: .site).csv.split(separator: "\r\n")
    #expect(lines.count == 5)
    #expect(
      lines[1]
        == "Garden,G1,Zebrasoma xanthurum,Yellowtail tang,219681,2,a.mp4,1,,1,0.5,1,2,6,0.1,0.5,1,reef 1,no"
    )
    #expect(lines[2].hasPrefix("Garden,,fish,Fish,,0,"))
  }

  @Test func csvByRecording() throws {
    let table = try TallyTable(store, by: .recording)
    #expect(table.columns[2] == "recording")
    let lines = table.csv.split(separator: "\r\n")
    #expect(lines.count == 7)
    #expect(lines[1].hasPrefix("Garden,G1,a.mp4,Zebrasoma xanthurum,"))
  }

  @Test func jsonHasTheColumnsAndNulls() throws {
    let text = try TallyTable(store).json()
    let rows = try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    #expect(rows.count == 6)
    #expect(Set(rows[0].keys) == Set(try TallyTable(store).columns + ["near_ceiling"]))
    #expect(rows[0]["max_n"] as? Int == 2)
    #expect(rows[1]["max_n_recording"] is NSNull)
    // A grid of 4 × 4 can show four at most: three is near.
    #expect(rows[4]["near_ceiling"] as? Bool == true)
    #expect(rows[0]["near_ceiling"] as? Bool == false)
  }

  @Test func textSaysWhatCountsMean() throws {
    let text = try TallyTable(store).text
    #expect(text.contains("Zebrasoma xanthurum (Yellowtail tang)"))
    #expect(text.contains("3+"))
    #expect(text.contains("near the most that the decoder can tell apart"))
    #expect(text.contains("every 1 s, threshold 0.5"))
  }

  /// Two files an hour apart: the manifest says when the first began, the camera what lies between.
  @Test func timesOfDay() throws {
    let wall = try store.deployment(site: "Wall, north", opcode: "W1", folder: "/d/W1")
    let run = try #require(try store.runs().first)
    let media = try store.media(
      MediaDescription(
        contentHash: "later", size: 1, kind: "video", codec: "h264", width: 64, height: 64,
        durationSeconds: 3, creationTime: "2024-05-03T09:30:00Z", timeBase: (1, 10)))
    try store.save(
      StoredRecording(deploymentID: wall.id, mediaID: media, path: "/d/W1/b.mp4", name: "b.mp4"))
    try store.orderRecordings(deployment: wall.id)
    let pass = try store.beginPass(run: run.id, media: media, programVersion: "0", machine: "t")
    let stored = try store.run(
      RunDescription(
        modelName: "reef", modelVersion: "1", modelHash: "h", options: "o", sample: "1",
        decoder: "peak", floor: 0.1, gridWidth: 4, gridHeight: 4, programVersion: "0",
        machine: "test", labels: run.labels))
    try store.append(
      [
        FrameResult(
          time: FrameTime(pts: 20, seconds: 2), isDamaged: false,
          detections: (0..<4).map { _ in Detection(label: 0, x: 0.5, y: 0.5, score: 0.75) })
      ], to: pass, of: stored)
    try store.finish(pass, .done, reason: nil, start: 0, end: 3)
    let time = { try TallyTable(self.store).rows.first { $0.opcode == "W1" }?.maxNTime }
    #expect(try time() == "2024-05-03T09:30:02Z")
    var row = ManifestRow(row: 2)
    row.dateTime = WallClock(iso8601: "2024-05-03T20:00:00+12:00")
    try store.describe(wall.id, by: row)
    #expect(try time() == "2024-05-03T21:00:02+12:00")
  }

  /// Photos carry no offset from UTC; the site's zone gives it, summer time included.
  @Test(arguments: [
    (nil, "2024-07-03T08:30:00"), ("+12:00", "2024-07-03T08:30:00+12:00"),
    ("Europe/Lisbon", "2024-07-03T08:30:00+01:00"),
  ])
  func timesOfPhotos(_ zone: String?, _ expected: String) throws {
    try DatabaseQueue(path: store.path).write {
      try $0.execute(
        sql: "UPDATE media SET creation_time = '2024-07-03T08:30:00' WHERE content_hash = 'W1'")
    }
    var row = ManifestRow(row: 2)
    row.timeZone = zone
    let wall = try #require(try store.deployments().first { $0.opcode == "W1" })
    try store.describe(wall.id, by: row)
    #expect(try TallyTable(store).rows.first { $0.opcode == "W1" }?.maxNTime == expected)
  }

  @Test func exportingTwiceIsTheSame() throws {
    #expect(try TallyTable(store).csv == TallyTable(store).csv)
  }

  @Test func tablesAlignAndStayOnTheirLines() {
    let table = TextTable(
      header: ["Name", "N"], rows: [["a\nb", "1"], ["魚", "10"]], numeric: [1])
    #expect(table.text == "Name   N\n────  ──\na␤b    1\n魚    10\n")
  }
}
