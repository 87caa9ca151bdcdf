internal import Foundation
internal import Media

extension TruthSet {
  /// The class of a clip's boxes, which name none.
  public static let clipCategory = "fish"

  /// Reads a clip's truth: `frames`, each with `frame` (its number, from 0 as decoded; its place in the
  /// list unless given) and `boxes_xywhn` (centre x, y, width and height, normalised) or `fish` (objects
  /// with `species`, `x`, `y`, `w`, `h`), and optionally `source` and `labels`: `incomplete`.
  ///
  /// - Parameters:
  ///   - clip: path of the video.
  ///   - truth: path of the JSON file.
  /// - Throws: `EvaluationError`, `MediaError`.
  public init(clip: String, truth: String) throws {
    let document = try TruthFile.decode(
      ClipDocument.self, truth,
      expected: "an object with frames, each with frame and boxes_xywhn, or with fish")
    guard !document.frames.isEmpty else {
      throw EvaluationError.notTruth(
        file: truth, problem: "lists no frames; there is nothing to measure on")
    }
    let info = try MediaFile(path: clip).info
    let (width, height) = (Double(info.width), Double(info.height))
    var frames: [Frame] = []
    var numbers: Set<Int> = []
    var dropped = 0
    let categories = Set(document.frames.flatMap { $0.boxes.map(\.category) }).sorted()
    for (index, entry) in document.frames.enumerated() {
      let place = "frames[\(index)]"
      let frameNumber = entry.frame ?? index
      guard (0...100_000_000).contains(frameNumber), numbers.insert(frameNumber).inserted else {
        throw EvaluationError.value(
          file: truth, place: place,
          problem: frameNumber < 0
            ? "frame numbers count from 0" : "frame \(frameNumber) is listed twice, or absurd")
      }
      guard entry.boxes.count <= Self.mostBoxes else {
        throw EvaluationError.value(
          file: truth, place: place, problem: "more than \(Self.mostBoxes) boxes")
      }
      var frame = Frame(
        name: "frame \(frameNumber)", path: clip, number: frameNumber, width: width,
        height: height, isComplete: (entry.labels ?? document.labels) != "incomplete")
      for (number, (category, values)) in entry.boxes.enumerated() {
        guard values.count == 4, values.allSatisfy({ (-0.5...1.5).contains($0) }), values[2] >= 0,
          values[3] >= 0
        else {
          throw EvaluationError.value(
            file: truth, place: "\(place).\(entry.key)[\(number)]",
            problem: "is \(values); it should be centre x, centre y, width and height, 0 to 1")
        }
        let box = Box(
          category: categories.firstIndex(of: category) ?? 0,
          left: (values[0] - values[2] / 2) * width,
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
    self.init(
      file: truth, categories: categories.isEmpty ? [Self.clipCategory] : categories,
      videos: [video])
    droppedBoxes = dropped
  }
}

private struct ClipDocument: Decodable {
  struct Fish: Decodable {
    var species: String
    var x: Double, y: Double, w: Double, h: Double
  }

  struct Entry: Decodable {
    var frame: Int?
    /// Boxes by class, and the key under which they are listed.
    var boxes: [(category: String, values: [Double])]
    var key: String
    var labels: String?

    enum CodingKeys: String, CodingKey {
      case frame, boxes_xywhn, fish, labels
    }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      labels = try values.decodeIfPresent(String.self, forKey: .labels)
      if values.contains(.fish) {
        key = CodingKeys.fish.rawValue
        frame = try values.decodeIfPresent(Int.self, forKey: .frame)
        boxes = try values.decode([Fish].self, forKey: .fish).map {
          ($0.species, [$0.x, $0.y, $0.w, $0.h])
        }
      } else {
        key = CodingKeys.boxes_xywhn.rawValue
        frame = try values.decode(Int.self, forKey: .frame)
        boxes = try values.decode([[Double]].self, forKey: .boxes_xywhn).map {
          (TruthSet.clipCategory, $0)
        }
      }
    }
  }

  var frames: [Entry]
  var source: String?
  var labels: String?
}
