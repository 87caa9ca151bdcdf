internal import Foundation
public import Inference
internal import SpeciesCatalog
public import Survey
internal import TFLite

/// How a detector is to be run.
public struct DetectorOptions: Sendable {
  /// How individuals are read off the grid; `nil` is what the card says.
  public var decoder: CentroidDecoder?
  /// Score from which a detection counts, for all labels; `nil` is what the card says.
  public var threshold: Double?
  /// How inference runs.
  public var inference: InferenceOptions

  /// Options; everything is as the card says unless given.
  public init(
    decoder: CentroidDecoder? = nil, threshold: Double? = nil,
    inference: InferenceOptions = InferenceOptions()
  ) {
    self.decoder = decoder
    self.threshold = threshold
    self.inference = inference
  }
}

/// A model made ready to find individuals in pictures; not for two threads at once.
public final class Detector {
  /// The model and its card.
  public let model: LoadedModel
  /// How individuals are read off the grid.
  public let decoder: CentroidDecoder
  /// Width, height and channels (1 grey, 3 RGB) of the picture that `detect` takes.
  public let inputWidth: Int, inputHeight: Int, inputChannels: Int
  /// Cells of the output.
  public let gridWidth: Int, gridHeight: Int
  /// Score from which detections of each label count, in label order.
  public let thresholds: [Double]
  /// Score from which detections are given.
  public let floor: Double
  /// Name of the kernels in use.
  public var kernels: String { interpreter.kernels }

  private let interpreter: Interpreter
  private let channelThresholds: [Float]
  private let labelOfChannel: [Int?]
  private let codes: InputCodes
  private let needsSoftmax: Bool
  private var grid: ScoreGrid

  /// Prepares a model.
  ///
  /// - Throws: `DetectionError` where the model cannot be executed or is of another task.
  public init(_ model: LoadedModel, options: DetectorOptions = DetectorOptions())
    throws(DetectionError)
  {
    self.model = model
    let file = model.file.path
    do {
      interpreter = try Interpreter(model.graph, options: options.inference)
    } catch {
      throw .unsupported(file: file, error: error)
    }
    guard let input = interpreter.inputs.first, interpreter.inputs.count == 1,
      input.shape.count == 4, input.shape[0] == 1, [1, 3].contains(input.shape[3]),
      let codes = InputCodes(input, range: model.card.input.pixelRange)
    else {
      throw .tensor(
        file: file, what: "input", found: interpreter.inputs.map(\.text).joined(separator: ", "),
        expected: "one picture, [1, height, width, 1 or 3] of float32, int8 or uint8")
    }
    guard let output = interpreter.outputs.first, interpreter.outputs.count == 1,
      output.shape.count == 4, output.shape[0] == 1, output.shape[3] >= 1,
      [.float32, .int8, .uint8].contains(output.elementType)
    else {
      throw .tensor(
        file: file, what: "output", found: interpreter.outputs.map(\.text).joined(separator: ", "),
        expected: "one grid of class scores, [1, height, width, classes] (FOMO)")
    }
    let card = model.card
    let channels = output.shape[3]
    guard card.labels.count + (card.background == nil ? 0 : 1) == channels else {
      throw .labelCount(
        file: file, channels: channels, labels: card.labels.count, source: "card.json")
    }
    self.codes = codes
    (inputHeight, inputWidth, inputChannels) = (input.shape[1], input.shape[2], input.shape[3])
    (gridHeight, gridWidth) = (output.shape[1], output.shape[2])
    grid = ScoreGrid(width: gridWidth, height: gridHeight, channels: channels)
    let decoder = options.decoder ?? CentroidDecoder(rawValue: card.decoder) ?? .peak
    self.decoder = decoder
    let thresholds = card.labels.map { options.threshold ?? $0.threshold }
    self.thresholds = thresholds
    floor =
      decoder.threshold == .counting
      ? min(card.floor, thresholds.min() ?? 1) : thresholds.min() ?? 1
    var labelOfChannel: [Int?] = []
    for channel in 0..<channels {
      let label = card.background.map { channel > $0 ? channel - 1 : channel } ?? channel
      labelOfChannel.append(channel == card.background ? nil : label)
    }
    self.labelOfChannel = labelOfChannel
    let least = floor
    channelThresholds = labelOfChannel.map { label in
      Float(decoder.threshold == .counting ? least : label.map { thresholds[$0] } ?? 1)
    }
    needsSoftmax = channels > 1 && !Self.endsInScores(model.graph)
  }

  /// Where a frame of this size goes in the input.
  public func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement {
    model.card.input.fit.placement(
      frameWidth: frameWidth, frameHeight: frameHeight, inputWidth: inputWidth,
      inputHeight: inputHeight)
  }

  /// A picture for `detect`, black.
  public func emptyInput() -> PixelImage {
    PixelImage(width: inputWidth, height: inputHeight, channels: inputChannels)
  }

  /// Finds the individuals in a frame.
  ///
  /// - Parameters:
  ///   - picture: the frame in the input's shape: `inputHeight × inputWidth × inputChannels`.
  ///   - placement: where in it the frame lies.
  /// - Returns: detections at or above `floor`, in the upright frame's normalised coordinates.
  public func detect(_ picture: PixelImage, _ placement: FramePlacement) -> [Detection] {
    precondition(
      picture.width == inputWidth && picture.height == inputHeight
        && picture.channels == inputChannels, "the picture is not of the input's shape")
    interpreter.withInput(0) { codes.write(picture.pixels, into: $0) }
    interpreter.run()
    readGrid()
    let found = decoder.decode(
      grid, background: model.card.background, thresholds: channelThresholds)
    return found.compactMap { detection($0, placement) }
  }

  private func detection(_ found: GridDetection, _ placement: FramePlacement) -> Detection? {
    guard let label = labelOfChannel[found.channel] else { return nil }
    let cellWidth = Double(inputWidth) / Double(gridWidth)
    let cellHeight = Double(inputHeight) / Double(gridHeight)
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

  private func readGrid() {
    let output = interpreter.outputs[0]
    interpreter.withOutput(0) { bytes in
      let (scale, zero) = (output.scale, Float(output.zeroPoint))
      for index in grid.scores.indices {
        grid.scores[index] =
          switch output.elementType {
          case .int8: (Float(bytes.load(fromByteOffset: index, as: Int8.self)) - zero) * scale
          case .uint8: (Float(bytes[index]) - zero) * scale
          default: bytes.loadUnaligned(fromByteOffset: index * 4, as: Float.self)
          }
      }
    }
    if needsSoftmax { grid.applySoftmax() }
  }

  /// Whether the output is made by an operator whose results are scores from 0 to 1.
  private static func endsInScores(_ graph: TFLiteModel) -> Bool {
    var tensor = graph.outputs[0]
    while let maker = graph.operators.last(where: { $0.outputs.contains(tensor) }) {
      switch maker.kind {
      case .softmax, .logistic: return true
      case .quantize, .dequantize, .reshape:
        guard let source = maker.inputs.first, source >= 0 else { return false }
        tensor = source
      default: return false
      }
    }
    return false
  }
}

extension TensorDescription {
  /// The tensor as an error message shows it.
  var text: String { "\(elementType) [\(shape.map(String.init).joined(separator: ", "))]" }
}

extension ScoreGrid {
  /// Turns logits into scores, cell by cell.
  mutating func applySoftmax() {
    for start in stride(from: 0, to: scores.count, by: channels) {
      let cell = scores[start..<start + channels]
      let greatest = cell.max() ?? 0
      let powers = cell.map { exp($0 - greatest) }
      let sum = powers.reduce(0, +)
      for (index, power) in powers.enumerated() { scores[start + index] = power / sum }
    }
  }
}
