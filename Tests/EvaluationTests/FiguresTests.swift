import Survey
import TestSupport
import Testing

@testable import Evaluation

/// A picture of 200 × 100 pixels with half cells of 4, for hand-made cases.
private func frame(
  _ boxes: [TruthSet.Box], _ found: [(x: Double, y: Double, score: Double)],
  regions: [TruthSet.Box] = [], isComplete: Bool = true, labels: [Int]? = nil,
  sizes: [(Double, Double)]? = nil, classes: [Int?] = [0], labelCount: Int = 1
) -> ScoredFrame {
  let detections = found.enumerated().map { index, one in
    Detection(
      label: labels?[index] ?? 0, x: one.x / 200, y: one.y / 100, score: one.score,
      width: sizes.map { $0[index].0 / 200 }, height: sizes.map { $0[index].1 / 100 })
  }
  let seen = SeenFrame(detections: detections, width: 200, height: 100, marginX: 4, marginY: 4)
  let truth = TruthSet.Frame(
    name: "f", path: "f", width: 200, height: 100, isComplete: isComplete, boxes: boxes,
    regions: regions)
  return ScoredFrame(
    truth, seen, classes: ClassMap(unchecked: classes), labelCount: labelCount)
}

private func box(
  _ left: Double, _ top: Double, _ width: Double = 20, _ height: Double = 20, category: Int = 0
) -> TruthSet.Box {
  TruthSet.Box(category: category, left: left, top: top, width: width, height: height)
}

private func counts(
  _ frames: [ScoredFrame], from threshold: Double = 0.5, labels: [Int] = [0]
) -> Counts {
  Counts(frames, labels: labels, thresholds: [threshold, threshold])
}

@Suite struct NamingTests {
  /// Labels 0 and 1 have names, 2 is the open set's; class 2 is of none that the model knows.
  private func naming(
    _ boxes: [TruthSet.Box], _ found: [(x: Double, y: Double, score: Double, label: Int)],
    regions: [TruthSet.Box] = [], isComplete: Bool = true
  ) -> Naming {
    let seen = SeenFrame(
      detections: found.map {
        Detection(label: $0.label, x: $0.x / 200, y: $0.y / 100, score: $0.score)
      }, width: 200, height: 100, marginX: 4, marginY: 4)
    let frame = TruthSet.Frame(
      name: "f", path: "f", width: 200, height: 100, isComplete: isComplete, boxes: boxes,
      regions: regions)
    let classes = ClassMap(unchecked: [0, 1, 2])
    let truth = TruthSet(
      file: "t", categories: ["a", "b", "c"],
      videos: [TruthSet.Video(name: "v", source: "s", frames: [frame])])
    let scored = ScoredFrame(frame, seen, classes: classes, labelCount: 3, openSet: [0, 1, 2])
    return Naming(
      truth, [SeenVideo(frames: [seen])], [[scored]], classes: classes,
      names: ["tang", "damsel", "fish, unidentified"], openSet: [0, 1, 2],
      thresholds: [0.5, 0.5, 0.5])
  }

  @Test func namedRightNamedWrongAndUnidentified() {
    let naming = naming(
      [box(0, 0), box(50, 0), box(100, 0, category: 1), box(150, 0, category: 2)],
      [
        (10, 10, 0.9, 0), (60, 10, 0.8, 2), (110, 10, 0.7, 0), (160, 10, 0.6, 2),
        (10, 80, 0.9, 1), (100, 80, 0.9, 2), (150, 80, 0.4, 0),
      ])
    let rows = naming.byClass
    #expect(rows.map(\.label) == ["tang", "damsel", "fish, unidentified"])
    #expect(rows.map(\.boxes) == [2, 1, 1])
    #expect(rows.map(\.named) == [2, 1, 0])
    #expect(rows.map(\.right) == [1, 0, 0])
    #expect(rows.map(\.unidentified) == [1, 0, 1])
    #expect([naming.all.named, naming.all.right, naming.all.unidentified] == [3, 1, 3])
    #expect(naming.all.rightShare == 1.0 / 3)
    // Whatever their names, four of six lie in boxes, and every box has one.
    #expect(naming.anyName[.precision] == 4.0 / 6)
    #expect(naming.anyName[.recall] == 1)
  }

  @Test func nothingNamedHasNoShareAndWhatIsNotJudgedDoesNotCount() {
    let none = naming([box(0, 0)], [(10, 10, 0.9, 2), (110, 10, 0.9, 2)], regions: [box(100, 0)])
    #expect(none.all.rightShare == nil)
    #expect(none.all.unidentified == 1)
    let incomplete = naming([box(0, 0)], [(10, 10, 0.9, 0)], isComplete: false)
    #expect(incomplete.all.named == 0 && incomplete.all.boxes == 0)
  }
}

@Suite struct FiguresTests {
  /// Half a cell beside the box is still right, further out is not.
  @Test(arguments: [
    (46.0, 50.0, true), (45.9, 50.0, false), (74.0, 50.0, true), (74.1, 50.0, false),
    (60.0, 36.0, true), (60.0, 35.9, false), (60.0, 64.0, true), (60.0, 64.1, false),
  ])
  func inTheBoxGiveOrTakeHalfACell(_ x: Double, _ y: Double, _ isRight: Bool) {
    let sum = counts([frame([box(50, 40)], [(x, y, 0.9)])])
    #expect([sum.right, sum.wrong] == [isRight ? 1 : 0, isRight ? 0 : 1])
  }

  @Test func aBoxTakesOneDetection() {
    let sum = counts([frame([box(50, 40)], [(60, 50, 0.9), (62, 50, 0.8)])])
    #expect([sum.right, sum.wrong, sum.boxes] == [1, 1, 1])
    let figures = Figures(sum)
    #expect(figures[.precision] == 0.5)
    #expect(figures[.recall] == 1)
    #expect(figures[.f1] == 2.0 / 3)
  }

  /// The best detection lies in both boxes and nearer to the one that alone the other reaches.
  @Test func theWayWithMorePairsIsTaken() {
    let sum = counts([
      frame([box(50, 40, 40, 20), box(80, 40, 40, 20)], [(82, 50, 0.9), (55, 50, 0.8)])
    ])
    #expect([sum.right, sum.wrong] == [2, 0])
  }

  @Test func scoresAtTheThresholdTakePartAndThoseBelowDoNot() {
    let one = [frame([box(50, 40)], [(60, 50, 0.5), (150, 50, 0.499)])]
    #expect([counts(one).right, counts(one).wrong] == [1, 0])
    #expect([counts(one, from: 0.499).right, counts(one, from: 0.499).wrong] == [1, 1])
    #expect([counts(one, from: 0.51).right, counts(one, from: 0.51).boxes] == [0, 1])
  }

  /// Below the threshold a detection nearer to the centre does not push a better one out.
  @Test func whatDoesNotTakePartMatchesNothing() {
    let one = [frame([box(50, 40)], [(52, 50, 0.9), (60, 50, 0.2)])]
    #expect([counts(one).right, counts(one).wrong] == [1, 0])
  }

  @Test func regionsToIgnoreJudgeNothing() {
    let school = box(100, 0, 60, 60)
    let sum = counts([
      frame(
        [box(50, 40), box(110, 10)],
        [(60, 50, 0.9), (120, 20, 0.8), (140, 40, 0.8), (190, 90, 0.7)],
        regions: [school])
    ])
    #expect([sum.right, sum.wrong] == [2, 1])
    #expect(sum.countError == 1)
    let empty = counts([frame([], [(120, 20, 0.8)], regions: [school])])
    #expect([empty.wrong, empty.empty] == [0, 0])
  }

  @Test func incompleteLabelsCountForRecallAlone() {
    let whole = frame([box(50, 40)], [(60, 50, 0.9)])
    let part = frame(
      [box(50, 40), box(0, 0)], [(60, 50, 0.9), (150, 50, 0.9), (160, 80, 0.9)], isComplete: false)
    let figures = Figures(counts([whole, part]))
    #expect([figures[.f1], figures[.precision], figures[.countMAE]] == [1, 1, 0])
    #expect([figures[.maxNMAE], figures[.maxNBias]] == [0, 0])
    #expect(figures[.recall] == 2.0 / 3)
    #expect([figures[.recallComplete], figures[.recallIncomplete]] == [1, 0.5])
    let alone = Figures(counts([part]))
    #expect([alone[.f1], alone[.precision], alone[.maxNMAE]] == [nil, nil, nil])
    #expect(alone[.recall] == 0.5)
  }

  @Test func aClassWithoutALabelIsBackground() {
    let sum = counts([
      frame([box(50, 40, category: 1)], [(60, 50, 0.9)], classes: [0, nil])
    ])
    #expect([sum.boxes, sum.right, sum.wrong, sum.empty, sum.wrongInEmpty] == [0, 0, 1, 1, 1])
  }

  @Test func aDetectionOfAnotherLabelIsWrong() {
    let one = [
      frame(
        [box(50, 40, category: 1)], [(60, 50, 0.9), (61, 50, 0.8)], labels: [0, 1],
        classes: [0, 1], labelCount: 2)
    ]
    let both = counts(one, labels: [0, 1])
    #expect([both.right, both.wrong, both.boxes] == [1, 1, 1])
    #expect([counts(one, labels: [0]).right, counts(one, labels: [0]).wrong] == [0, 1])
    #expect([counts(one, labels: [1]).right, counts(one, labels: [1]).wrong] == [1, 0])
  }

  @Test func countsAndMaxN() {
    let frames = [
      frame([box(0, 0), box(50, 40)], [(10, 10, 0.9)]),
      frame([box(0, 0)], [(10, 10, 0.9), (100, 50, 0.9), (150, 50, 0.9), (180, 90, 0.9)]),
      frame([], [(10, 10, 0.9)]), frame([], []),
    ]
    let figures = Figures(counts(frames))
    #expect(figures[.countMAE] == 1.25)
    #expect(figures[.countBias] == 0.75)
    #expect(figures[.falsePositivesPerEmptyImage] == 0.5)
    // The most in a frame: 2 by the labels, 4 found.
    #expect([figures[.maxNMAE], figures[.maxNBias], figures[.maxNRelativeBias]] == [2, 2, 1])
    var two = counts(frames)
    two.add(counts([frame([box(0, 0), box(50, 40)], [(10, 10, 0.9)])]))
    let both = Figures(two)
    #expect([both[.maxNMAE], both[.maxNBias]] == [1.5, 0.5])
    #expect([both[.maxNRelativeBias], both[.maxNRelativeMAE]] == [0.25, 0.75])
  }

  /// A fifth of the picture, each axis by its own side: 40 pixels across, 20 down.
  @Test(arguments: [
    (100.0, 50.0, true), (100.1, 50.0, false), (60.0, 70.0, true), (60.0, 70.1, false),
    (88.2, 64.1, true), (88.4, 64.3, false),
  ])
  func withinAFifthOfThePictureOfTheCentre(_ x: Double, _ y: Double, _ isRight: Bool) {
    let sum = counts([frame([box(50, 40)], [(x, y, 0.9)])])
    #expect([sum.nearRight, sum.nearWrong] == [isRight ? 1 : 0, isRight ? 0 : 1])
  }

  /// Right, wrong, right by falling score, of three boxes: (1/3, 1), then (2/3, 2/3).
  @Test func averagePrecisionByHand() throws {
    let one = frame(
      [box(0, 0), box(50, 40), box(150, 70)], [(10, 10, 0.9), (100, 10, 0.8), (60, 50, 0.7)])
    let curve = PrecisionCurve([[one]], label: 0, by: \.inBox)
    let (third, twoThirds) = (1.0 / 3, 2.0 / 3)
    #expect(curve.points().map(\.recall) == [third, third, twoThirds])
    #expect(curve.points().map(\.precision) == [1, 0.5, twoThirds])
    let area = try #require(curve.average())
    #expect(abs(area - 5.0 / 9) < 1e-12)
    #expect(PrecisionCurve([[frame([], [(1, 1, 0.9)])]], label: 0, by: \.inBox).average() == nil)
    let part = frame([box(0, 0)], [(100, 10, 0.95)], isComplete: false)
    #expect(PrecisionCurve([[one], [part]], label: 0, by: \.inBox).average() == curve.average())
    #expect(curve.average(weights: [3]) == curve.average())
    #expect(curve.average(weights: [0]) == nil)
  }

  /// An overlap of half the union is right, whatever the centroid does.
  @Test(arguments: [(20.0, 20.0, 1), (10.0, 20.0, 1), (9.9, 20.0, 0), (40.0, 20.0, 1), (41, 20, 0)])
  func overlapOfBoxes(_ width: Double, _ height: Double, _ right: Int) {
    let one = frame([box(50, 40)], [(60, 50, 0.9)], sizes: [(width, height)])
    #expect(one.labels[0].overlap.right == [0, right])
  }

  @Test func reliabilityByHand() throws {
    // Scores 0.9 and 0.95 right, 0.62 wrong, 0.66 right.
    let one = frame(
      [box(0, 0), box(50, 40), box(150, 70)],
      [(10, 10, 0.9), (60, 50, 0.95), (100, 10, 0.62), (160, 80, 0.66)])
    let bins = PrecisionCurve.reliability([PrecisionCurve([[one]], label: 0, by: \.inBox)])
    #expect([bins[9].detections, bins[9].right] == [2, 2])
    #expect([bins[6].detections, bins[6].right] == [2, 1])
    #expect(bins[6].rightShare == 0.5)
    // Two are 0.075 off, two 0.14.
    let error = try #require(ReliabilityBin.error(bins))
    #expect(abs(error - 0.1075) < 1e-12)
    #expect(ReliabilityBin.error([]) == nil)
  }

  @Test func theBestThresholdIsTheMiddleOfThePlateau() {
    let points = [(0.1, 0.2), (0.2, 0.8), (0.3, 0.8), (0.4, 0.8), (0.5, 0.3), (0.6, 0.8)]
    #expect(Evaluation.best(points.map { ($0.0, $0.1) }) == 0.3)
    #expect(Evaluation.best([(0.1, nil)]) == nil)
  }
}

@Suite struct ResamplingTests {
  private func figures(_ videos: [Counts]) -> ([Int]) -> Figures {
    { weights in
      var sum = Counts()
      for (video, weight) in zip(videos, weights) { sum.add(video, times: weight) }
      return Figures(sum)
    }
  }

  @Test func likeVideosLeaveNoDoubt() throws {
    let video = counts([frame([box(0, 0), box(50, 40)], [(10, 10, 0.9)])])
    let interval = try #require(
      Resampling.intervals([0, 1, 2], of: 3, figures([video, video, video]))[.recall])
    #expect(interval == 0.5...0.5)
  }

  /// Many frames of two videos are two samples: each alone is drawn a quarter of the time.
  @Test func videosAreDrawnNotFrames() throws {
    let good = counts(Array(repeating: frame([box(0, 0)], [(10, 10, 0.9)]), count: 500))
    let bad = counts(Array(repeating: frame([box(0, 0)], []), count: 500))
    let interval = try #require(
      Resampling.intervals([0, 1], of: 2, figures([good, bad]))[.recall])
    #expect(interval == 0...1)
    let again = Resampling.intervals([0, 1], of: 2, figures([good, bad]))[.recall]
    #expect(again == interval)
  }

  @Test func oneVideoHasNoInterval() {
    let video = counts([frame([box(0, 0)], [(10, 10, 0.9)])])
    #expect(Resampling.intervals([0], of: 1, figures([video])).isEmpty)
  }

  /// The share right of eight videos, seven of them good: the binomial's 2.5 % and 97.5 %.
  @Test func knownDistribution() throws {
    let good = counts([frame([box(0, 0)], [(10, 10, 0.9)])])
    let bad = counts([frame([box(0, 0)], [])])
    let videos = Array(repeating: good, count: 15) + [bad]
    let interval = try #require(
      Resampling.intervals(Array(0..<16), of: 16, figures(videos))[.recall])
    #expect(abs(interval.lowerBound - 0.8125) < 1e-9)
    #expect(interval.upperBound == 1)
  }

  @Test func quantilesLieBetweenNeighbours() {
    #expect(Resampling.quantile([0, 10, 20, 30, 40], 0.25) == 10)
    #expect(Resampling.quantile([0, 10], 0.25) == 2.5)
    #expect(Resampling.quantile([3], 0.9) == 3)
  }
}
