import Survey
import Testing

/// Frames a second apart, each with how many of which label.
private func counts(_ frames: [[String: Int]], name: String = "a.mp4", offset: Double = 0)
  -> DeploymentCounts.Recording
{
  let sightings = frames.enumerated().flatMap { second, labels in
    labels.sorted { $0.key < $1.key }.map {
      DeploymentCounts.Sighting(
        time: FrameTime(pts: Int64(second), seconds: Double(second)), label: $0.key,
        count: $0.value)
    }
  }
  return DeploymentCounts.Recording(
    name: name, offsetSeconds: offset, startSeconds: 0, effortSeconds: Double(frames.count),
    frames: frames.count,
    periods: Set(frames.indices.map { Tally.period(seconds: offset + Double($0)) }),
    sightings: sightings)
}

@Suite struct TallyTests {
  /// A published tool gives 2 and 2 for these three frames.
  @Test func maxNIsTheMostInOneFramePerLabel() {
    let deployment = DeploymentCounts(recordings: [
      counts([["tang": 3], ["tang": 1], ["tang": 1, "angelfish": 1]])
    ])
    #expect(Tally(of: "tang", in: deployment).maxN == 3)
    #expect(Tally(of: "angelfish", in: deployment).maxN == 1)
    #expect(Tally(of: "tang", in: deployment).maxNTime?.pts == 0)
    #expect(Tally(of: "angelfish", in: deployment).firstSeenSeconds == 2)
  }

  @Test func framesWithoutFishCountInMeans() {
    let deployment = DeploymentCounts(recordings: [counts([["tang": 2], [:], [:], ["tang": 2]])])
    #expect(Tally(of: "tang", in: deployment).meanCount == 1)
    #expect(Tally(of: "tang", in: deployment).frames == 4)
  }

  @Test func whatWasNotSeenIsZero() {
    let tally = Tally(of: "goby", in: DeploymentCounts(recordings: [counts([["tang": 2]])]))
    #expect(tally.maxN == 0)
    #expect(tally.maxNTime == nil)
    #expect(tally.firstSeenSeconds == nil)
    #expect(tally.frames == 1)
  }

  @Test func maxNOverTheFilesOfADeployment() {
    let deployment = DeploymentCounts(recordings: [
      counts([["tang": 1], ["tang": 2]], name: "GX010001.MP4"),
      counts([[:], ["tang": 4]], name: "GX020001.MP4", offset: 2),
    ])
    let tally = Tally(of: "tang", in: deployment)
    #expect(tally.maxN == 4)
    #expect(tally.maxNRecording == 1)
    #expect(tally.maxNTime?.seconds == 1)
    #expect(tally.maxNSeconds == 3)
    #expect(tally.effortSeconds == 4)
  }

  @Test func theFirstOfEqualFramesIsTheEvidence() {
    let tally = Tally(
      of: "tang", in: DeploymentCounts(recordings: [counts([[:], ["tang": 2], ["tang": 2]])]))
    #expect(tally.maxNTime?.pts == 1)
  }

  @Test func periodsOfFiveMinutes() {
    var frames = [[String: Int]](repeating: [:], count: 601)
    frames[10] = ["tang": 2]
    frames[299] = ["tang": 5]
    frames[300] = ["tang": 1]
    let tally = Tally(of: "tang", in: DeploymentCounts(recordings: [counts(frames)]))
    #expect(tally.totN == 6)
    #expect(tally.periods == 3)
    #expect(tally.meanN == 2)
  }

  @Test func sitesCombineDeployments() {
    let one = Tally(of: "tang", in: DeploymentCounts(recordings: [counts([["tang": 3], [:]])]))
    let two = Tally(
      of: "tang", in: DeploymentCounts(recordings: [counts([["tang": 4], ["tang": 1], [:], [:]])]))
    let (site, part) = Tally.combined([one, two])
    #expect(part == 1)
    #expect(site.maxN == 4)
    #expect(site.totN == 7)
    #expect(site.meanN == 3.5)
    #expect(site.frames == 6)
    #expect(abs(site.meanCount - 8.0 / 6) < 1e-12)
    #expect(Tally.combined([Tally(), Tally()]).maxNPart == nil)
  }
}
