import Foundation
import Inference
import TFLite
import TestSupport
import Testing

private typealias Tensor = ModelBuilder.Tensor
private typealias Operator = ModelBuilder.Operator

/// A model of one operator, with the tensors in the order inputs, constants, output.
private func single(
  _ tensors: [Tensor], _ op: Operator, inputs: Int = 1
) -> ModelBuilder {
  var model = ModelBuilder()
  model.tensors = tensors
  model.operators = [op]
  model.inputs = Array(0..<inputs)
  model.outputs = op.outputs
  return model
}

/// Runs a model of bytes.
private func run(_ builder: ModelBuilder, on inputs: [[UInt8]]) throws -> [UInt8] {
  let interpreter = try Interpreter(TFLiteModel(bytes: builder.build()))
  for (i, input) in inputs.enumerated() {
    interpreter.withInput(i) { $0.copyBytes(from: input) }
  }
  interpreter.run()
  return interpreter.withOutput(0) { Array($0) }
}

private func bytes(_ values: [Int]) -> [UInt8] { values.map { UInt8(truncatingIfNeeded: $0) } }

private func int8(_ name: String, _ shape: [Int], _ scale: Float, _ zero: Int64) -> Tensor {
  Tensor(name: name, type: 9, shape: shape, scales: [scale], zeroPoints: [zero])
}

private func uint8(_ name: String, _ shape: [Int], _ scale: Float, _ zero: Int64) -> Tensor {
  Tensor(name: name, type: 3, shape: shape, scales: [scale], zeroPoints: [zero])
}

private func float(_ name: String, _ shape: [Int]) -> Tensor {
  Tensor(name: name, type: 0, shape: shape)
}

@Suite("Operators, by hand")
struct OperatorTests {
  @Test("ADD broadcasts and clamps")
  func add() throws {
    let model = single(
      [float("a", [2, 3]), float("b", [3]), float("sum", [])],
      Operator(code: 0, inputs: [0, 1], outputs: [2], optionsType: 11, options: [0: .int8(3)]),
      inputs: 2)
    let sum = try run(model, on: [[1, 2, 3, 4, 5, 6], [-2, 0.5, 1]], .portable)
    #expect(sum == [0, 2.5, 4, 2, 5.5, 6])
  }

  @Test("MUL broadcasts along inner and outer dimensions at once")
  func multiply() throws {
    let model = single(
      [float("a", [2, 1, 2]), float("b", [2, 1]), float("product", [])],
      Operator(code: 18, inputs: [0, 1], outputs: [2]), inputs: 2)
    let product = try run(model, on: [[1, 2, 3, 4], [10, 100]], .portable)
    #expect(product == [10, 20, 100, 200, 30, 40, 300, 400])
  }

  @Test("Quantised ADD brings both inputs to one scale")
  func quantizedAdd() throws {
    for (make, offset) in [(int8, 0), (uint8, 128)] {
      let model = single(
        [
          make("a", [4], 0.5, Int64(1 + offset)), make("b", [4], 0.25, Int64(-2 + offset)),
          make("sum", [], 1, Int64(3 + offset)),
        ],
        Operator(code: 0, version: 2, inputs: [0, 1], outputs: [2]), inputs: 2)
      // Reals: 1 + 0.5, 2 - 1, -4 + 0.25, 63 + 32.25.
      let sum = try run(
        model,
        on: [
          bytes([3, 5, -7, 127].map { $0 + offset }), bytes([0, -6, -1, 127].map { $0 + offset }),
        ])
      #expect(sum == bytes([5, 4, -1, 98].map { $0 + offset }))
    }
  }

  @Test("Quantised MUL offsets both inputs")
  func quantizedMultiply() throws {
    let model = single(
      [int8("a", [3], 0.5, 10), int8("b", [1], 0.5, -4), int8("product", [], 0.25, 0)],
      Operator(code: 18, version: 2, inputs: [0, 1], outputs: [2]), inputs: 2)
    #expect(try run(model, on: [bytes([12, 10, -100]), bytes([1])]) == bytes([10, 0, -128]))
  }

  @Test("MAX_POOL_2D ignores what lies outside the image")
  func maxPool() throws {
    let options: [Int: ModelBuilder.Field] = [
      0: .int8(0), 1: .int32(2), 2: .int32(2), 3: .int32(2), 4: .int32(2),
    ]
    let op = Operator(code: 17, inputs: [0], outputs: [1], optionsType: 5, options: options)
    let model = single([float("image", [1, 3, 3, 1]), float("max", [])], op)
    #expect(
      try run(model, on: [[-1, -2, -3, -4, -5, -6, -7, -8, -9]], .portable) == [-1, -3, -7, -9])
    let quantized = single([uint8("image", [1, 3, 3, 1], 1, 9), uint8("max", [], 1, 9)], op)
    #expect(try run(quantized, on: [[1, 2, 3, 4, 5, 6, 7, 8, 200]]) == [5, 6, 8, 200])
  }

  @Test("SOFTMAX sums to one, along the last dimension only")
  func softmax() throws {
    let op = Operator(
      code: 25, inputs: [0], outputs: [1], optionsType: 9, options: [0: .float(2)])
    let model = single([float("logits", [2, 3]), float("shares", [])], op)
    let result = try run(model, on: [[0, 0, 0, 1000, 1000 + Float(log(3.0)) / 2, 0]], .portable)
    #expect(largestDifference(result, [1 / 3, 1 / 3, 1 / 3, 0.25, 0.75, 0]) < 1e-4)
  }

  @Test("Quantised SOFTMAX")
  func quantizedSoftmax() throws {
    let op = Operator(
      code: 25, version: 2, inputs: [0], outputs: [1], optionsType: 9, options: [0: .float(1)])
    let model = single([int8("logits", [3, 2], 0.1, 0), int8("shares", [], 1 / 256, -128)], op)
    // Equal logits; a difference of ln 3; a difference beyond measure.
    let result = try run(model, on: [bytes([5, 5, 11, 0, 127, -128])])
    #expect(result == bytes([0, 0, 64, -64, 127, -128]))
    let wide = single(
      [uint8("logits", [1, 1000], 0.1, 0), uint8("shares", [], 1 / 256, 0)], op)
    #expect(try run(wide, on: [Array(repeating: 7, count: 1000)]).allSatisfy { $0 == 0 })
  }

  @Test("QUANTIZE rounds half away from zero and saturates")
  func quantize() throws {
    let model = single(
      [float("reals", [8]), int8("steps", [], 0.5, -1)],
      Operator(code: 114, inputs: [0], outputs: [1]))
    let reals: [Float] = [0, 0.25, -0.25, 0.24, 63.9, 1e30, -1e30, -.infinity]
    #expect(
      try run(model, on: [littleEndian(reals)]) == bytes([-1, 0, -2, -1, 127, 127, -128, -128]))
  }

  @Test("QUANTIZE changes quantisation, and uint8 to int8")
  func requantize() throws {
    let model = single(
      [uint8("a", [4], 0.5, 128), int8("b", [], 1, 0)],
      Operator(code: 114, inputs: [0], outputs: [1]))
    #expect(try run(model, on: [[128, 130, 0, 255]]) == bytes([0, 1, -64, 64]))
  }

  @Test("DEQUANTIZE multiplies by the scale")
  func dequantize() throws {
    let model = single(
      [int8("steps", [3], 0.5, 1), float("reals", [])],
      Operator(code: 6, version: 2, inputs: [0], outputs: [1]))
    #expect(floats(try run(model, on: [bytes([1, -128, 127])])) == [0, -64.5, 63])
  }

  @Test("float16 constants are widened, subnormal numbers and infinities too")
  func float16() throws {
    let halves: [UInt16] = [0x3C00, 0xC000, 0x0001, 0x8400, 0x7C00, 0x7BFF, 0x0000, 0x3555]
    var model = ModelBuilder()
    model.tensors = [
      float("input", [8]),
      Tensor(name: "halves", type: 1, shape: [8], data: littleEndian(halves)),
      float("widened", [8]), float("sum", []),
    ]
    model.operators = [
      Operator(code: 6, version: 3, inputs: [1], outputs: [2]),
      Operator(code: 0, inputs: [0, 2], outputs: [3]),
    ]
    (model.inputs, model.outputs) = ([0], [3])
    let sum = try run(model, on: [Array(repeating: 0, count: 8)], .portable)
    #expect(
      sum == [1, -2, 0x1p-24, -0x1p-14, .infinity, 65504, 0, 0x1.554p-2])
  }

  @Test("RELU, RELU6 and RELU_N1_TO_1 as operators", arguments: [(19, 9), (21, 6), (20, 1)])
  func relu(_ code: Int, _ largest: Float) throws {
    let model = single(
      [float("x", [4]), float("y", [])], Operator(code: Int32(code), inputs: [0], outputs: [1]))
    let low: Float = code == 20 ? -1 : 0
    let result = try run(model, on: [[-9, 9, 0.5, -0.5]], .portable)
    #expect(result == [low, largest, 0.5, max(low, -0.5)])
    let quantized = single(
      [int8("x", [3], 0.5, 0), int8("y", [], 0.25, -10)],
      Operator(code: Int32(code), inputs: [0], outputs: [1]))
    let high = code == 19 ? 30 : code == 21 ? 14 : -6
    #expect(
      try run(quantized, on: [bytes([-100, 20, 1])])
        == bytes([code == 20 ? -14 : -10, high, -8]))
  }

  @Test("PAD before an operator that cannot take it along")
  func pad() throws {
    var model = ModelBuilder()
    model.tensors = [
      int8("x", [2, 2], 1, 7),
      Tensor(
        name: "paddings", type: 2, shape: [2, 2], data: littleEndian([1, 0, 1, 2] as [Int32])),
      int8("padded", [], 1, 7), int8("y", [], 1, 7),
    ]
    model.operators = [
      Operator(code: 34, inputs: [0, 1], outputs: [2]),
      Operator(code: 19, inputs: [2], outputs: [3]),
    ]
    (model.inputs, model.outputs) = ([0], [2, 3])
    let padded = try run(model, on: [bytes([8, 9, 10, 11])])
    #expect(padded == bytes([7, 7, 7, 7, 7, 7, 8, 9, 7, 7, 7, 10, 11, 7, 7]))
  }

  @Test("RESHAPE moves nothing, and works out a free dimension")
  func reshape() throws {
    let model = single(
      [
        float("x", [2, 3]),
        Tensor(name: "shape", type: 2, shape: [2], data: littleEndian([3, -1] as [Int32])),
        float("y", []),
      ],
      Operator(code: 22, inputs: [0, 1], outputs: [2]))
    #expect(try run(model, on: [[1, 2, 3, 4, 5, 6]], .portable) == [1, 2, 3, 4, 5, 6])
    let interpreter = try Interpreter(TFLiteModel(bytes: model.build()))
    #expect(interpreter.outputs[0].shape == [3, 2])
  }

  @Test("Shapes come from the operators, not from what the file says of results")
  func shapesAreInferred() throws {
    var numbers = SeededNumbers(1)
    let test = ConvolutionCase(height: 8, width: 6, outputChannels: 4, stride: (2, 2))
    var model = test.model(.float32, &numbers)
    model.tensors[3].shape = [1, 99, 1, 1]
    let interpreter = try Interpreter(TFLiteModel(bytes: model.build()))
    #expect(interpreter.outputs[0].shape == [1, 4, 3, 4])
    #expect(interpreter.outputs[0].byteCount == 4 * 48)
  }
}
