import Foundation
import Survey
import SurveyExport
import SurveyPipeline
import SurveyStore
import TestSupport
import Testing

/// A deployment of two chapters: 40 s of descent, 200 s of a place, 40 s of retrieval.
///
/// Three red patches pass on the way down, and one at the place.
@Suite struct UsableWindowSurveyTests {
  private let dives: DiveFolder

  init() throws {
    dives = try DiveFolder()
    let place = "color=0x305060:s=192x96:r=2:d=100,drawbox=0:56:192:40:0xa09070:fill"
    try chapter(
      "GX010001.MP4",
      [
        "color=0xd0e0f0:s=192x96:r=2:d=40,fade=out:st=0:d=50:color=0x406080,"
          + Self.patches([(16, 16), (64, 48), (128, 16)], from: 10, to: 20),
        place + "," + Self.patches([(64, 48)], from: 50, to: 60),
      ])
    try chapter(
      "GX020001.MP4", [place, "color=0xd0e0f0:s=192x96:r=2:d=40,fade=in:d=60:color=0x406080"])
  }

  private static func patches(_ places: [(Int, Int)], from: Int, to: Int) -> String {
    places.map {
      "drawbox=\($0.0):\($0.1):16:16:red:fill:enable='between(t,\(from),\(to))'"
    }.joined(separator: ",")
  }

  private func chapter(_ name: String, _ parts: [String]) throws {
    let path = try dives.folder.file("dives/Reef/Wall/" + name)
    let inputs = parts.flatMap { ["-f", "lavfi", "-i", $0] }
    try Tool.ffmpeg(
      inputs + [
        "-filter_complex", "concat=n=\(parts.count)", "-c:v", "libx264", "-qp", "10", "-g", "4",
        path,
      ])
  }

  private func tally(_ store: SurveyStore) throws -> Tally {
    try #require(TallyTable(store).rows.first { $0.label.label == "red fish" }).tally
  }

  private func query(_ store: SurveyStore, _ sql: String) throws -> [String] {
    try Tool.succeed("sqlite3", [store.path, sql]).text.split(separator: "\n").map(String.init)
  }

  @Test func descentAndRetrievalCountWhenTheyAreAskedFor() throws {
    let store = try dives.survey()
    let first = try dives.process(store)
    let whole = try tally(store)
    #expect(whole.maxN == 3)
    #expect(whole.frames == 280)
    #expect(abs(whole.effortSeconds - 280) < 0.6)
    #expect(first.remarks.contains { $0.contains("the camera seems to stand from 0:00:4") })

    let trimmed = try dives.process(store, trim: .auto)
    #expect(trimmed.framesSampled == 0 && trimmed.recordingsAlreadyDone == 2)
    #expect(
      trimmed.remarks.contains { $0.contains("counted from 0:00:4") && $0.contains("of 0:04:40") })
    let part = try tally(store)
    #expect(part.maxN == 1)
    #expect(part.maxNRecording == 0)
    // Times are still those of the deployment and of its files.
    #expect(part.firstSeenSeconds == 90)
    #expect(abs(part.effortSeconds - 200) < 12)
    #expect(abs(part.frames - 200) < 12)
    #expect(part.meanCount > 10.0 / 212 && part.meanCount < 12.0 / 188)
    #expect(part.periods == 1)

    // Without the option it stays so, and can be taken back.
    try dives.process(store)
    #expect(try tally(store) == part)
    try dives.process(store, trim: .off)
    #expect(try tally(store) == whole)
  }

  @Test func picturesAreKeptOfWhatCounts() throws {
    let store = try dives.survey()
    let times = "SELECT f.pts_s FROM evidence e JOIN frame f ON f.id = e.frame_id ORDER BY f.pts_s"
    try dives.process(store)
    #expect(try query(store, times) == ["10.0"])
    try dives.process(store, trim: .auto)
    let kept = try query(store, times)
    #expect(kept == ["10.0", "90.0", "91.0", "92.0"])
    let picture = "SELECT frame_id FROM evidence JOIN frame f ON f.id = frame_id WHERE f.pts_s = 90"
    let frame = try #require(try query(store, picture).first.flatMap(Int64.init))
    #expect(try store.evidence(frame: frame)?.prefix(2) == [0xFF, 0xD8])

    // Nothing is made twice.
    try dives.process(store, trim: .auto)
    #expect(try query(store, times) == kept)
  }

  @Test func reviewAndViewsSayTheSame() throws {
    let store = try dives.survey()
    try dives.process(store, trim: .auto)
    let part = try tally(store)
    let run = try #require(store.reviewRuns().first).id
    let deployment = try #require(store.reviewDeployments().first).id
    let sightings = try store.reviewSightings(run: run, deployment: deployment)
    let review = try store.reviewTally(run: run, deployment: deployment, of: sightings)
    #expect(review.rows[0].maxN == 1)
    #expect(review.frames == part.frames)
    #expect(abs(review.effortSeconds - part.effortSeconds) < 1e-6)
    let rows = try query(
      store,
      """
      SELECT max_n, frames FROM tally WHERE label = 'red fish';
      SELECT max_n FROM maxn WHERE label = 'red fish';
      SELECT ROUND(SUM(effort_min) * 60, 3), SUM(trimmed_by = 'auto'), ROUND(SUM(dark_min), 3) FROM effort;
      """)
    #expect(rows[0] == "1|\(part.frames)")
    #expect(rows[1] == "1")
    #expect(rows[2].hasSuffix("|2|0.0"))
    #expect(abs((Double(rows[2].prefix { $0 != "|" }) ?? 0) - part.effortSeconds) < 0.01)
  }

  @Test func aManifestComesFirst() throws {
    try dives.folder.write(
      Data("opcode,site,usable_from_s,usable_to_s\nWall,Reef,5,150\n".utf8), to: "dives/sites.csv")
    let store = try dives.survey()
    let summary = try dives.process(store, trim: .auto)
    #expect(
      summary.remarks.contains {
        $0.contains("counted from 0:00:05 to 0:02:30 of 0:04:40 (usable_from_s, usable_to_s)")
      })
    let part = try tally(store)
    #expect(part.maxN == 3)
    #expect(abs(part.effortSeconds - 145) < 0.1)
    // A window that ends before the second chapter leaves nothing of it.
    let rows = try TallyTable(store, by: .recording).rows.filter { $0.label.label == "red fish" }
    #expect(rows.map { Int($0.tally.effortSeconds.rounded()) } == [135, 10])
    try dives.folder.write(
      Data("opcode,site,usable_from_s,usable_to_s\nWall,Reef,5,100\n".utf8), to: "dives/sites.csv")
    try dives.process(store)
    let shorter = try TallyTable(store, by: .recording).rows.filter { $0.label.label == "red fish" }
    #expect(shorter.map { Int($0.tally.effortSeconds.rounded()) } == [95, 0])
    #expect(shorter[1].tally.frames == 0)
    // A field that is empty now bounds nothing.
    try dives.folder.write(
      Data("opcode,site,usable_from_s,usable_to_s\nWall,Reef,,\n".utf8), to: "dives/sites.csv")
    try dives.process(store, trim: .off)
    #expect(try abs(tally(store).effortSeconds - 280) < 0.6)
    try dives.folder.write(
      Data("opcode,site,usable_from_s\nWall,Reef,900\n".utf8), to: "dives/sites.csv")
    let beyond = try dives.process(store)
    #expect(
      beyond.remarks.contains { $0.contains("nothing of it is counted: usable_from_s is 900 s") })
  }

  @Test func whatIsStoppedComesToTheSame() throws {
    let undisturbed = try dives.survey("undisturbed.sqlite")
    try dives.process(undisturbed, trim: .auto)
    let store = try dives.survey()
    for _ in 0..<3 {
      let cancellation = Cancellation()
      try dives.process(store, jobs: 1, cancellation: cancellation, trim: .auto) { event in
        if case .advanced = event { cancellation.cancel() }
      }
    }
    try dives.process(store, trim: .auto)
    #expect(
      try TallyTable(store, by: .recording).csv == TallyTable(undisturbed, by: .recording).csv)
    let measured =
      "SELECT pts_s, brightness, detail, hex(blocks) FROM frame JOIN appearance "
      + "ON frame_id = frame.id JOIN pass ON pass.id = pass_id JOIN media ON media.id = media_id "
      + "ORDER BY content_hash, pts"
    #expect(try query(store, measured) == query(undisturbed, measured))
  }
}
