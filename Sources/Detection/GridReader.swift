internal import Inference
internal import SpeciesCatalog
internal import Survey

/// Reads centroids off a grid of class scores.
final class GridReader: IndividualReader {
  private let decoder: CentroidDecoder
  private let background: Int?
  private let channelThresholds: [Float]
  private let labelOfChannel: [Int?]
  private let needsSoftmax: Bool
  private var grid: ScoreGrid

  var name: String { decoder.rawValue }
  var thresholdUse: CentroidDecoder.ThresholdUse { decoder.threshold }
  var gridSize: (width: Int, height: Int) { (grid.width, grid.height) }

  init(_ picture: PictureModel, decoder: CentroidDecoder, thresholds: [Double], floor: Double)
    throws(DetectionError)
  {
    let (card, outputs) = (picture.model.card, picture.interpreter.outputs)
    guard let output = outputs.first, outputs.count == 1, output.shape.count == 4,
      output.shape[0] == 1, output.shape[3] >= 1, output.holdsScores
    else {
      throw .tensor(
        file: picture.model.path, what: "output",
        found: outputs.map(\.text).joined(separator: ", "),
        expected: "one grid of class scores, [1, height, width, classes] (FOMO)")
    }
    let channels = output.shape[3]
    guard card.labels.count + (card.background == nil ? 0 : 1) == channels else {
      throw .labelCount(
        file: picture.model.path, channels: channels, labels: card.labels.count,
        source: "card.json")
    }
    self.decoder = decoder
    background = card.background
    grid = ScoreGrid(width: output.shape[2], height: output.shape[1], channels: channels)
    var labelOfChannel: [Int?] = []
    for channel in 0..<channels {
      let label = card.background.map { channel > $0 ? channel - 1 : channel } ?? channel
      labelOfChannel.append(channel == card.background ? nil : label)
    }
    self.labelOfChannel = labelOfChannel
    channelThresholds = labelOfChannel.map { label in
      Float(decoder.threshold == .counting ? floor : label.map { thresholds[$0] } ?? 1)
    }
    needsSoftmax = channels > 1 && !picture.endsInScores()
  }

  func read(_ model: PictureModel, _ placement: FramePlacement) -> [Detection] {
    model.read(0, into: &grid.scores)
    if needsSoftmax { PictureModel.softmax(&grid.scores, channels: grid.channels) }
    let found = decoder.decode(grid, background: background, thresholds: channelThresholds)
    return found.compactMap { detection($0, model, placement) }
  }

  private func detection(
    _ found: GridDetection, _ model: PictureModel, _ placement: FramePlacement
  ) -> Detection? {
    guard let label = labelOfChannel[found.channel] else { return nil }
    let cellWidth = Double(model.inputWidth) / Double(grid.width)
    let cellHeight = Double(model.inputHeight) / Double(grid.height)
    let (x, y) = (found.x * cellWidth, found.y * cellHeight)
    // A cell at a bar's edge may be an individual at the frame's; further out there is nothing.
    let (nearX, nearY) = (
      min(max(x, Double(placement.left)), Double(placement.left + placement.width)),
      min(max(y, Double(placement.top)), Double(placement.top + placement.height))
    )
    guard abs(nearX - x) <= cellWidth / 2, abs(nearY - y) <= cellHeight / 2 else { return nil }
    let point = placement.framePoint(x: x, y: y)
    var result = Detection(label: label, x: point.x, y: point.y, score: Double(found.score))
    if let box = found.box {
      let upper = placement.framePoint(
        x: Double(box.left) * cellWidth, y: Double(box.top) * cellHeight)
      let lower = placement.framePoint(
        x: Double(box.left + box.width) * cellWidth, y: Double(box.top + box.height) * cellHeight)
      result.width = lower.x - upper.x
      result.height = lower.y - upper.y
    }
    return result
  }
}
