import Foundation
import GRDB
import Media
import Survey
import SurveyStore
import TestSupport
import Testing

@testable import ReviewServer

/// What the pages say.
@Suite(.enabled(if: ReviewFixture.ffmpeg != nil, "ffmpeg is not installed"), .serialized)
struct PageTests {
  @Test func theSurveyShowsSitesTalliesAndFailures() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let html = try await server.get("/").text
      for part in [
        "North reef", "South reef", "dive 1", "drop A", "20 frames", "Palette surgeonfish",
        "<i>Paracanthurus hepatus</i>", "fish 0.1", "one frame a second",
        "0 of 15 detections reviewed",
        "the recording has no index (moov atom)", "1 recording could not be used",
        #"data-maxn>3</td>"#,
      ] { #expect(html.contains(part), "\(part)") }
      #expect(!html.contains("<form"), "one run needs no choice")
    }
  }

  @Test func aMovingCameraIsShownWithItsDeployment() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      #expect(try await !server.get("/").text.contains("the camera moves"))
      let media = try #require(
        fixture.store.recordings().first { $0.id == fixture.recording }?.mediaID)
      let pass = try #require(try fixture.store.pass(run: fixture.run.id, media: media))
      for (stretch, moves) in [true, false, true].enumerated() {
        try fixture.store.save(
          StoredBackground(
            stretch: stretch, start: Double(stretch) * 75, end: Double(stretch + 1) * 75,
            picture: ([1], 9), cameraMoves: moves), in: pass)
      }
      let html = try await server.get("/").text
      #expect(html.contains("the camera moves for 0:02:30 of it; looked at without motion"))
      #expect(html.contains("1 recording could not be used"))
    }
  }

  @Test func theNewestRunIsShownAndAnOlderCanBeChosen() async throws {
    let fixture = try ReviewFixture()
    let newer = try fixture.store.run(
      .init(
        modelName: "fish", modelVersion: "0.2", modelHash: "01", options: "{}", sample: "0.5",
        decoder: "peak", floor: 0.1, gridWidth: 12, gridHeight: 12, programVersion: "0",
        machine: "test", labels: []))
    try await RunningServer.with(fixture) { server in
      let newest = try await server.get("/").text
      #expect(newest.contains("Model <strong>fish 0.2</strong>, one frame every 0.5 s"))
      #expect(newest.contains("not processed yet in this run"))
      #expect(newest.contains(#"<option value="\#(newer.id)" selected>"#))
      let older = try await server.get("/?run=\(fixture.run.id)").text
      #expect(older.contains("Model <strong>fish 0.1</strong>"))
      #expect(older.contains("data-maxn>3</td>"))
      #expect(try await server.get("/?run=99").status == 404)
    }
  }

  @Test func aDeploymentStartsWithItsMaxN() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let page = "/deployments/\(fixture.dive1.id)?run=\(fixture.run.id)"
      let html = try await server.get(page).text
      let badge = try #require(html.range(of: "MaxN 3 · fish"))
      let other = try #require(html.range(of: "MaxN 1 · Palette surgeonfish"))
      let list = try #require(html.range(of: "11 frames with detections, by time"))
      #expect(badge.lowerBound < other.lowerBound && other.lowerBound < list.lowerBound)
      let tail = html[list.upperBound...]
      let times = ["0:00:00.000", "0:00:00.400", "0:00:01.000", "0:00:01.200", "0:00:03.600"]
      let places = times.compactMap { tail.range(of: "time\">\($0)")?.lowerBound }
      #expect(places.count == times.count)
      #expect(places == places.sorted())
      let filtered = try await server.get(page + "&label=paracanthurus_hepatus").text
      #expect(filtered.contains("1 frame with Palette surgeonfish, by time"))
    }
  }

  @Test func aContentInTwoDeploymentsCountsInBoth() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let before = try await server.get("/deployments/\(fixture.dive2.id)").text
      #expect(before.contains("MaxN 3 · fish"))
      let sighting = try fixture.busiestFrame(fixture.dive1)
      let frame = try fixture.store.reviewFrame(sighting.frameID, recording: fixture.recording)
      let path = "/api/recordings/\(fixture.recording)/frames/\(frame.id)/verdicts"
      _ = try await server.post(
        path, #"{"detection": \#(frame.detections[0].id), "kind": "reject"}"#)
      let after = try await server.get("/deployments/\(fixture.dive2.id)").text
      #expect(after.contains("MaxN 2 · fish"))
      #expect(try fixture.maxN("dive 2")["fish"] == 2)
    }
  }

  @Test func aFrameHasItsPictureAndDetections() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let sighting = try fixture.busiestFrame(fixture.dive1)
      let path = "/recordings/\(fixture.recording)/frames/\(sighting.frameID)"
      let html = try await server.get(path).text
      #expect(html.contains("0:00:01.000"))
      #expect(html.contains("3 fish"))
      #expect(html.components(separatedBy: "<li class=\"machine").count == 5)
      #expect(html.components(separatedBy: "<li class=\"machine faint").count == 2)
      // The picture is 640 × 360; the page draws on one of 1280 × 720.
      #expect(html.contains(#"cx="307.2" cy="230.4""#))
      for (name, limit) in [("picture", 640), ("thumbnail", 320)] {
        let answer = try await server.get("\(path)/\(name).jpg")
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "image/jpeg")
        #expect(jpegWidth([UInt8](answer.body)) == limit)
      }
      #expect(!html.contains(#"class="box""#))
      let next = try await server.get(
        "/recordings/\(fixture.recording)/frames/\(sighting.frameID + 1)"
      ).text
      #expect(next.contains(#"class="box" x="384.0" y="486.0" width="256.0" height="180.0""#))
    }
  }

  @Test func aMissingVideoIsNamedAndVerdictsStillWork() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let sighting = try fixture.busiestFrame(fixture.dropA)
      let path = "/recordings/\(fixture.goneRecording)/frames/\(sighting.frameID)"
      let html = try await server.get(path).text
      #expect(html.contains("The video is not where it was"))
      #expect(html.contains(fixture.gonePath))
      let picture = try await server.get("\(path)/picture.jpg")
      #expect(picture.status == 404)
      #expect(picture.text.contains(fixture.gonePath))
      let frame = try fixture.store.reviewFrame(
        sighting.frameID, recording: fixture.goneRecording)
      let answer = try await server.post(
        "/api\(path)/verdicts", #"{"detection": \#(frame.detections[0].id), "kind": "reject"}"#)
      #expect(answer.status == 200)
      #expect(try fixture.maxN("drop A")["fish"] == 2)
    }
  }

  @Test func aKeptPictureStandsForAVideoThatIsGone() async throws {
    let fixture = try ReviewFixture()
    let sighting = try fixture.busiestFrame(fixture.dropA)
    let picture = try JPEG.encode(PixelImage(width: 96, height: 54, channels: 3))
    try await DatabaseQueue(path: fixture.store.path).write {
      try $0.execute(
        sql: "INSERT INTO evidence (frame_id, picture) VALUES (?, ?)",
        arguments: [sighting.frameID, Data(picture)])
    }
    try await RunningServer.with(fixture) { server in
      let path = "/recordings/\(fixture.goneRecording)/frames/\(sighting.frameID)"
      let html = try await server.get(path).text
      #expect(html.contains("This is a smaller picture that was kept"))
      #expect(html.contains("data-picture"))
      for size in ["picture", "thumbnail"] {
        #expect([UInt8](try await server.get("\(path)/\(size).jpg").body) == picture)
      }
    }
  }

  @Test func namesFromFilesAreText() async throws {
    let fixture = try ReviewFixture()
    _ = try fixture.store.deployment(
      site: "<script>alert(1)</script>", opcode: #""><img src=x onerror=alert(1)>"#, folder: "/")
    try await RunningServer.with(fixture) { server in
      let html = try await server.get("/").text
      #expect(!html.contains("<script>alert") && !html.contains("<img src=x"))
      #expect(html.contains("&lt;script&gt;alert(1)"))
    }
  }

  @Test func aTallyCanBeFetchedOnItsOwn() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let path = "/deployments/\(fixture.dive1.id)/tally?run=\(fixture.run.id)"
      let part = try await server.get(path).text
      #expect(part.hasPrefix("<div class=\"tally\"") && part.contains("data-maxn>3</td>"))
      #expect(!part.contains("<html"))
    }
  }

  @Test func pagesThatAreNotThere() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let frame = try fixture.busiestFrame(fixture.dive1).frameID
      for path in [
        "/deployments/99", "/deployments/x", "/deployments/1?run=77", "/nowhere",
        "/recordings/\(fixture.recording)/frames/99999",
        "/recordings/\(fixture.goneRecording)/frames/\(frame)",
        "/recordings/1/frames/99999999999999999999",
      ] {
        let answer = try await server.get(path)
        #expect(answer.status == 404, "\(path)")
        #expect(answer.text.contains("There is no such page"), "\(path)")
      }
    }
  }

  /// The width that a JPEG's frame header states.
  private func jpegWidth(_ bytes: [UInt8]) -> Int? {
    var place = 2
    while place + 9 < bytes.count, bytes[place] == 0xFF {
      let marker = bytes[place + 1]
      if (0xC0...0xC2).contains(marker) {
        return Int(bytes[place + 7]) << 8 | Int(bytes[place + 8])
      }
      place += 2 + (Int(bytes[place + 2]) << 8 | Int(bytes[place + 3]))
    }
    return nil
  }
}
