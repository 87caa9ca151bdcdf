/// One label's detections in complete frames by falling score: precision and recall at every
/// threshold.
///
/// Average precision is the area under precision over recall, where each recall has the highest
/// precision that is reached there or beyond (all points, as VOC since 2010). The curve ends at the
/// model's floor, below which there are no detections.
struct PrecisionCurve: Sendable {
  /// What one more detection changes.
  private struct Step: Sendable {
    var score: Double
    var video: Int
    var right: Int
    var judged: Int
  }

  private var steps: [Step] = []
  /// Boxes in complete frames, by video.
  private var boxes: [Int]

  /// The curve of a label over videos.
  ///
  /// - Parameter by: which of the label's matchings counts.
  init(_ videos: [[ScoredFrame]], label: Int, by rule: KeyPath<LabelScore, LabelScore.Steps>) {
    var boxes = [Int](repeating: 0, count: videos.count)
    for (video, frames) in videos.enumerated() {
      for frame in frames where frame.isComplete {
        let score = frame.labels[label]
        let matched = score[keyPath: rule]
        boxes[video] += score.boxes
        for index in 0..<(matched.right.count - 1) {
          steps.append(
            Step(
              score: score.scores[index], video: video,
              right: matched.right[index + 1] - matched.right[index],
              judged: 1 - matched.beside[index + 1] + matched.beside[index]))
        }
      }
    }
    self.boxes = boxes
    steps.sort { ($1.score, $0.video) < ($0.score, $1.video) }
  }

  /// The same curve of some videos alone.
  func only(_ videos: Set<Int>) -> PrecisionCurve {
    var curve = self
    curve.steps.removeAll { !videos.contains($0.video) }
    curve.boxes = boxes.indices.map { videos.contains($0) ? boxes[$0] : 0 }
    return curve
  }

  /// Precision and recall after each distinct score.
  ///
  /// - Parameter weights: how many times each video counts; `nil` is once.
  /// - Returns: nothing where there is no box.
  func points(weights: [Int]? = nil) -> [(recall: Double, precision: Double)] {
    let all = boxCount(weights)
    guard all > 0 else { return [] }
    var points: [(recall: Double, precision: Double)] = []
    var (right, judged) = (0, 0)
    for (index, step) in steps.enumerated() {
      let times = weights?[step.video] ?? 1
      right += step.right * times
      judged += step.judged * times
      let isLast = index + 1 == steps.count || steps[index + 1].score != step.score
      if isLast, judged > 0 {
        points.append((Double(right) / Double(all), Double(right) / Double(judged)))
      }
    }
    return points
  }

  /// Average precision; `nil` where there is no box.
  func average(weights: [Int]? = nil) -> Double? {
    guard boxCount(weights) > 0 else { return nil }
    let points = points(weights: weights)
    var (area, best) = (0.0, 0.0)
    for (index, point) in points.enumerated().reversed() {
      best = max(best, point.precision)
      area += (point.recall - (index > 0 ? points[index - 1].recall : 0)) * best
    }
    return area
  }

  private func boxCount(_ weights: [Int]?) -> Int {
    boxes.indices.reduce(0) { $0 + boxes[$1] * (weights?[$1] ?? 1) }
  }

  /// Scores against the share of right ones, in ten bins of equal width.
  static func reliability(_ curves: [PrecisionCurve]) -> [ReliabilityBin] {
    var bins = (0..<10).map { ReliabilityBin(from: Double($0) / 10, to: Double($0 + 1) / 10) }
    for curve in curves {
      var start = 0
      while start < curve.steps.count {
        // Detections of one score share what is right among them.
        let score = curve.steps[start].score
        var end = start
        while end < curve.steps.count, curve.steps[end].score == score { end += 1 }
        let index = min(9, max(0, Int(score * 10)))
        for step in curve.steps[start..<end] {
          bins[index].detections += step.judged
          bins[index].right += step.right
          bins[index].scores += score * Double(step.judged)
        }
        start = end
      }
    }
    return bins
  }
}

/// Detections of like scores, and how many of them are right.
///
/// A detection is right here when it adds a match to those that score higher.
public struct ReliabilityBin: Sendable, Equatable {
  /// Lower bound of the scores, and the upper one, which only the last bin includes.
  public var from: Double, to: Double
  /// Judged detections.
  public var detections = 0
  /// Right ones among them.
  public var right = 0
  /// Sum of their scores.
  var scores = 0.0

  /// Mean score; `nil` where there are none.
  public var meanScore: Double? { detections > 0 ? scores / Double(detections) : nil }
  /// Share of right ones; `nil` where there are none.
  public var rightShare: Double? { detections > 0 ? Double(right) / Double(detections) : nil }

  init(from: Double, to: Double) {
    self.from = from
    self.to = to
  }

  /// Mean distance of score and share of right ones, by number of detections.
  static func error(_ bins: [ReliabilityBin]) -> Double? {
    let all = bins.reduce(0) { $0 + $1.detections }
    guard all > 0 else { return nil }
    return bins.reduce(0.0) { $0 + abs(Double($1.right) - $1.scores) } / Double(all)
  }
}
