import Survey
import Testing

@Suite struct NamingTests {
  @Test(arguments: [
    (["Reef", "D1"], "Reef", "D1"), (["Reef"], "Reef", "Reef"), ([], "dives", "dives"),
    (["Reef", "D1", "100GOPRO"], "Reef", "D1"), (["DCIM", "101GOPRO"], "dives", "dives"),
    (["Reef", "May", "D1"], "Reef", "May/D1"),
  ])
  func folders(_ folders: [String], _ site: String, _ opcode: String) {
    let naming = FolderNaming(root: "dives", folders: folders)
    #expect(naming.site == site)
    #expect(naming.opcode == opcode)
  }

  @Test(arguments: [
    ("GX010042.MP4", 42, 1), ("GX020042.MP4", 42, 2), ("gh010007.mp4", 7, 1),
    ("GOPR0042.MP4", 42, 1), ("GP010042.MP4", 42, 2), ("a/b/GX120001.MP4", 1, 12),
  ])
  func goProChapters(_ name: String, _ recording: Int, _ chapter: Int) {
    #expect(RecordingName.goProChapter(name)?.recording == recording)
    #expect(RecordingName.goProChapter(name)?.chapter == chapter)
  }

  @Test(arguments: ["IMG_0042.MP4", "GX0100421.MP4", "GXab0042.MP4", "clip.mp4", ""])
  func otherNames(_ name: String) { #expect(RecordingName.goProChapter(name) == nil) }

  @Test func chaptersStayTogether() {
    let names = ["GX020041.MP4", "GX010042.MP4", "GX010041.MP4", "clip10.mp4", "clip2.mp4"]
    #expect(
      names.sorted(by: RecordingName.precedes) == [
        "clip2.mp4", "clip10.mp4", "GX010041.MP4", "GX020041.MP4", "GX010042.MP4",
      ])
  }

  @Test(arguments: [
    ("all", Sampling.all), ("keyframes", .keyframes), ("1s", .period(microseconds: 1_000_000)),
    ("500ms", .period(microseconds: 500_000)), ("0.2s", .period(microseconds: 200_000)),
    ("2min", .period(microseconds: 120_000_000)), ("1S", .period(microseconds: 1_000_000)),
  ])
  func samplings(_ text: String, _ sampling: Sampling) { #expect(Sampling(text) == sampling) }

  @Test(arguments: ["", "1", "-1s", "0s", "s", "nans", "infs", "every", "1h"])
  func badSamplings(_ text: String) { #expect(Sampling(text) == nil) }
}

@Suite struct SampleClockTests {
  /// Which of some frames a period takes; the last is shown for as long as the one before.
  private func chosen(_ times: [Double], period: Int64) -> [Double] {
    var clock = SampleClock(microseconds: period, start: times[0])
    let ends = times.dropFirst() + [times[times.count - 1] + 0.04]
    return zip(times, ends).filter { clock.shows(until: $1) }.map { $0.0 }
  }

  @Test func takesTheFrameShownAtEachInstant() {
    let times = (0..<100).map { Double($0) / 25 }
    #expect(chosen(times, period: 1_000_000) == [0, 1, 2, 3])
    #expect(chosen(times, period: 40_000) == times)
    #expect(chosen(times, period: 10_000) == times)
  }

  @Test func variableFrameRate() {
    #expect(chosen([0, 0.9, 1.7, 4.2, 4.3, 5.1], period: 1_000_000) == [0, 0.9, 1.7, 4.3])
    #expect(chosen([7.5, 8.4, 8.6], period: 1_000_000) == [7.5, 8.4])
  }

  @Test func timesRoundedByTheContainer() {
    let times = (0..<61).map { (Double($0) * 1001 / 30000 * 90000).rounded() / 90000 }
    #expect(chosen(times, period: 1_001_000) == [times[0], times[30], times[60]])
  }
}
