internal import Foundation
internal import Media

extension TruthSet {
  /// The class of a clip's boxes, which name none.
  public static let clipCategory = "fish"

  /// Reads a clip's truth: `frames`, each with `frame` (its number, from 0 as decoded) and
  /// `boxes_xywhn` (centre x, y, width and height, normalised), and optionally `source` and
  /// `labels`: `incomplete`.
  ///
  /// - Parameters:
  ///   - clip: path of the video.
  ///   - truth: path of the JSON file.
  /// - Throws: `EvaluationError`, `MediaError`.
  public init(clip: String, truth: String) throws {
    let document = try TruthFile.decode(
      ClipDocument.self, truth,
      expected: "an object with frames, each with frame and boxes_xywhn")
    guard !document.frames.isEmpty else {
      throw EvaluationError.notTruth(
        file: truth, problem: "lists no frames; there is nothing to measure on")
    }
    let info = try MediaFile(path: clip).info
    let (width, height) = (Double(info.width), Double(info.height))
    var frames: [Frame] = []
    var numbers: Set<Int> = []
    var dropped = 0
    for (index, entry) in document.frames.enumerated() {
      let place = "frames[\(index)]"
      guard (0...100_000_000).contains(entry.frame), numbers.insert(entry.frame).inserted else {
        throw EvaluationError.value(
          file: truth, place: place,
          problem: entry.frame < 0
            ? "frame numbers count from 0" : "frame \(entry.frame) is listed twice, or absurd")
      }
      guard entry.boxes_xywhn.count <= Self.mostBoxes else {
        throw EvaluationError.value(
          file: truth, place: place, problem: "more than \(Self.mostBoxes) boxes")
      }
      var frame = Frame(
        name: "frame \(entry.frame)", path: clip, number: entry.frame, width: width,
        height: height, isComplete: (entry.labels ?? document.labels) != "incomplete")
      for (number, values) in entry.boxes_xywhn.enumerated() {
        guard values.count == 4, values.allSatisfy({ (-0.5...1.5).contains($0) }), values[2] >= 0,
          values[3] >= 0
        else {
          throw EvaluationError.value(
            file: truth, place: "\(place).boxes_xywhn[\(number)]",
            problem: "is \(values); it should be centre x, centre y, width and height, 0 to 1")
        }
        let box = Box(
          category: 0, left: (values[0] - values[2] / 2) * width,
          top: (values[1] - values[3] / 2) * height, width: values[2] * width,
          height: values[3] * height)
        if min(box.width, box.height) < Self.leastSide {
          dropped += 1
        } else {
          frame.boxes.append(box)
        }
      }
      frames.append(frame)
    }
    let name = (clip as NSString).lastPathComponent
    let video = Video(
      name: name, source: document.source ?? name,
      frames: frames.sorted { ($0.number ?? 0) < ($1.number ?? 0) })
    self.init(file: truth, categories: [Self.clipCategory], videos: [video])
    droppedBoxes = dropped
  }
}

private struct ClipDocument: Decodable {
  struct Entry: Decodable {
    var frame: Int
    var boxes_xywhn: [[Double]]
    var labels: String?
  }

  var frames: [Entry]
  var source: String?
  var labels: String?
}
