internal import Detection
internal import Foundation
internal import Media
internal import Survey

/// A frame of the truth in which a model is wrong: what is right, wrong and missed at the thresholds.
struct JudgedFrame: Sendable {
  /// The frame and its video.
  let frame: TruthSet.Frame
  let video: String
  /// Size in pixels as annotated.
  let width: Double, height: Double
  /// Individuals that are found, and those that are not.
  private(set) var found: [TruthSet.Box] = [], missed: [TruthSet.Box] = []
  /// Detections of individuals; those of none; and those that are not judged.
  private(set) var right: [Detection] = [], wrong: [Detection] = [], unjudged: [Detection] = []

  /// Judges what was seen in a frame, label by label, as `LabelScore` counts it.
  init(
    _ frame: TruthSet.Frame, _ seen: SeenFrame, video: String, classes: ClassMap, labels: [Int],
    thresholds: [Double]
  ) {
    (self.frame, self.video) = (frame, video)
    (width, height) = (seen.width, seen.height)
    for label in labels {
      let boxes = frame.boxes.filter { classes.labels[$0.category] == label }
      let detections = seen.found(of: [label]).filter { $0.score >= thresholds[label] }
      var matching = OneToOne(
        detections.map { one in boxes.map { MatchRule.inBox.cost(one, $0, in: seen) } })
      for _ in detections { matching.addRow() }
      let taken = detections.isEmpty ? [] : matching.columns
      for (detection, column) in zip(detections, taken) {
        if column != nil {
          right.append(detection)
        } else if !frame.isComplete || seen.isBeside(detection, frame.regions) {
          unjudged.append(detection)
        } else {
          wrong.append(detection)
        }
      }
      let hit = Set(taken.compactMap { $0 })
      for (index, box) in boxes.enumerated() {
        if hit.contains(index) { found.append(box) } else { missed.append(box) }
      }
    }
  }

  /// The frame with its marks.
  func marked(_ decoded: DecodedFrame) throws(MediaError) -> PixelImage {
    var picture = try FrameScaler().picture(of: decoded, longestSide: 1920)
    let outline = { (picture: inout PixelImage, box: TruthSet.Box, colour: MarkColour) in
      picture.box(
        left: box.left / width, top: box.top / height, width: box.width / width,
        height: box.height / height, colour)
    }
    for box in found { outline(&picture, box, .white) }
    for box in missed { outline(&picture, box, .yellow) }
    for detection in unjudged { picture.ring(x: detection.x, y: detection.y, .blue) }
    for detection in right { picture.ring(x: detection.x, y: detection.y, .white) }
    for detection in wrong { picture.ring(x: detection.x, y: detection.y, .red) }
    return picture
  }
}

extension Evaluation {
  /// How many frames `drawWorst` draws at most.
  public static let worstCount = 50

  /// What the marks of `drawWorst` mean, in a sentence.
  public static let markMeaning =
    "white boxes are found, yellow ones missed; white rings are right, red ones wrong, blue ones not "
    + "judged"

  /// Draws the frames in which the model is wrong most often, as JPEG, worst first.
  ///
  /// - Parameter folder: where to put them; it must exist.
  /// - Returns: how many there are.
  /// - Throws: `EvaluationError.unwritable`, `MediaError`.
  public func drawWorst(to folder: String) throws -> Int {
    for (path, frames) in Dictionary(grouping: worst.enumerated(), by: \.element.frame.path) {
      let file = try MediaFile(path: path)
      var wanted = frames.sorted {
        ($0.element.frame.number ?? 0) < ($1.element.frame.number ?? 0)
      }[...]
      var number = 0
      while let next = wanted.first, let decoded = try file.next() {
        if number == next.element.frame.number ?? 0 {
          try write(next.element, decoded, place: next.offset + 1, folder)
          wanted.removeFirst()
        }
        number += 1
      }
    }
    return worst.count
  }

  private func write(
    _ judged: JudgedFrame, _ decoded: DecodedFrame, place: Int, _ folder: String
  ) throws {
    let stem = { (name: String) in
      (name as NSString).deletingPathExtension.map { $0 == "/" ? "_" : String($0) }.joined()
    }
    let name = judged.frame.number.map { "\(stem(judged.video)) \($0)" } ?? stem(judged.frame.name)
    let path = "\(folder)/\(String(format: "%02d", place)) \(name).jpg"
    let bytes = try JPEG.encode(judged.marked(decoded))
    do { try Data(bytes).write(to: URL(filePath: path)) } catch {
      throw EvaluationError.unwritable(file: path)
    }
  }
}
