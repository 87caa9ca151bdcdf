/// Sums over frames from which figures are made; of one video, or of several added up.
struct Counts: Sendable, Equatable {
  /// Frames looked at, those with complete labels, and those of them without an individual.
  var images = 0, complete = 0, empty = 0
  /// Boxes in frames with complete and with incomplete labels.
  var boxes = 0, boxesIncomplete = 0
  /// Right detections in both kinds of frames.
  var right = 0, rightIncomplete = 0
  /// Wrong detections in complete frames, and in those without an individual.
  var wrong = 0, wrongInEmpty = 0
  /// Boxes and those found by size, in both kinds of frames.
  var boxesBySize = BySize(), rightBySize = BySize()
  /// Right and wrong by the distance to the box's centre.
  var nearRight = 0, nearWrong = 0
  /// Sums of found − true individuals over complete frames: of absolute values, and as they are.
  var absoluteCountError = 0, countError = 0
  /// Sums over videos with complete frames: their number; true and found MaxN; found − true,
  /// absolute and as it is.
  var maxNVideos = 0, maxNTrue = 0, maxNFound = 0, maxNAbsoluteError = 0, maxNError = 0
  /// Sums over those videos with a true MaxN above 0: their number; (found − true) ÷ true,
  /// absolute and as it is.
  var maxNPresent = 0, maxNAbsoluteRelativeError = 0.0, maxNRelativeError = 0.0

  /// Adds other counts, some times over.
  mutating func add(_ other: Counts, times: Int = 1) {
    images += other.images * times
    complete += other.complete * times
    empty += other.empty * times
    boxes += other.boxes * times
    boxesIncomplete += other.boxesIncomplete * times
    right += other.right * times
    rightIncomplete += other.rightIncomplete * times
    wrong += other.wrong * times
    wrongInEmpty += other.wrongInEmpty * times
    boxesBySize.add(other.boxesBySize, times: times)
    rightBySize.add(other.rightBySize, times: times)
    nearRight += other.nearRight * times
    nearWrong += other.nearWrong * times
    absoluteCountError += other.absoluteCountError * times
    countError += other.countError * times
    maxNVideos += other.maxNVideos * times
    maxNTrue += other.maxNTrue * times
    maxNFound += other.maxNFound * times
    maxNAbsoluteError += other.maxNAbsoluteError * times
    maxNError += other.maxNError * times
    maxNPresent += other.maxNPresent * times
    maxNAbsoluteRelativeError += other.maxNAbsoluteRelativeError * Double(times)
    maxNRelativeError += other.maxNRelativeError * Double(times)
  }

  /// Counts one video's frames.
  ///
  /// - Parameters:
  ///   - labels: labels that take part; counts are of all of them together.
  ///   - thresholds: score from which a detection takes part, by label.
  init(_ frames: [ScoredFrame], labels: [Int], thresholds: [Double]) {
    var (maxNTrue, maxNFound) = (0, 0)
    for frame in frames {
      let tally = frame.tally(labels: labels, thresholds: thresholds)
      images += 1
      boxesBySize.add(tally.boxesBySize)
      rightBySize.add(tally.rightBySize)
      guard frame.isComplete else {
        boxesIncomplete += tally.boxes
        rightIncomplete += tally.right
        continue
      }
      complete += 1
      boxes += tally.boxes
      right += tally.right
      wrong += tally.found - tally.right
      nearRight += tally.nearRight
      nearWrong += tally.nearFound - tally.nearRight
      absoluteCountError += abs(tally.found - tally.boxes)
      countError += tally.found - tally.boxes
      if tally.boxes == 0 && !frame.hasRegions {
        empty += 1
        wrongInEmpty += tally.found
      }
      maxNTrue = max(maxNTrue, tally.boxes)
      maxNFound = max(maxNFound, tally.found)
    }
    guard complete > 0 else { return }
    maxNVideos = 1
    self.maxNTrue = maxNTrue
    self.maxNFound = maxNFound
    maxNError = maxNFound - maxNTrue
    maxNAbsoluteError = abs(maxNError)
    if maxNTrue > 0 {
      maxNPresent = 1
      maxNRelativeError = Double(maxNError) / Double(maxNTrue)
      maxNAbsoluteRelativeError = abs(maxNRelativeError)
    }
  }

  /// Nothing counted.
  init() {}
}

/// A frame's detections, matched label by label.
struct ScoredFrame: Sendable {
  /// By label, and behind them of an open set's labels as one.
  var labels: [LabelScore]
  /// Whether every individual has a box.
  var isComplete: Bool
  /// Whether there are regions in which nothing is judged.
  var hasRegions: Bool

  /// Matches what was seen in a frame with its truth.
  ///
  /// - Parameter openSet: labels that are also scored as one.
  init(
    _ frame: TruthSet.Frame, _ seen: SeenFrame, classes: ClassMap, labelCount: Int,
    openSet: [Int] = []
  ) {
    isComplete = frame.isComplete
    hasRegions = !frame.regions.isEmpty
    var sets = (0..<labelCount).map { Set([$0]) }
    if !openSet.isEmpty { sets.append(Set(openSet)) }
    labels = sets.map { set in
      let boxes = frame.boxes.filter { classes.labels[$0.category].map(set.contains) ?? false }
      return LabelScore(set, in: seen, boxes: boxes, regions: frame.regions)
    }
  }

  /// What counts at a threshold; detections that are not judged are left out of `found`.
  struct Tally {
    var boxes = 0, found = 0, right = 0, nearFound = 0, nearRight = 0
    var boxesBySize = BySize(), rightBySize = BySize()
  }

  /// Adds up labels at their thresholds.
  func tally(labels chosen: [Int], thresholds: [Double]) -> Tally {
    var tally = Tally()
    for index in chosen {
      let label = labels[index]
      let count = label.count(from: thresholds[index])
      tally.boxes += label.boxes
      tally.found += count - label.inBox.beside[count]
      tally.right += label.inBox.right[count]
      tally.boxesBySize.add(label.boxesBySize)
      tally.rightBySize.add(label.inBox.rightBySize[count])
      tally.nearFound += count - label.nearCentre.beside[count]
      tally.nearRight += label.nearCentre.right[count]
    }
    return tally
  }
}
