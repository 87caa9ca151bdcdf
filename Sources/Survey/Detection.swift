/// One individual that a model found in one frame.
public struct Detection: Hashable, Sendable {
  /// Index into the run's labels, background aside.
  public var label: Int
  /// Normalised distance from the upright frame's left edge, 0…1.
  public var x: Double
  /// Normalised distance from the upright frame's upper edge, 0…1.
  public var y: Double
  /// The model's score, 0…1.
  public var score: Double
  /// Normalised width of a box around the centroid, where the model or decoder gives one.
  public var width: Double?
  /// Normalised height of a box around the centroid, where the model or decoder gives one.
  public var height: Double?

  /// A detection at a centroid.
  public init(
    label: Int, x: Double, y: Double, score: Double, width: Double? = nil, height: Double? = nil
  ) {
    self.label = label
    self.x = x
    self.y = y
    self.score = score
    self.width = width
    self.height = height
  }
}

/// What a reviewer can say about a detection, a frame or a recording.
///
/// Verdicts are only ever added; the newest on a thing counts.
public enum VerdictKind: String, Sendable, CaseIterable {
  /// The detection is right.
  case confirm
  /// The detection is not an individual of any label.
  case reject
  /// The detection is of another label.
  case rename
  /// An individual that the machine did not find.
  case add
  /// The detection's centroid lies elsewhere.
  case move
  /// A frame or a recording cannot be used.
  case unusable
  /// A remark without effect on counts.
  case comment
  /// An earlier verdict is taken back.
  case undo
}
