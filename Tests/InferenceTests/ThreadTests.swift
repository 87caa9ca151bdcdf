import Foundation
import TFLite
import TestSupport
import Testing

@testable import Inference

/// A chain as detectors begin with, large enough to be computed in strips: a strided convolution,
/// depthwise convolutions of both strides between pointwise ones, and a sum with an earlier value.
private func chain(
  _ precision: Precision, isOpen: Bool, height: Int = 150, width: Int = 130
) -> ModelBuilder {
  var numbers = SeededNumbers(11)
  var model = ModelBuilder()
  var shape = (height, width, 3)
  func append(_ test: ConvolutionCase, from input: Int) -> Int {
    let single = test.model(precision, &numbers)
    let first = model.tensors.count
    if model.tensors.isEmpty { model.tensors.append(single.tensors[0]) }
    // Every value has the quantisation of the first, so that sums and convolutions fit together.
    var output = single.tensors[3]
    (output.scales, output.zeroPoints) = (model.tensors[0].scales, model.tensors[0].zeroPoints)
    let base = max(first, 1)
    model.tensors += [single.tensors[1], single.tensors[2], output]
    var op = single.operators[0]
    (op.inputs, op.outputs) = ([input, base, base + 1], [base + 2])
    model.operators.append(op)
    shape = ((shape.0 - 1) / test.stride.0 + 1, (shape.1 - 1) / test.stride.1 + 1, 0)
    shape.2 = test.outputChannels
    return base + 2
  }
  func step(
    _ input: Int, _ channels: Int, depthwise: Bool = false, kernel: Int = 1, stride: Int = 1
  ) -> Int {
    append(
      ConvolutionCase(
        isDepthwise: depthwise, height: shape.0, width: shape.1, inputChannels: shape.2,
        outputChannels: channels, kernel: (kernel, kernel), stride: (stride, stride),
        activation: kernel == 1 ? 0 : 3),
      from: input)
  }
  var ids = [step(0, 16, kernel: 3, stride: 2)]
  ids.append(step(ids[0], 16, depthwise: true, kernel: 3))
  ids.append(step(ids[1], 8))
  ids.append(step(ids[2], 48))
  ids.append(step(ids[3], 48, depthwise: true, kernel: 3))
  ids.append(step(ids[4], 8))
  var sum = model.tensors[ids[5]]
  sum.name = "sum"
  model.tensors.append(sum)
  model.operators.append(
    ModelBuilder.Operator(code: 0, inputs: [ids[2], ids[5]], outputs: [model.tensors.count - 1]))
  ids.append(model.tensors.count - 1)
  ids.append(step(ids[6], 48, kernel: 3, stride: 2))
  ids.append(step(ids[7], 20))
  model.inputs = [0]
  // A value that the caller may read is kept whole.
  model.outputs = isOpen ? [ids[8]] + ids[0..<8] : [ids[8]]
  return model
}

private func input(_ interpreter: Interpreter) -> [UInt8] {
  var numbers = SeededNumbers(3)
  return interpreter.inputs[0].elementType == .float32
    ? littleEndian(numbers.floats(interpreter.inputs[0].elementCount))
    : numbers.bytes(interpreter.inputs[0].byteCount)
}

private func result(_ model: ModelBuilder, _ options: InferenceOptions) throws -> [UInt8] {
  let interpreter = try Interpreter(TFLiteModel(bytes: model.build()), options: options)
  interpreter.withInput(0) { $0.copyBytes(from: input(interpreter)) }
  for _ in 0..<3 { interpreter.run() }
  return interpreter.withOutput(0) { Array($0) }
}

@Suite("Strips, threads and memory")
struct ThreadTests {
  @Test("Strips of rows give what whole values give, in less memory", arguments: Precision.allCases)
  func strips(_ precision: Precision) throws {
    let (closed, open) = (chain(precision, isOpen: false), chain(precision, isOpen: true))
    for variant in KernelVariant.available {
      for threads in [1, 2] {
        let options = InferenceOptions(threads: threads, kernels: variant)
        let isEqual = try result(closed, options) == result(open, options)
        #expect(isEqual, "\(variant), \(threads) threads")
      }
    }
    let arena = try Interpreter(TFLiteModel(bytes: closed.build())).arenaBytes
    let whole = try Interpreter(TFLiteModel(bytes: open.build())).arenaBytes
    if precision.isFloat { #expect(arena < whole / 2) }
  }

  @Test("Results do not depend on the number of threads", arguments: Precision.allCases)
  func threads(_ precision: Precision) throws {
    let model = chain(precision, isOpen: false)
    for variant in KernelVariant.available {
      let expected = try result(model, InferenceOptions(threads: 1, kernels: variant))
      for threads in [2, 3, 7] {
        let isEqual =
          try result(model, InferenceOptions(threads: threads, kernels: variant)) == expected
        #expect(isEqual, "\(variant), \(threads) threads")
      }
    }
  }

  @Test("Operators give the same on several threads", arguments: OperatorGoldenTests.operations)
  func operators(_ operation: String) throws {
    for golden in try OperatorGolden.read(operation) {
      #expect(try golden.run(.best, threads: 3) <= 2e-6, "\(golden.name)")
    }
  }

  @Test("An input may have another size than the file says")
  func otherSize() throws {
    let model = chain(.int8, isOpen: false, height: 60, width: 44)
    var options = InferenceOptions()
    options.inputShapes = [0: [1, 150, 130, 3]]
    let isEqual =
      try result(model, options) == result(chain(.int8, isOpen: false), InferenceOptions())
    #expect(isEqual)
    options.inputShapes = [0: [1, 0, 130, 3]]
    #expect(throws: InferenceError.self) { try result(model, options) }
  }

  #if canImport(Glibc)
    /// In a process of its own, in which no memory can be had while the model runs.
    @Test("Running allocates nothing")
    func allocations() async {
      await #expect(processExitsWith: .success) {
        // The sanitizer needs memory itself.
        if Tool.isSanitized { exit(0) }
        for threads in [1, 2] {
          for precision in Precision.allCases {
            let model = try TFLiteModel(bytes: chain(precision, isOpen: false).build())
            let interpreter = try Interpreter(model, options: InferenceOptions(threads: threads))
            interpreter.run()
            var before = rlimit()
            getrlimit(__rlimit_resource_t(9), &before)
            var none = before
            none.rlim_cur = 1
            setrlimit(__rlimit_resource_t(9), &none)
            var kept: UnsafeMutableRawPointer?
            var size = 1 << 24
            while size >= 8 {
              guard let block = malloc(size) else {
                size /= 2
                continue
              }
              block.storeBytes(of: kept, as: UnsafeMutableRawPointer?.self)
              kept = block
            }
            for _ in 0..<3 { interpreter.run() }
            while let block = kept {
              kept = block.load(as: UnsafeMutableRawPointer?.self)
              free(block)
            }
            setrlimit(__rlimit_resource_t(9), &before)
          }
        }
      }
    }
  #endif
}
