internal import Foundation
internal import Survey

/// When a detection is right about a box.
enum MatchRule: Sendable {
  /// Its centroid lies in the box, give or take a margin (half an output cell).
  case inBox
  /// Its centroid is no further from the box's centre than this share of the picture, each axis
  /// measured by its own side: how Edge Impulse scores FOMO, with 0.2.
  case nearCentre(Double)
  /// Its box and the box share at least this part of their union.
  case overlap(Double)

  /// How far apart a pair is; `nil` where it is none.
  func cost(_ detection: Detection, _ box: TruthSet.Box, in frame: SeenFrame) -> Double? {
    let (x, y) = (detection.x * frame.width, detection.y * frame.height)
    let (dx, dy) = (x - box.left - box.width / 2, y - box.top - box.height / 2)
    switch self {
    case .inBox: return frame.holds(box, x, y) ? hypot(dx, dy) : nil
    case .nearCentre(let share):
      let distance = hypot(dx / frame.width, dy / frame.height)
      return distance <= share ? distance : nil
    case .overlap(let least):
      guard let width = detection.width, let height = detection.height else { return nil }
      let (w, h) = (width * frame.width, height * frame.height)
      let across = min(x + w / 2, box.left + box.width) - max(x - w / 2, box.left)
      let down = min(y + h / 2, box.top + box.height) - max(y - h / 2, box.top)
      guard across > 0, down > 0 else { return nil }
      let share = across * down / (w * h + box.width * box.height - across * down)
      return share >= least ? 1 - share : nil
    }
  }
}

/// What a model found in a frame, and the frame's measures.
struct SeenFrame: Sendable, Equatable {
  /// Detections from the floor up.
  var detections: [Detection]
  /// Size in pixels as annotated.
  var width: Double, height: Double
  /// Half an output cell in those pixels; 0 where the model gives boxes.
  var marginX: Double, marginY: Double

  /// Detections of labels by falling score; of equal scores the decoder's order stays.
  func found(of labels: Set<Int>) -> [Detection] {
    detections.filter { labels.contains($0.label) }.enumerated()
      .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)
  }

  /// Whether a detection lies in a region in which nothing is judged.
  func isBeside(_ detection: Detection, _ regions: [TruthSet.Box]) -> Bool {
    regions.contains { holds($0, detection.x * width, detection.y * height) }
  }

  /// Whether a point, in pixels as annotated, lies in a box, give or take the margin.
  func holds(_ box: TruthSet.Box, _ x: Double, _ y: Double) -> Bool {
    x >= box.left - marginX && x <= box.left + box.width + marginX && y >= box.top - marginY
      && y <= box.top + box.height + marginY
  }
}
