internal import Foundation

extension Evaluation {
  /// What the figures depend on, line by line.
  public var preamble: [String] {
    let of = { (count: Int, word: String, plural: String) in
      "\(count) \(count == 1 ? word : plural)"
    }
    var lines = [
      of(all.counts.images, "image", "images") + " of " + of(all.videoCount, "video", "videos")
        + ", \(all.counts.boxes + all.counts.boxesIncomplete) fish"
    ]
    let incomplete = all.counts.images - all.counts.complete
    if incomplete > 0 {
      lines.append(
        of(incomplete, "image has", "images have")
          + " incomplete labels: recall is of all, every other figure of the rest")
    }
    if truth.droppedBoxes > 0 {
      lines.append(of(truth.droppedBoxes, "box", "boxes") + " under two pixels dropped")
    }
    let mapped = zip(truth.categories, classes.labels).map { category, label in
      "\(category) → \(label.map(name) ?? "background")"
    }
    lines.append("classes: " + mapped.joined(separator: ", "))
    let levels =
      commonThreshold.map { String(format: "%.2f", $0) }
      ?? labels.map { name($0) + String(format: " %.2f", thresholds[$0]) }.joined(separator: ", ")
    let origin =
      switch choice {
      case .card: "the card's"
      case .given: "as given"
      case .best: "the best on this truth, so that figures are flattering"
      }
    lines.append("threshold: \(levels) (\(origin))")
    if let margin {
      lines.append(
        String(format: "centroids up to %.1f pixels beside a box are right (as given)", margin))
    }
    lines.append("decoder: \(decoder); kernels: \(kernels)")
    return lines + notes
  }

  /// Figures that stand in no table, line by line.
  public var afterword: [String] {
    let figures = all.figures
    let text = { (figure: Figure) in figures[figure].map { String(format: "%.3f", $0) } ?? "–" }
    var lines: [String] = []
    if let naming {
      let share = naming.all.rightShare.map { String(format: " (%.0f %%)", $0 * 100) } ?? ""
      lines.append(
        "Named \(naming.all.named), of these \(naming.all.right) right\(share); "
          + "\(naming.all.unidentified) unidentified.")
      let any = { (figure: Figure) in
        naming.anyName[figure].map { String(format: "%.3f", $0) } ?? "–"
      }
      lines.append(
        "Whatever the name: F1 \(any(.f1)), precision \(any(.precision)), recall "
          + "\(any(.recall)).")
    }
    if labels.count > 1 { lines.append("Macro-F1 \(text(.macroF1)), the mean of the classes' F1.") }
    lines.append(
      "Right within 20 % of the picture of a box's centre: F1 \(text(.nearCentreF1)), precision "
        + "\(text(.nearCentrePrecision)), recall \(text(.nearCentreRecall)).")
    if figures[.averagePrecisionIoU50] != nil {
      lines.append("By overlap of boxes (IoU 0.5): AP \(text(.averagePrecisionIoU50)).")
    }
    if figures[.recallIncomplete] != nil {
      lines.append(
        "Recall where labels are complete \(text(.recallComplete)), where they are incomplete "
          + "\(text(.recallIncomplete)).")
    }
    let sizes = zip(
      SizeClass.allCases, [Figure.recallSmall, .recallMedium, .recallLarge]
    ).map { "\($0.rawValue) \(text($1)) (\(all.counts.boxesBySize[$0]))" }
    lines.append(
      "Recall by size (root of the box's area under 32, under 96, 96 pixels and more): "
        + sizes.joined(separator: ", ") + ".")
    if let bestThreshold, choice != .best,
      let best = byThreshold.first(where: { $0.threshold == bestThreshold })?.figures[.f1]
    {
      lines.append(
        String(format: "The best threshold on this truth would be %.2f, ", bestThreshold)
          + String(format: "with F1 %.3f.", best))
    }
    if figures[.calibrationError] != nil {
      lines.append(
        "Scores differ from the share of right detections by \(text(.calibrationError)) on average."
      )
    }
    return lines
  }
}
