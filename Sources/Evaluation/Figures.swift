/// A figure of merit, named as in JSON and CSV.
public enum Figure: String, Sendable, CaseIterable {
  /// Twice the right ones over detections and boxes together; complete frames only.
  case f1
  /// Right detections over all; complete frames only.
  case precision
  /// Boxes found over all boxes, those of incomplete frames too.
  case recall
  /// Boxes found over all boxes of complete frames.
  case recallComplete = "recall_complete"
  /// Boxes found over all boxes of incomplete frames.
  case recallIncomplete = "recall_incomplete"
  /// Boxes found over all boxes of those whose area's root is under 32 pixels as annotated.
  case recallSmall = "recall_small"
  /// The same from 32 to under 96 pixels.
  case recallMedium = "recall_medium"
  /// The same from 96 pixels up.
  case recallLarge = "recall_large"
  /// Mean of the labels' F1, of those that have boxes in complete frames.
  case macroF1 = "macro_f1"
  /// Area under the curve of precision over recall; mean of the labels that have boxes.
  case averagePrecision = "average_precision"
  /// The same by overlap of boxes (IoU 0.5), where detections have boxes.
  case averagePrecisionIoU50 = "average_precision_iou50"
  /// Mean of |found − true| individuals in a complete frame.
  case countMAE = "count_mae"
  /// Mean of found − true individuals in a complete frame.
  case countBias = "count_bias"
  /// Detections in a complete frame that has no individual.
  case falsePositivesPerEmptyImage = "false_positives_per_empty_image"
  /// Mean of |found − true| MaxN of a video.
  case maxNMAE = "max_n_mae"
  /// Mean of found − true MaxN of a video.
  case maxNBias = "max_n_bias"
  /// Mean of (found − true) ÷ true MaxN, of videos where the true one is above 0.
  case maxNRelativeBias = "max_n_relative_bias"
  /// Mean of |found − true| ÷ true MaxN, of videos where the true one is above 0.
  case maxNRelativeMAE = "max_n_relative_mae"
  /// F1 where a detection is right within 20 % of the picture of the box's centre.
  case nearCentreF1 = "near_centre_f1"
  /// Precision by that rule.
  case nearCentrePrecision = "near_centre_precision"
  /// Recall by that rule, of complete frames.
  case nearCentreRecall = "near_centre_recall"
  /// Expected calibration error: mean distance of score and share of right ones, in ten bins.
  case calibrationError = "calibration_error"
}

/// Figures by name; those that nothing tells about are absent.
public struct Figures: Sendable, Equatable {
  private var values: [Figure: Double] = [:]

  /// No figures.
  public init() {}

  /// One of them; `nil` where nothing tells about it, such as precision where nothing was found.
  public subscript(_ figure: Figure) -> Double? {
    get { values[figure] }
    set { values[figure] = newValue }
  }

  /// Figures that counts give.
  init(_ counts: Counts) {
    let share = { (part: Int, whole: Int) -> Double? in
      whole > 0 ? Double(part) / Double(whole) : nil
    }
    let f1 = { (right: Int, wrong: Int) in share(2 * right, right + wrong + counts.boxes) }
    self[.f1] = f1(counts.right, counts.wrong)
    self[.precision] = share(counts.right, counts.right + counts.wrong)
    self[.recall] = share(
      counts.right + counts.rightIncomplete, counts.boxes + counts.boxesIncomplete)
    self[.recallComplete] = share(counts.right, counts.boxes)
    self[.recallIncomplete] = share(counts.rightIncomplete, counts.boxesIncomplete)
    for (size, figure) in zip(
      SizeClass.allCases, [Figure.recallSmall, .recallMedium, .recallLarge])
    {
      self[figure] = share(counts.rightBySize[size], counts.boxesBySize[size])
    }
    self[.countMAE] = share(counts.absoluteCountError, counts.complete)
    self[.countBias] = share(counts.countError, counts.complete)
    self[.falsePositivesPerEmptyImage] = share(counts.wrongInEmpty, counts.empty)
    self[.maxNMAE] = share(counts.maxNAbsoluteError, counts.maxNVideos)
    self[.maxNBias] = share(counts.maxNError, counts.maxNVideos)
    if counts.maxNPresent > 0 {
      self[.maxNRelativeBias] = counts.maxNRelativeError / Double(counts.maxNPresent)
      self[.maxNRelativeMAE] = counts.maxNAbsoluteRelativeError / Double(counts.maxNPresent)
    }
    self[.nearCentreF1] = f1(counts.nearRight, counts.nearWrong)
    self[.nearCentrePrecision] = share(counts.nearRight, counts.nearRight + counts.nearWrong)
    self[.nearCentreRecall] = share(counts.nearRight, counts.boxes)
  }
}
