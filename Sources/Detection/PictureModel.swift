internal import Foundation
internal import Inference
internal import SpeciesCatalog
internal import Survey
internal import TFLite

/// A model that takes one picture, made ready to run; not for two threads at once.
final class PictureModel {
  let model: LoadedModel
  /// Size and channels of the pictures that it takes; motion is not among these channels.
  let inputWidth: Int, inputHeight: Int, inputChannels: Int
  let interpreter: Interpreter
  private let codes: InputCodes
  /// Where a frame and its motion are put together; `nil` for models without motion.
  private var composed: PixelImage?

  init(_ model: LoadedModel, inference: InferenceOptions) throws(DetectionError) {
    self.model = model
    do {
      interpreter = try Interpreter(model.graph, options: inference)
    } catch {
      throw .unsupported(file: model.path, error: error)
    }
    // Further inputs are a recurrent network's state where an output gives the next one.
    let states = interpreter.inputs.dropFirst()
    let outputs = interpreter.outputs
    let areStates = states.allSatisfy { state in
      outputs.contains { $0.shape == state.shape && $0.elementType == state.elementType }
    }
    guard let input = interpreter.inputs.first, areStates,
      input.shape.count == 4, input.shape[0] == 1, [1, 3, 4].contains(input.shape[3]),
      let codes = InputCodes(input, range: model.card.input.pixelRange)
    else {
      throw .tensor(
        file: model.path, what: "input",
        found: interpreter.inputs.map(\.text).joined(separator: ", "),
        expected: "one picture, [1, height, width, channels] of float32, int8 or uint8, with 1 or "
          + "3 channels, or 4 with motion")
    }
    let hasMotion = model.card.input.hasMotion
    guard (input.shape[3] == 4) == hasMotion else {
      throw .motion(file: model.path, channels: input.shape[3])
    }
    self.codes = codes
    (inputHeight, inputWidth, inputChannels) = (
      input.shape[1], input.shape[2], hasMotion ? 3 : input.shape[3]
    )
    composed =
      hasMotion ? PixelImage(width: input.shape[2], height: input.shape[1], channels: 4) : nil
    // Every picture is looked at by itself: states stay at zero.
    for (index, state) in interpreter.inputs.enumerated().dropFirst() {
      let zero = UInt8(truncatingIfNeeded: state.elementType == .float32 ? 0 : state.zeroPoint)
      interpreter.withInput(index) { bytes in
        for place in bytes.indices { bytes[place] = zero }
      }
    }
  }

  /// Where a frame of this size goes in the input.
  func placement(frameWidth: Double, frameHeight: Double) -> FramePlacement {
    model.card.input.fit.placement(
      frameWidth: frameWidth, frameHeight: frameHeight, inputWidth: inputWidth,
      inputHeight: inputHeight)
  }

  /// Whether a placement is in an input of this shape.
  func takes(_ placement: FramePlacement) -> Bool {
    placement.inputWidth == inputWidth && placement.inputHeight == inputHeight
  }

  /// A black picture of the input's shape.
  func emptyInput() -> PixelImage {
    PixelImage(width: inputWidth, height: inputHeight, channels: inputChannels)
  }

  /// Runs the model on a picture of the input's shape.
  ///
  /// - Parameter background: what motion is seen against; without one there is none.
  func run(_ picture: PixelImage, background: Background? = nil) {
    precondition(
      picture.width == inputWidth && picture.height == inputHeight
        && picture.channels == inputChannels, "the picture is not of the input's shape")
    composed?.fill(picture, background: background)
    let pixels = composed?.pixels ?? picture.pixels
    interpreter.withInput(0) { codes.write(pixels, into: $0) }
    interpreter.run()
  }

  /// Reads an output's elements as numbers, quantised ones by their scale.
  func read(_ index: Int, into values: inout [Float]) {
    let output = interpreter.outputs[index]
    interpreter.withOutput(index) { bytes in
      let (scale, zero) = (output.scale, Float(output.zeroPoint))
      for place in values.indices {
        values[place] =
          switch output.elementType {
          case .int8: (Float(bytes.load(fromByteOffset: place, as: Int8.self)) - zero) * scale
          case .uint8: (Float(bytes[place]) - zero) * scale
          default: bytes.loadUnaligned(fromByteOffset: place * 4, as: Float.self)
          }
      }
    }
  }

  /// Whether an output is made by operators whose results are scores from 0 to 1.
  func endsInScores(_ output: Int = 0) -> Bool { holdsScores(model.graph.outputs[output]) }

  private func holdsScores(_ tensor: Int) -> Bool {
    let makers = model.graph.operators
    guard let maker = makers.last(where: { $0.outputs.contains(tensor) }) else { return false }
    let sources = maker.inputs.filter { $0 >= 0 }
    return switch maker.kind {
    case .softmax, .logistic: true
    case .quantize, .dequantize, .reshape: sources.first.map(holdsScores) ?? false
    // Products of scores and scores side by side are scores.
    case .mul, .concatenation: !sources.isEmpty && sources.allSatisfy(holdsScores)
    default: false
    }
  }

  /// Turns logits into scores, group by group.
  static func softmax(_ values: inout [Float], channels: Int) {
    for start in stride(from: 0, to: values.count, by: channels) {
      let group = values[start..<start + channels]
      let greatest = group.max() ?? 0
      let powers = group.map { exp($0 - greatest) }
      let sum = powers.reduce(0, +)
      for (index, power) in powers.enumerated() { values[start + index] = power / sum }
    }
  }
}

extension TensorDescription {
  /// The tensor as an error message shows it.
  var text: String { "\(elementType) [\(shape.map(String.init).joined(separator: ", "))]" }

  /// Whether its elements can be read as scores.
  var holdsScores: Bool { [.float32, .int8, .uint8].contains(elementType) }
}
