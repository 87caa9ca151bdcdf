public import SpeciesCatalog
public import Survey

/// Where windows lie on a frame.
public struct WindowSteps: Sendable, Hashable {
  /// Side of the square windows, in pixels of the upright frame at its own size.
  public var size: Int
  /// Pixels from one window to the next, across and down.
  public var stride: Int

  /// Windows of a size, each `stride` pixels from the last.
  ///
  /// - Precondition: both are above 0.
  public init(size: Int, stride: Int) {
    precondition(size > 0 && stride > 0, "windows have a size and a stride")
    self.size = size
    self.stride = stride
  }
}

/// Slides a classifier over frames at their own size; not for two threads at once.
///
/// `windows` gives every window that has a label, and `detect` one detection an individual.
public final class WindowDetector {
  /// Where windows lie.
  public let steps: WindowSteps
  /// The card's labels; `label` of a detection is a place in this list.
  public let labels: [ModelCard.Label]
  /// Score from which detections of each of `labels` count.
  public let thresholds: [Double]
  /// Score from which detections are given.
  public let floor: Double
  /// How far apart centres of one individual's windows may lie, in sides of a window: those that
  /// touch are in, whatever the step.
  static let reach = 1.25
  private let classifier: Classifier
  private let wanted: Set<Int>

  /// Prepares a classifier.
  ///
  /// - Parameters:
  ///   - label: the label that windows are to have; `nil` is every one but those of nothing
  ///     (`background`, `no fish`, `not fish`, `empty`, `other`).
  ///   - options: the threshold and how inference runs; a classifier has no grid for its decoder.
  /// - Throws: `DetectionError` where the model is no classifier or has no such label.
  public init(
    _ model: LoadedModel, _ steps: WindowSteps, label: String? = nil,
    options: DetectorOptions = DetectorOptions()
  ) throws(DetectionError) {
    guard model.card.task == .labels else { throw .windows(file: model.path) }
    classifier = try Classifier(model, inference: options.inference)
    self.steps = steps
    labels = model.card.labels
    thresholds = labels.map { options.threshold ?? $0.threshold }
    floor = min(model.card.floor, thresholds.min() ?? 1)
    let names = labels.map(\.label)
    let nothing: Set = [
      "background", "no fish", "no_fish", "not fish", "not_fish", "empty", "other",
    ]
    wanted = Set(
      names.indices.filter { index in
        label.map { $0 == names[index] } ?? !nothing.contains(names[index].lowercased())
      })
    guard !wanted.isEmpty else {
      throw .labels(
        file: model.path,
        problem: "has no label “\(label ?? "fish")”; it has \(names.joined(separator: ", "))")
    }
  }

  /// The windows of a picture whose first wanted label scores at or above the floor.
  ///
  /// The last window of a row or column is moved inward so that the picture's edge is looked at.
  ///
  /// - Parameter picture: RGB or grey, as the classifier takes it, at least one window large.
  /// - Returns: windows as detections with boxes, row by row.
  public func windows(_ picture: PixelImage) -> [Detection] {
    let size = steps.size
    let (width, height) = (Double(picture.width), Double(picture.height))
    var input = classifier.emptyInput()
    var found: [Detection] = []
    for top in Self.starts(picture.height, size, steps.stride) {
      for left in Self.starts(picture.width, size, steps.stride) {
        Self.shrink(picture, left: left, top: top, size: size, into: &input)
        for best in classifier.classify(input) where best.score >= floor {
          guard let label = best.label, wanted.contains(label) else { continue }
          found.append(
            Detection(
              label: label, x: (Double(left) + Double(size) / 2) / width,
              y: (Double(top) + Double(size) / 2) / height, score: best.score,
              width: Double(size) / width, height: Double(size) / height))
          break
        }
      }
    }
    return found
  }

  /// One detection an individual.
  ///
  /// Windows that overlap or touch a stronger one are taken for a part of it. Those that are kept are the same from any threshold up, since only stronger windows take others
  /// away (greedy non-maximum suppression). A centroid is the strongest window's centre, or where
  /// windows that overlap it score the same the middle of them. On `reef/val` F1 is higher than with
  /// means weighted by score; joining all windows that hang together gives about the same, and would
  /// have to be done anew for each threshold.
  ///
  /// - Parameter windows: windows of one size.
  static func merged(_ windows: [Detection]) -> [Detection] {
    // Of equal scores the order of rows stays.
    var rest = windows.enumerated()
      .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(\.element)[...]
    var found: [Detection] = []
    while let strongest = rest.first {
      let isWithin = { (window: Detection, reach: Double) in
        abs(window.x - strongest.x) < reach * (strongest.width ?? 0)
          && abs(window.y - strongest.y) < reach * (strongest.height ?? 0)
      }
      let equals = rest.prefix { $0.score == strongest.score }.filter { isWithin($0, 0.99) }
      var one = strongest
      one.x = equals.reduce(0) { $0 + $1.x } / Double(equals.count)
      one.y = equals.reduce(0) { $0 + $1.y } / Double(equals.count)
      found.append(one)
      rest = rest.filter { !isWithin($0, Self.reach) }[...]
    }
    return found
  }

  /// Where windows begin along a side; none where the side is shorter than a window.
  static func starts(_ length: Int, _ size: Int, _ stride: Int) -> [Int] {
    guard length >= size else { return [] }
    var starts = Array(Swift.stride(from: 0, through: length - size, by: stride))
    if let last = starts.last, last < length - size { starts.append(length - size) }
    return starts
  }

  /// Averages a window's pixels over the areas of the input's pixels.
  private static func shrink(
    _ picture: PixelImage, left: Int, top: Int, size: Int, into input: inout PixelImage
  ) {
    let channels = input.channels
    for y in 0..<input.height {
      let y0 = top + y * size / input.height
      let y1 = max(y0 + 1, top + (y + 1) * size / input.height)
      for x in 0..<input.width {
        let x0 = left + x * size / input.width
        let x1 = max(x0 + 1, left + (x + 1) * size / input.width)
        let count = (y1 - y0) * (x1 - x0)
        for channel in 0..<channels {
          var sum = count / 2
          for row in y0..<y1 {
            for column in x0..<x1 {
              sum += Int(picture.pixels[(row * picture.width + column) * channels + channel])
            }
          }
          input.pixels[(y * input.width + x) * channels + channel] = UInt8(sum / count)
        }
      }
    }
  }
}

extension WindowDetector: Finder {
  /// The model and its card.
  public var model: LoadedModel { classifier.model }
  /// `windows SIZE,STRIDE`.
  public var decoderName: String { "windows \(steps.size),\(steps.stride)" }
  /// Windows are merged from the floor up.
  public var thresholdUse: CentroidDecoder.ThresholdUse { .counting }
  /// Name of the kernels in use.
  public var kernels: String { classifier.kernels }
  /// A classifier knows no open set.
  public var openSet: [Int] { [] }
  /// Classifiers see no motion.
  public var usesMotion: Bool { false }
  /// A frame is at least one window large.
  public var leastSide: Int { steps.size }

  /// The whole frame, at its own size.
  public func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement {
    FrameFit.stretch.placement(
      frameWidth: frameWidth, frameHeight: frameHeight,
      inputWidth: max(1, Int(frameWidth.rounded())), inputHeight: max(1, Int(frameHeight.rounded()))
    )
  }

  /// A picture for `detect`, black: the whole frame at its own size, grey or RGB.
  public func emptyInput(for placement: FramePlacement) -> PixelImage {
    PixelImage(
      width: placement.inputWidth, height: placement.inputHeight,
      channels: classifier.inputChannels)
  }

  /// One step from window to window.
  public func cell(_ placement: FramePlacement) -> (width: Double, height: Double) {
    (Double(steps.stride), Double(steps.stride))
  }

  /// Finds the individuals in a frame: its windows, merged.
  ///
  /// - Parameter picture: the whole frame at its own size, at least one window large.
  public func detect(
    _ picture: PixelImage, _ placement: FramePlacement, background: Background? = nil,
    isPhoto: Bool = false
  ) -> [Detection] {
    Self.merged(windows(picture))
  }

  /// No background tells anything.
  public func cameraMoves(_ background: Background) -> Bool { false }

  /// The picture itself.
  public func given(_ picture: PixelImage, background: Background?) -> PixelImage { picture }

  /// Never.
  public func seesMotion(in picture: PixelImage, against background: Background?) -> Bool { false }
}
