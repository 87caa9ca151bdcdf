import TestSupport

/// Models of one operator with seeded weights, in every precision that the kernels have.
enum Precision: Int8, CaseIterable, CustomStringConvertible {
  case float32 = 0
  case uint8 = 3
  case int8 = 9

  var description: String { "\(rawValue == 0 ? "float32" : rawValue == 3 ? "uint8" : "int8")" }
  var isFloat: Bool { self == .float32 }
}

/// Numbers from a seed (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) }
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func ints(_ count: Int, in range: ClosedRange<Int32>) -> [Int32] {
    (0..<count).map { _ in Int32.random(in: range, using: &self) }
  }
}

/// One convolution as a test asks for it.
struct ConvolutionCase: CustomStringConvertible, Sendable {
  var isDepthwise = false
  var batch = 1
  var height = 5
  var width = 7
  var inputChannels = 3
  /// For a depthwise convolution a multiple of the input channels.
  var outputChannels = 16
  var kernel = (3, 3)
  var stride = (1, 1)
  var dilation = (1, 1)
  var isSame = true
  /// 0 none, 1 relu, 3 relu6.
  var activation: Int8 = 0
  var hasBias = true
  var inputZero = -3
  var outputZero = 5
  var weightZero = 0
  /// Rows above and below, columns left and right, added by a PAD operator.
  var pad: [Int32]?

  var description: String {
    "\(isDepthwise ? "depthwise" : "conv") \(batch)x\(height)x\(width)x\(inputChannels)"
      + " -> \(outputChannels), kernel \(kernel), stride \(stride), dilation \(dilation),"
      + " \(isSame ? "SAME" : "VALID"), activation \(activation), zeros \(inputZero) \(outputZero)"
      + (pad.map { ", pad \($0)" } ?? "")
  }

  var inputCount: Int { batch * height * width * inputChannels }

  /// A model with weights from `numbers`.
  func model(_ precision: Precision, _ numbers: inout SeededNumbers) -> ModelBuilder {
    let shape =
      isDepthwise
      ? [1, kernel.0, kernel.1, outputChannels]
      : [outputChannels, kernel.0, kernel.1, inputChannels]
    let count = shape.reduce(1, *)
    let taps = count / outputChannels
    let offset = precision == .uint8 ? 128 : 0
    var input = ModelBuilder.Tensor(
      name: "input", type: precision.rawValue, shape: [batch, height, width, inputChannels])
    var weights = ModelBuilder.Tensor(name: "weights", type: precision.rawValue, shape: shape)
    var bias = ModelBuilder.Tensor(
      name: "bias", type: precision.isFloat ? 0 : 2, shape: [outputChannels])
    var output = ModelBuilder.Tensor(name: "output", type: precision.rawValue, shape: [])
    if precision.isFloat {
      weights.data = littleEndian(numbers.floats(count))
      bias.data = littleEndian(numbers.floats(outputChannels))
    } else {
      weights.data = numbers.bytes(count)
      bias.data = littleEndian(numbers.ints(outputChannels, in: -2000...2000))
      input.scales = [0.05]
      input.zeroPoints = [Int64(inputZero + offset)]
      output.scales = [0.013 * Float(taps).squareRoot() * 2]
      output.zeroPoints = [Int64(outputZero + offset)]
      let channels = precision == .uint8 ? 1 : outputChannels
      weights.scales = numbers.floats(channels, in: 0.002...0.02)
      weights.zeroPoints = Array(
        repeating: precision == .uint8 ? Int64(weightZero + offset) : 0, count: channels)
      weights.dimension = isDepthwise ? 3 : 0
    }
    var model = ModelBuilder()
    model.tensors = [input, weights, bias, output]
    var source = 0
    if let pad {
      var padded = input
      padded.name = "padded"
      padded.shape = []
      model.tensors.append(padded)
      model.tensors.append(
        ModelBuilder.Tensor(
          name: "paddings", type: 2, shape: [4, 2],
          data: littleEndian([0, 0, pad[0], pad[1], pad[2], pad[3], 0, 0] as [Int32])))
      model.operators.append(
        ModelBuilder.Operator(code: 34, inputs: [0, 5], outputs: [4]))
      source = 4
    }
    let inputs = hasBias ? [source, 1, 2] : [source, 1]
    let padding = ModelBuilder.Field.int8(isSame ? 0 : 1)
    let (strideH, strideW) = (Int32(stride.0), Int32(stride.1))
    let (dilationH, dilationW) = (Int32(dilation.0), Int32(dilation.1))
    model.operators.append(
      isDepthwise
        ? ModelBuilder.Operator(
          code: 4, inputs: inputs, outputs: [3], optionsType: 2,
          options: [
            0: padding, 1: .int32(strideW), 2: .int32(strideH),
            3: .int32(Int32(outputChannels / inputChannels)), 4: .int8(activation),
            5: .int32(dilationW), 6: .int32(dilationH),
          ])
        : ModelBuilder.Operator(
          code: 3, inputs: inputs, outputs: [3], optionsType: 1,
          options: [
            0: padding, 1: .int32(strideW), 2: .int32(strideH), 3: .int8(activation),
            4: .int32(dilationW), 5: .int32(dilationH),
          ]))
    model.inputs = [0]
    model.outputs = [3]
    return model
  }
}
