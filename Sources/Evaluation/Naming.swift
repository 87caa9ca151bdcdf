public import Detection
internal import Survey

/// How well the fish of an open set are named at the thresholds, in frames with complete labels.
public struct Naming: Sendable, Equatable {
  /// What became of a class, or of all.
  public struct Row: Sendable, Equatable {
    /// The model's label.
    public var label: String
    /// Fish of it.
    public var boxes = 0
    /// Judged detections with this name, and how many of these lie in a box of it.
    public var named = 0, right = 0
    /// Fish of it that are found without a name; of all, judged detections without a name.
    public var unidentified = 0

    /// Share of right ones among the named; `nil` where none is.
    public var rightShare: Double? { named > 0 ? Double(right) / Double(named) : nil }
  }

  /// All labels of the set; of these, the named ones.
  public private(set) var all: Row
  /// Label by label, the set's own last.
  public private(set) var byClass: [Row]
  /// F1, precision and recall of what is found, whatever it is named.
  public private(set) var anyName: Figures

  /// Counts names.
  ///
  /// - Parameters:
  ///   - videos: the same frames, matched label by label, and behind the labels as one.
  ///   - openSet: labels of the set, its own last.
  init(
    _ truth: TruthSet, _ seen: [SeenVideo], _ videos: [[ScoredFrame]], classes: ClassMap,
    names: [String], openSet: [Int], thresholds: [Double]
  ) {
    let own = openSet[openSet.count - 1]
    var rows = Dictionary(uniqueKeysWithValues: openSet.map { ($0, Row(label: names[$0])) })
    all = Row(label: "all")
    var together = Counts()
    let levels = thresholds + [thresholds[own]]
    for (video, found) in zip(truth.videos, zip(seen, videos)) {
      together.add(Counts(found.1, labels: [names.count], thresholds: levels))
      for ((frame, seen), scored) in zip(zip(video.frames, found.0.frames), found.1)
      where frame.isComplete {
        for label in openSet {
          let score = scored.labels[label]
          rows[label]?.boxes += score.boxes
          if label == own { continue }
          let count = score.count(from: thresholds[label])
          rows[label]?.named += count - score.inBox.beside[count]
          rows[label]?.right += score.inBox.right[count]
        }
        let nameless = Self.nameless(
          frame, seen, classes: classes, openSet: Set(openSet), own: own, thresholds: thresholds)
        all.unidentified += nameless.judged
        for label in nameless.labels { rows[label]?.unidentified += 1 }
      }
    }
    byClass = openSet.compactMap { rows[$0] }
    all.boxes = byClass.reduce(0) { $0 + $1.boxes }
    all.named = byClass.reduce(0) { $0 + $1.named }
    all.right = byClass.reduce(0) { $0 + $1.right }
    anyName = Figures(together)
  }

  /// Detections without a name in a frame: those that are judged, and the labels of the fish whose
  /// boxes they take when names do not matter.
  private static func nameless(
    _ frame: TruthSet.Frame, _ seen: SeenFrame, classes: ClassMap, openSet: Set<Int>, own: Int,
    thresholds: [Double]
  ) -> (judged: Int, labels: [Int]) {
    let boxes = frame.boxes.filter { classes.labels[$0.category].map(openSet.contains) ?? false }
    let found = seen.detections
      .filter { openSet.contains($0.label) && $0.score >= thresholds[$0.label] }
      .enumerated()
      .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
    var matching = OneToOne(
      found.map { one in boxes.map { MatchRule.inBox.cost(one, $0, in: seen) } })
    for _ in found { matching.addRow() }
    var (judged, labels) = (0, [Int]())
    for (detection, column) in zip(found, matching.columns) where detection.label == own {
      if let column {
        judged += 1
        if let label = classes.labels[boxes[column].category] { labels.append(label) }
      } else {
        let (x, y) = (detection.x * seen.width, detection.y * seen.height)
        let isBeside = frame.regions.contains { seen.holds($0, x, y) }
        judged += isBeside ? 0 : 1
      }
    }
    return (judged, labels)
  }
}
