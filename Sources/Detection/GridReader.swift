internal import Foundation
internal import Inference
internal import SpeciesCatalog
internal import Survey

/// Reads centroids off a grid of class scores, and where the model gives them, sizes off another.
final class GridReader: IndividualReader {
  private let decoder: CentroidDecoder
  private let background: Int?
  private let floor: Double
  private let labelOfChannel: [Int?]
  /// What makes probabilities of scores, without and with motion; `nil` leaves them as they are.
  private let lines: (still: Calibration.Line?, moving: Calibration.Line?)
  /// For each channel the score from which it is looked at, without and with motion.
  private var channelThresholds: (still: [Float], moving: [Float]) = ([], [])
  private var openSet: OpenSetReader?
  private let needsSoftmax: Bool
  private let outputs: ModelCard.Outputs
  private var grid: ScoreGrid
  /// `height × width × 2`: log2(width ÷ cell), log2(height ÷ cell).
  private var sizes: [Float] = []

  var name: String { decoder.rawValue }
  var thresholdUse: CentroidDecoder.ThresholdUse { decoder.threshold }
  var gridSize: (width: Int, height: Int) { (grid.width, grid.height) }

  init(_ picture: PictureModel, decoder: CentroidDecoder, thresholds: [Double], floor: Double)
    throws(DetectionError)
  {
    let (card, outputs) = (picture.model.card, picture.interpreter.outputs)
    let places = card.outputs ?? ModelCard.Outputs(scores: 0)
    guard outputs.indices.contains(places.scores), card.outputs != nil || outputs.count == 1,
      case let output = outputs[places.scores], output.shape.count == 4,
      output.shape[0] == 1, output.shape[3] >= 1, output.holdsScores
    else {
      throw .tensor(
        file: picture.model.path, what: "output",
        found: outputs.map(\.text).joined(separator: ", "),
        expected:
          "one grid of class scores, [1, height, width, classes] (FOMO), or a card.json whose "
          + "“outputs” says which one that is")
    }
    if let place = places.sizes {
      guard outputs.indices.contains(place), outputs[place].holdsScores,
        outputs[place].shape == [1, output.shape[1], output.shape[2], 2]
      else {
        throw .tensor(
          file: picture.model.path, what: "output",
          found: outputs.map(\.text).joined(separator: ", "),
          expected: "sizes as output \(place), [1, \(output.shape[1]), \(output.shape[2]), 2], "
            + "as “outputs.sizes” in card.json says")
      }
      sizes = [Float](repeating: 0, count: outputs[place].elementCount)
    }
    self.outputs = places
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
    let isPeak = decoder == .peak
    let channelOfLabel = labelOfChannel.indices.filter { labelOfChannel[$0] != nil }
    openSet =
      isPeak
      ? OpenSetReader(card, channels: channelOfLabel, width: grid.width, height: grid.height) : nil
    let calibration = isPeak ? picture.model.calibration : nil
    lines = (calibration?.still, calibration?.moving ?? calibration?.still)
    self.floor = floor
    needsSoftmax = channels > 1 && !picture.endsInScores(places.scores)
    if isPeak {
      let count = openSet?.units.channels ?? channels
      let least = { (line: Calibration.Line?) -> [Float] in
        // A little lower, for what rounding takes; what is below the floor is left out at the end.
        let score = line.map { $0.score(of: floor) * (1 - 1e-6) } ?? floor
        return [Float](repeating: Float(score), count: count)
      }
      channelThresholds = (least(lines.still), least(lines.moving))
    } else {
      let stated = labelOfChannel.map { label in Float(label.map { thresholds[$0] } ?? 1) }
      channelThresholds = (stated, stated)
    }
  }

  func read(_ model: PictureModel, _ placement: FramePlacement, seesMotion: Bool) -> [Detection] {
    model.read(outputs.scores, into: &grid.scores)
    if let place = outputs.sizes { model.read(place, into: &sizes) }
    if needsSoftmax { PictureModel.softmax(&grid.scores, channels: grid.channels) }
    openSet?.add(grid)
    let found = decoder.decode(
      openSet?.units ?? grid, background: openSet == nil ? background : nil,
      thresholds: seesMotion ? channelThresholds.moving : channelThresholds.still, sizes: sizes)
    let line = seesMotion ? lines.moving : lines.still
    return found.compactMap { found in
      var score = Double(found.score)
      // Quantised scores may add up to a little more than 1.
      if openSet != nil { score = min(1, score) }
      if let line {
        score = line.probability(of: score)
        guard score >= floor else { return nil }
      }
      let label = openSet.map { $0.label(of: found, in: grid) } ?? labelOfChannel[found.channel]
      return label.flatMap { detection(found, $0, score, model, placement) }
    }
  }

  private func detection(
    _ found: GridDetection, _ label: Int, _ score: Double, _ model: PictureModel,
    _ placement: FramePlacement
  ) -> Detection? {
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
    var result = Detection(label: label, x: point.x, y: point.y, score: score)
    if let box = found.box {
      let upper = placement.framePoint(
        x: Double(box.left) * cellWidth, y: Double(box.top) * cellHeight)
      let lower = placement.framePoint(
        x: Double(box.left + box.width) * cellWidth, y: Double(box.top + box.height) * cellHeight)
      result.width = lower.x - upper.x
      result.height = lower.y - upper.y
    } else if let size = size(at: found) {
      result.width = share(
        size.width * cellWidth, of: placement.width, shown: placement.cropWidth)
      result.height = share(
        size.height * cellHeight, of: placement.height, shown: placement.cropHeight)
    }
    return result
  }

  /// Width and height in cells of the individual whose centroid lies in a cell.
  private func size(at found: GridDetection) -> (width: Double, height: Double)? {
    guard !sizes.isEmpty else { return nil }
    let column = min(grid.width - 1, max(0, Int(found.x)))
    let row = min(grid.height - 1, max(0, Int(found.y)))
    let cell = (row * grid.width + column) * 2
    let (width, height) = (Double(sizes[cell]), Double(sizes[cell + 1]))
    guard width.isFinite, height.isFinite else { return nil }
    return (pow(2, width), pow(2, height))
  }

  /// A side in pixels of the input as a share of the upright frame's, no more than all of it.
  private func share(_ pixels: Double, of placed: Int, shown: Double) -> Double {
    min(1, pixels / Double(placed) * shown)
  }
}
