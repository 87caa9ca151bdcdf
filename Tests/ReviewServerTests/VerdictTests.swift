import Foundation
import Survey
import SurveyStore
import TestSupport
import Testing

@testable import ReviewServer

/// What verdicts do to counts, and what is kept of them.
@Suite(.enabled(if: ReviewFixture.ffmpeg != nil, "ffmpeg is not installed"), .serialized)
struct VerdictTests {
  /// MaxN of each label in an answer.
  private func maxN(_ answer: Answer) throws -> [String: Int] {
    let tally = try #require(try answer.object()["tally"] as? [String: Any])
    let rows = try #require(tally["rows"] as? [[String: Any]])
    return Dictionary(
      rows.compactMap { row in
        guard let label = row["label"] as? String, let count = row["maxN"] as? Int else {
          return nil
        }
        return (label, count)
      }, uniquingKeysWith: max)
  }

  @Test func eachKindChangesTheTallyAndIsKept() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let sighting = try fixture.busiestFrame(fixture.dive1)
      let frame = try fixture.store.reviewFrame(sighting.frameID, recording: fixture.recording)
      let ids = frame.detections.map(\.id)
      let path = "/api/recordings/\(fixture.recording)/frames/\(frame.id)/verdicts"
      let steps: [(json: String, fish: Int, unicornfish: Int?)] = [
        (#"{"detection": \#(ids[0]), "kind": "reject"}"#, 2, nil),
        (#"{"detection": \#(ids[0]), "kind": "undo"}"#, 3, nil),
        (#"{"detection": \#(ids[3]), "kind": "confirm"}"#, 4, nil),
        (#"{"detection": \#(ids[1]), "kind": "rename", "label": "naso_brevirostris"}"#, 3, 1),
        (#"{"detection": \#(ids[1]), "kind": "confirm"}"#, 4, nil),
      ]
      for (json, fish, unicornfish) in steps {
        let answer = try await server.post(path, json)
        #expect(answer.status == 200, "\(json): \(answer.text)")
        let counts = try maxN(answer)
        #expect(counts["fish"] == fish, "\(json)")
        #expect(counts["naso_brevirostris"] == unicornfish, "\(json)")
        #expect(try fixture.maxN("dive 1")["fish"] == fish, "\(json)")
      }
      let kept = try fixture.rows(
        """
        SELECT kind, detection_id, reviewer, COALESCE(label, '-'),
          COALESCE(scientific_name, '-'), COALESCE(common_name, '-'), COALESCE(aphia_id, '-')
        FROM verdict ORDER BY id
        """)
      #expect(kept.map { $0[0] } == ["reject", "undo", "confirm", "rename", "confirm"])
      #expect(kept.allSatisfy { $0[2] == "Ana" })
      #expect(
        Array(kept[3][3...])
          == ["naso_brevirostris", "Naso brevirostris", "Spotted unicornfish", "219672"])
      let times = try fixture.rows("SELECT created_at FROM verdict")
      #expect(times.allSatisfy { WallClock(iso8601: $0[0]) != nil })
    }
  }

  @Test func wrongVerdictsAreRefusedAndNotKept() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let sighting = try fixture.busiestFrame(fixture.dive1)
      let frame = try fixture.store.reviewFrame(sighting.frameID, recording: fixture.recording)
      let path = "/api/recordings/\(fixture.recording)/frames/\(frame.id)/verdicts"
      let id = frame.detections[0].id
      for (json, status) in [
        (#"{"detection": \#(id), "kind": "rename", "label": "unicorn"}"#, 422),
        (#"{"detection": \#(id), "kind": "rename"}"#, 422),
        (#"{"detection": \#(id), "kind": "move"}"#, 422),
        (#"{"detection": \#(id), "kind": "eat"}"#, 422),
        (#"{"detection": 99999, "kind": "reject"}"#, 404),
        (#"{"detection": "#, 400), ("[]", 400), ("", 400),
      ] {
        let answer = try await server.post(path, json)
        #expect(answer.status == status, "\(json)")
        #expect(try answer.object()["error"] is String, "\(json): \(answer.text)")
      }
      // A detection of another frame is not this frame's.
      let others = try fixture.store.reviewSightings(
        run: fixture.run.id, deployment: fixture.dive1.id)
      let other = try fixture.store.reviewFrame(
        others[0].frameID, recording: fixture.recording)
      let answer = try await server.post(
        path, #"{"detection": \#(other.detections[0].id), "kind": "reject"}"#)
      #expect(answer.status == 404)
      #expect(try fixture.rows("SELECT * FROM verdict").isEmpty)
    }
  }

  @Test func anotherReviewersVerdictShowsAtOnce() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      #expect(try await server.get("/").text.contains("data-maxn>3</td>"))
      let elsewhere = try SurveyStore(path: fixture.store.path)
      for deployment in [fixture.dive1, fixture.dropA] {
        let sighting = try fixture.busiestFrame(deployment)
        let frame = try elsewhere.reviewFrame(
          sighting.frameID, recording: sighting.recordingID)
        try elsewhere.addVerdict(.reject, detection: frame.detections[0].id, reviewer: "Ben")
      }
      let page = try await server.get("/").text
      #expect(!page.contains("data-maxn>3</td>") && page.contains("data-maxn>2</td>"))
    }
  }

  /// The page's counts come from queries of their own; the views are what partners read.
  @Test func talliesAgreeWithTheViews() throws {
    let fixture = try ReviewFixture()
    let store = fixture.store
    var random = SeededGenerator(seed: 7)
    let labels = ["fish", "paracanthurus_hepatus", "naso_brevirostris"]
    let detections = try store.reviewSightings(run: fixture.run.id, deployment: fixture.dive1.id)
      .flatMap { try store.reviewFrame($0.frameID, recording: fixture.recording).detections }
    for step in 0..<60 {
      guard let detection = detections.randomElement(using: &random),
        let kind = [VerdictKind.confirm, .reject, .rename, .undo].randomElement(using: &random),
        let label = labels.randomElement(using: &random)
      else { continue }
      try store.addVerdict(
        kind, detection: detection.id, taxon: ReviewTaxon(label: label), reviewer: "Ana")
      for deployment in [fixture.dive1, fixture.dive2] {
        let sightings = try store.reviewSightings(run: fixture.run.id, deployment: deployment.id)
        let tally = try store.reviewTally(
          run: fixture.run.id, deployment: deployment.id, of: sightings)
        let own = tally.rows.sorted { $0.taxon.label < $1.taxon.label }
          .map { [$0.taxon.label, "\($0.maxN)", "\(tally.frames)", "\($0.individuals)"] }
        let view = try fixture.rows(
          """
          SELECT label, CAST(max_n AS TEXT), CAST(frames AS TEXT),
            CAST(CAST(ROUND(mean_count * frames) AS INTEGER) AS TEXT)
          FROM tally WHERE opcode = '\(deployment.opcode)'
            AND (max_n > 0 OR label IN (SELECT label FROM run_label)) ORDER BY label
          """)
        #expect(own == view, "seed 7, step \(step)")
      }
    }
  }
}
