import TFLite
import TestSupport
import Testing

@testable import Inference

private func failure(of model: ModelBuilder, _ options: InferenceOptions = .init()) throws
  -> InferenceError?
{
  let read = try TFLiteModel(bytes: model.build())
  do throws(InferenceError) {
    _ = try Interpreter(read, options: options)
    return nil
  } catch {
    return error
  }
}

private func problem(of model: ModelBuilder) throws -> InferenceError.OperatorProblem? {
  guard case .unsupported(_, let problem)? = try failure(of: model) else { return nil }
  return problem
}

/// A convolution that works, to be spoiled.
private func convolution(
  _ precision: Precision = .int8, _ change: (inout ModelBuilder) -> Void = { _ in }
) -> ModelBuilder {
  var numbers = SeededNumbers(1)
  var model = ConvolutionCase().model(precision, &numbers)
  change(&model)
  return model
}

@Suite("Errors name the operator and the reason")
struct ErrorTests {
  @Test("The model that is spoiled below works")
  func works() throws {
    for precision in Precision.allCases {
      #expect(try failure(of: convolution(precision)) == nil)
    }
  }

  @Test("Unknown operators and versions")
  func unknown() throws {
    let custom = convolution {
      ($0.operators[0].code, $0.operators[0].customName) = (32, "FishNMS")
    }
    #expect(
      try failure(of: custom)?.description
        == "CUSTOM FishNMS version 1 (operator 0) is not supported: there is no such operator here")
    let version = convolution { $0.operators[0].version = 99 }
    #expect(
      try failure(of: version)?.description
        == "CONV_2D version 99 (operator 0) is not supported: versions 1 to 6 are")
    let future = convolution { $0.operators[0].code = 5000 }
    #expect(try failure(of: future)?.description.hasPrefix("operator 5000 version 1") == true)
  }

  @Test("Inputs, types, shapes, settings and quantisation that do not fit")
  func spoiled() throws {
    #expect(
      try problem(of: convolution { $0.operators[0].inputs = [0] }) == .count(inputs: 1, outputs: 1)
    )
    #expect(
      try problem(of: convolution { $0.operators[0].inputs = [-1, 1] })
        == .count(inputs: 2, outputs: 1))
    #expect(
      try problem(of: convolution { $0.tensors[3].type = 3 })
        == .types([.int8, .int8, .int32, .uint8]))
    #expect(
      try problem(of: convolution { $0.tensors[0].shape = [5, 7, 3] })
        == .shape([5, 7, 3], of: "input"))
    #expect(
      try problem(of: convolution { $0.tensors[0].shape = [1, 5, 7, 4] })
        == .shape([16, 3, 3, 3], of: "weights"))
    #expect(
      try problem(of: convolution { $0.tensors[2].shape = [2, 8] }) == .shape([2, 8], of: "bias"))
    #expect(
      try problem(of: convolution { $0.operators[0].options = nil })
        == .option("options", value: "missing"))
    #expect(
      try problem(of: convolution { $0.operators[0].options?[1] = .int32(0) })
        == .option("stride", value: "0"))
    #expect(
      try problem(of: convolution { $0.operators[0].options?[4] = .int32(-1) })
        == .option("dilation", value: "-1"))
    #expect(
      try problem(of: convolution { $0.operators[0].options?[0] = .int8(7) })
        == .option("padding", value: "of unknown number"))
    #expect(
      try problem(of: convolution { $0.operators[0].options?[3] = .int8(4) })
        == .option("activation", value: "tanh"))
    #expect(
      try problem(of: convolution { ($0.tensors[0].scales, $0.tensors[0].zeroPoints) = ([], []) })
        == .quantization(of: "input"))
    #expect(
      try problem(of: convolution { $0.tensors[3].scales = [0] }) == .quantization(of: "output"))
    #expect(
      try problem(of: convolution { $0.tensors[1].zeroPoints[3] = 1 })
        == .quantization(of: "weights"))
    #expect(
      try problem(of: convolution { $0.tensors[0].scales = [1e30] })
        == .quantization(of: "weights"))
    #expect(
      try problem(of: convolution { $0.tensors[1].extra[6] = .table([:]) }) == .sparse("weights"))
    #expect(
      try problem(
        of: convolution {
          $0.tensors[1].data = nil
          $0.inputs.append(1)
        }) == .notConstant("weights"))
  }

  @Test("Graphs whose tensors have no value, or two")
  func graph() throws {
    let reference = InferenceError.OperatorReference(index: 0, name: "CONV_2D", version: 1)
    #expect(
      try failure(of: convolution { $0.tensors[1].data = nil })
        == .notComputed(reference, tensor: "weights"))
    #expect(
      try failure(of: convolution { $0.operators[0].outputs = [0] })
        == .computedTwice(reference, tensor: "input"))
    #expect(
      try failure(of: convolution { $0.operators = [] }) == .badOutput(tensor: "output"))
    #expect(
      try failure(of: convolution { $0.inputs.append(1) }) == .badInput(tensor: "weights", .int8))
    #expect(try failure(of: convolution { $0.inputs = [] }) == .noInputsOrOutputs)
    #expect(try failure(of: convolution { $0.outputs = [] }) == .noInputsOrOutputs)
  }

  @Test("Memory has a limit")
  func memory() throws {
    var options = InferenceOptions()
    options.memoryLimit = 1000
    guard case .memoryLimit(let needed, 1000)? = try failure(of: convolution(), options) else {
      Issue.record("no limit")
      return
    }
    #expect(needed > 1000)
    let huge = convolution { $0.tensors[0].shape = [1, 30000, 30000, 3] }
    guard case .memoryLimit? = try failure(of: huge) else {
      Issue.record("no limit")
      return
    }
  }

  @Test("Kernels that this machine lacks are refused")
  func kernels() throws {
    for variant in KernelVariant.allCases where variant != .best {
      let error = try failure(of: convolution(), InferenceOptions(kernels: variant))
      let isAvailable = KernelVariant.available.contains(variant)
      #expect(error == (isAvailable ? nil : .kernelsUnavailable(variant)))
    }
  }

  @Test("A summary of a model that cannot be run says why")
  func summary() throws {
    let model = convolution { $0.operators[0].version = 99 }
    let summary = ModelSummary(try TFLiteModel(bytes: model.build()))
    #expect(summary.problem?.contains("CONV_2D version 99") == true)
    #expect(summary.inputs[0].name == "input")
  }
}
