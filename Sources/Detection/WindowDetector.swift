internal import SpeciesCatalog
public import Survey

/// Slides a classifier over a picture: windows that it names, instead of centroids.
public final class WindowDetector {
  /// Side of the square windows, in pixels of the picture.
  public let size: Int
  /// Pixels from one window to the next.
  public let stride: Int
  private let classifier: Classifier
  private let wanted: Set<Int>

  /// Windows of a size, each `stride` pixels from the last.
  ///
  /// - Parameter label: the label that a window is to have; `nil` is every one but those of nothing
  ///   (`background`, `no fish`, `not fish`, `empty`, `other`).
  /// - Throws: `DetectionError` where the model has no such label.
  public init(_ classifier: Classifier, size: Int, stride: Int, label: String? = nil)
    throws(DetectionError)
  {
    precondition(size > 0 && stride > 0, "windows have a size and a stride")
    self.classifier = classifier
    self.size = size
    self.stride = stride
    let labels = classifier.model.card.labels.map(\.label)
    let nothing: Set = [
      "background", "no fish", "no_fish", "not fish", "not_fish", "empty", "other",
    ]
    wanted = Set(
      labels.indices.filter { index in
        label.map { $0 == labels[index] } ?? !nothing.contains(labels[index].lowercased())
      })
    guard !wanted.isEmpty else {
      throw .labels(
        file: classifier.model.path,
        problem: "has no label “\(label ?? "fish")”; it has \(labels.joined(separator: ", "))")
    }
  }

  /// The windows of a picture that are named at or above a threshold.
  ///
  /// The last window of a row or column is moved inward so that the picture's edge is looked at.
  ///
  /// - Parameter picture: RGB or grey, as the classifier takes it, at least one window large.
  /// - Returns: windows as detections with boxes, row by row.
  public func detect(_ picture: PixelImage, threshold: Double) -> [Detection] {
    let columns = Self.starts(picture.width, size, stride)
    let rows = Self.starts(picture.height, size, stride)
    var input = classifier.emptyInput()
    var found: [Detection] = []
    for top in rows {
      for left in columns {
        Self.shrink(picture, left: left, top: top, size: size, into: &input)
        guard let best = classifier.classify(input).first, wanted.contains(best.label),
          best.score >= threshold
        else { continue }
        let (width, height) = (Double(picture.width), Double(picture.height))
        found.append(
          Detection(
            label: best.label, x: (Double(left) + Double(size) / 2) / width,
            y: (Double(top) + Double(size) / 2) / height, score: best.score,
            width: Double(size) / width, height: Double(size) / height))
      }
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
