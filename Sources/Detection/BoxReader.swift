internal import Inference
internal import SpeciesCatalog
internal import Survey
internal import TFLite

/// Reads boxes off the outputs of TFLite_Detection_PostProcess: boxes `[1, N, 4]` as top, left,
/// bottom, right, normalised to the input; classes and scores `[1, N]`; and how many of N count.
final class BoxReader: IndividualReader {
  private let outputs: (boxes: Int, classes: Int, scores: Int, count: Int)
  private let labels: Int
  private let floor: Double
  private var boxes: [Float]
  private var classes: [Float]
  private var scores: [Float]
  private var count: [Float] = [0]

  let name = "boxes"
  let thresholdUse = CentroidDecoder.ThresholdUse.counting
  let gridSize = (width: 0, height: 0)

  init(_ picture: PictureModel, floor: Double) throws(DetectionError) {
    let graph = picture.model.graph
    let maker = graph.operators.last { $0.kind == .detectionPostProcess }
    let places = (maker?.outputs ?? []).prefix(4).compactMap { graph.outputs.firstIndex(of: $0) }
    let described = picture.interpreter.outputs
    guard places.count == 4, described[places[0]].shape.last == 4,
      places.allSatisfy({ described[$0].elementType == .float32 })
    else {
      throw .tensor(
        file: picture.model.path, what: "output",
        found: described.map(\.text).joined(separator: ", "),
        expected: "boxes, classes, scores and their number (SSD)")
    }
    outputs = (places[0], places[1], places[2], places[3])
    labels = picture.model.card.labels.count
    self.floor = floor
    let most = described[places[0]].elementCount / 4
    guard described[places[1]].elementCount == most, described[places[2]].elementCount == most
    else {
      throw .tensor(
        file: picture.model.path, what: "output",
        found: described.map(\.text).joined(separator: ", "),
        expected: "as many classes and scores as boxes")
    }
    boxes = [Float](repeating: 0, count: most * 4)
    classes = [Float](repeating: 0, count: most)
    scores = classes
  }

  func read(_ model: PictureModel, _ placement: FramePlacement, seesMotion: Bool) -> [Detection] {
    model.read(outputs.boxes, into: &boxes)
    model.read(outputs.classes, into: &classes)
    model.read(outputs.scores, into: &scores)
    model.read(outputs.count, into: &count)
    let found = count[0].isFinite ? min(scores.count, max(0, Int(count[0]))) : 0
    let (width, height) = (Double(model.inputWidth), Double(model.inputHeight))
    return (0..<found).compactMap { index in
      let corners = boxes[index * 4..<index * 4 + 4].map { Double($0) }
      let label = classes[index]
      guard Double(scores[index]) >= floor, corners.allSatisfy(\.isFinite), label >= 0,
        label < Float(labels)
      else { return nil }
      let upper = placement.framePoint(x: corners[1] * width, y: corners[0] * height)
      let lower = placement.framePoint(x: corners[3] * width, y: corners[2] * height)
      guard lower.x > upper.x, lower.y > upper.y else { return nil }
      return Detection(
        label: Int(label), x: (upper.x + lower.x) / 2, y: (upper.y + lower.y) / 2,
        score: Double(scores[index]), width: lower.x - upper.x, height: lower.y - upper.y)
    }
  }
}
