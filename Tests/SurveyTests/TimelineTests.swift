import Survey
import Testing

@Suite struct DeploymentTimelineTests {
  private func timeline(_ rows: [(String, String?, Double?)]) -> DeploymentTimeline {
    DeploymentTimeline(
      rows.map { name, time, seconds in
        DeploymentTimeline.Recording(
          name: name, clock: time.flatMap { WallClock(iso8601: $0) }, seconds: seconds)
      })
  }

  @Test func chaptersFollowEachOtherWhateverTimesTheyCarry() {
    let same = timeline([
      ("GX010042.MP4", "2024-05-03T08:00:00Z", 531.5),
      ("GX020042.MP4", "2024-05-03T08:00:00Z", 531.5),
      ("GX030042.MP4", "2024-05-03T08:00:00Z", 100),
    ])
    #expect(same.starts == [0, 531.5, 1063])
    #expect(same.remarks.isEmpty)
    let own = timeline([
      ("GOPR0042.MP4", "2024-05-03T08:00:00Z", 531.5),
      ("GP010042.MP4", "2024-05-03T08:08:52Z", 531.5),
      ("GP020042.MP4", "2024-05-03T08:17:43Z", 100),
    ])
    #expect(own.starts == [0, 531.5, 1063])
    #expect(own.remarks.isEmpty)
    let wrong = timeline([
      ("GX010042.MP4", "2024-05-03T08:00:00Z", 500), ("GX020042.MP4", "2024-05-03T09:08:20Z", 500),
    ])
    #expect(wrong.starts == [0, 500])
    #expect(wrong.remarks == [.chapterClock(1, seconds: 3600)])
  }

  @Test func betweenRecordingsTheClockSaysHowLongTheCameraWasOff() {
    let dive = timeline([
      ("GX010042.MP4", "2024-05-03T08:00:00Z", 500), ("GX020042.MP4", "2024-05-03T08:00:00Z", 100),
      ("GX010043.MP4", "2024-05-03T08:20:00Z", 60), ("GX010044.MP4", "2024-05-03T08:20:10Z", 60),
    ])
    #expect(dive.starts == [0, 500, 1200, 1260])
    #expect(dive.remarks == [.gap(before: 2, seconds: 600), .overlap(of: 3, seconds: 50)])
  }

  @Test(arguments: [
    "1970-01-01T00:03:00Z", "2016-01-01T00:00:12Z", "2015-01-01T04:00:00Z", "1904-01-01T00:00:00Z",
  ])
  func aClockThatWasNeverSetTellsNoTime(_ time: String) {
    let dive = timeline([
      ("a.mp4", time, 10), ("b.mp4", "2024-05-03T08:00:00Z", 10), ("c.mp4", nil, nil),
    ])
    #expect(dive.starts == [0, 10, 20])
    #expect(dive.remarks == [.unsetClock(0)])
  }

  @Test func missingChaptersAreNoticed() {
    #expect(
      timeline([("GX010042.MP4", nil, 10), ("GX030042.MP4", nil, 10), ("GX020043.MP4", nil, 10)])
        .remarks == [.missingChapter(before: 1), .missingChapter(before: 2)])
    // The same numbers in other folders are other recordings.
    #expect(timeline([("a/GX010042.MP4", nil, 10), ("b/GX010042.MP4", nil, 10)]).remarks.isEmpty)
    #expect(timeline([]).starts.isEmpty)
  }

  @Test func remarksAreSentences() {
    let dive = timeline([
      ("GX020042.MP4", "2024-05-03T08:00:00Z", 500),
      ("GX040042.MP4", "2024-05-03T09:08:20Z", 100),
      ("GX010043.MP4", "2024-05-03T08:20:01Z", 60), ("GX010044.MP4", "2024-05-03T08:20:10Z", 60),
      ("GX010045.MP4", "2016-01-01T00:00:05Z", 60),
    ])
    #expect(
      dive.sentences == [
        "a chapter is missing before GX020042.MP4",
        "a chapter is missing between GX020042.MP4 and GX040042.MP4",
        "GX040042.MP4: its clock is 1:00:00 ahead of where the chapters before it end; taken to "
          + "follow them directly",
        "0:10:01 lie between GX040042.MP4 and GX010043.MP4, by the camera's clock",
        "GX010044.MP4 begins 0:00:51 before GX010043.MP4 ends, by the camera's clock; taken to "
          + "follow it directly",
        "GX010045.MP4: the camera's clock was not set; times of day come from the manifest's "
          + "date_time alone",
      ])
  }
}
