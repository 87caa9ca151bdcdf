internal import Survey

/// The detections of one label, or of some as one, in one frame against its boxes, for every threshold at once.
///
/// Detections stand by falling score, so those from a threshold up are the first n.
struct LabelScore: Sendable {
  /// How many of the first n are right, and how many are not judged; n from 0 to all.
  struct Steps: Sendable, Equatable {
    var right = [0]
    var beside = [0]
    /// Right ones by the size of the box that they took.
    var rightBySize = [BySize()]
  }

  /// The scores, falling.
  var scores: [Double]
  /// Boxes of the label.
  var boxes: Int
  /// The same by size.
  var boxesBySize: BySize
  /// By centroid in the box.
  var inBox: Steps
  /// By centroid within 20 % of the picture of the box's centre.
  var nearCentre: Steps
  /// By overlap of boxes; empty steps where detections have none.
  var overlap: Steps

  /// Matches the detections of labels, whichever they have, with boxes.
  ///
  /// - Parameters:
  ///   - boxes: the individuals that are to be found as these labels.
  ///   - regions: where nothing is judged: a detection there that is not right counts nowhere.
  init(_ labels: Set<Int>, in frame: SeenFrame, boxes: [TruthSet.Box], regions: [TruthSet.Box]) {
    let found = frame.found(of: labels)
    let isBeside = found.map { frame.isBeside($0, regions) }
    scores = found.map(\.score)
    self.boxes = boxes.count
    boxesBySize = BySize(boxes)
    let steps = { (rule: MatchRule) in Self.steps(rule, found, isBeside, boxes, frame) }
    inBox = steps(.inBox)
    nearCentre = steps(.nearCentre(0.2))
    overlap = found.contains { $0.width == nil } ? Steps() : steps(.overlap(0.5))
  }

  private static func steps(
    _ rule: MatchRule, _ found: [Detection], _ isBeside: [Bool], _ boxes: [TruthSet.Box],
    _ frame: SeenFrame
  ) -> Steps {
    var matching = OneToOne(found.map { one in boxes.map { rule.cost(one, $0, in: frame) } })
    var steps = Steps()
    for count in found.indices.map({ $0 + 1 }) {
      matching.addRow()
      let columns = matching.columns
      steps.right.append(columns.count { $0 != nil })
      steps.rightBySize.append(BySize(columns.compactMap { $0 }.map { boxes[$0] }))
      steps.beside.append((0..<count).count { columns[$0] == nil && isBeside[$0] })
    }
    return steps
  }

  /// How many detections a threshold lets through.
  func count(from threshold: Double) -> Int {
    var (low, high) = (0, scores.count)
    while low < high {
      let middle = (low + high) / 2
      if scores[middle] >= threshold { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
