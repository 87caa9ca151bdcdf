import Foundation
import Inference
import TFLite
import TestSupport
import Testing

/// Files of every operator that can be run.
private func files() -> [[UInt8]] {
  var numbers = SeededNumbers(5)
  var files: [[UInt8]] = []
  for precision in Precision.allCases {
    for test in [
      ConvolutionCase(pad: [0, 1, 0, 1]),
      ConvolutionCase(isDepthwise: true, outputChannels: 3, stride: (2, 2), dilation: (2, 1)),
    ] {
      var model = test.model(precision, &numbers)
      append(to: &model, precision)
      files.append(model.build())
    }
  }
  for operation in OperatorGoldenTests.operations {
    let cases = (try? OperatorGolden.read(operation)) ?? []
    files += stride(from: 0, to: cases.count, by: 7).map { cases[$0].model }
  }
  return files
}

/// How many damaged files a test tries: `FISHCAM_FUZZ_CASES`, or a few.
private let caseCount =
  ProcessInfo.processInfo.environment["FISHCAM_FUZZ_CASES"].flatMap { Int($0) } ?? 12_000

/// Follows a convolution with pooling, arithmetic, a new shape and a softmax.
private func append(to model: inout ModelBuilder, _ precision: Precision) {
  func tensor(_ name: String, like index: Int) -> Int {
    var copy = model.tensors[index]
    (copy.name, copy.shape) = (name, [])
    model.tensors.append(copy)
    return model.tensors.count - 1
  }
  let pooled = tensor("pooled", like: 3)
  let sum = tensor("sum", like: 3)
  let product = tensor("product", like: 3)
  let relu = tensor("relu", like: 3)
  let flat = tensor("flat", like: 3)
  let shares = tensor("shares", like: 3)
  if !precision.isFloat {
    model.tensors[shares].scales = [1 / 256]
    model.tensors[shares].zeroPoints = [precision == .int8 ? -128 : 0]
  }
  let shape = model.tensors.count
  model.tensors.append(
    ModelBuilder.Tensor(
      name: "shape", type: 2, shape: [2], data: littleEndian([-1, 1] as [Int32])))
  model.operators += [
    ModelBuilder.Operator(
      code: 17, inputs: [3], outputs: [pooled], optionsType: 5,
      options: [0: .int8(0), 1: .int32(1), 2: .int32(1), 3: .int32(2), 4: .int32(2)]),
    ModelBuilder.Operator(code: 0, inputs: [pooled, 3], outputs: [sum]),
    ModelBuilder.Operator(
      code: 18, inputs: [sum, 3], outputs: [product], optionsType: 21, options: [0: .int8(1)]),
    ModelBuilder.Operator(code: 21, inputs: [product], outputs: [relu]),
    ModelBuilder.Operator(code: 22, inputs: [relu, shape], outputs: [flat]),
    ModelBuilder.Operator(
      code: 25, inputs: [flat], outputs: [shares], optionsType: 9, options: [0: .float(1)]),
  ]
  model.outputs = [shares, sum]
}

@Suite("Damaged files")
struct MutationTests {
  @Test("The files that are damaged below work")
  func originals() throws {
    for file in files() { _ = try Interpreter(TFLiteModel(bytes: file)) }
  }

  @Test("Input and outputs keep their places: running again gives the same")
  func again() throws {
    for (seed, file) in files().enumerated() {
      let interpreter = try Interpreter(TFLiteModel(bytes: file))
      var numbers = SeededNumbers(UInt64(seed))
      let input =
        interpreter.inputs[0].elementType != .float32
        ? numbers.bytes(interpreter.inputs[0].byteCount)
        : littleEndian(numbers.floats(interpreter.inputs[0].elementCount))
      interpreter.withInput(0) { $0.copyBytes(from: input) }
      interpreter.run()
      let outputs = interpreter.outputs.indices
      let first = outputs.map { interpreter.withOutput($0) { Array($0) } }
      interpreter.run()
      #expect(outputs.map { interpreter.withOutput($0) { Array($0) } } == first)
      #expect(interpreter.withInput(0) { Array($0) } == input)
    }
  }

  @Test("A dimension of zero does not hide others whose product overflows")
  func zeroDimension() throws {
    for shape in [[0, 1 << 30, 1 << 30, 1 << 30], [1 << 30, 1 << 30, 0, 1 << 30]] {
      var model = ModelBuilder()
      model.tensors = [
        ModelBuilder.Tensor(name: "axis", type: 2, shape: [], data: littleEndian([0] as [Int32])),
        ModelBuilder.Tensor(name: "input", type: 0, shape: shape),
        ModelBuilder.Tensor(name: "output", type: 0, shape: []),
      ]
      model.operators = [
        ModelBuilder.Operator(
          code: 49, inputs: [0, 1], outputs: [2], optionsType: 35, options: [0: .int32(1)])
      ]
      (model.inputs, model.outputs) = ([1], [2])
      #expect(throws: TFLiteError.self) { try TFLiteModel(bytes: model.build()) }
    }
  }

  @Test("A damaged file is refused or runs, but never crashes", arguments: 1...6)
  func mutations(_ seed: UInt64) {
    let files = files()
    for number in 0..<UInt64(caseCount / 6) {
      // A seed of its own for each case, so that one that fails can be tried alone.
      var numbers = SeededNumbers(seed &* 0x1_0000_0000 &+ number)
      if let file = files.randomElement(using: &numbers) { tryMutation(of: file, &numbers) }
    }
  }
}
