import Foundation
import TFLite
import TestSupport
import Testing

private func error(_ model: ModelBuilder) -> TFLiteError? { error(model.build()) }

private func error(_ bytes: [UInt8]) -> TFLiteError? {
  do throws(TFLiteError) {
    _ = try TFLiteModel(bytes: bytes)
    return nil
  } catch {
    return error
  }
}

/// One operator on a quantised and a constant tensor.
private func model(_ change: (inout ModelBuilder) -> Void = { _ in }) -> ModelBuilder {
  var model = ModelBuilder()
  model.tensors = [
    ModelBuilder.Tensor(
      name: "image", type: 9, shape: [1, 2, 3, 2], scales: [0.5, 0.25], zeroPoints: [1, -2],
      dimension: 3),
    ModelBuilder.Tensor(name: "constant", type: 0, shape: [2], data: [0, 0, 128, 63, 0, 0, 0, 64]),
    ModelBuilder.Tensor(name: "result", type: 9, shape: []),
  ]
  model.operators = [
    ModelBuilder.Operator(
      code: 3, version: 2, inputs: [0, 1, -1], outputs: [2], optionsType: 1,
      options: [0: .int8(1), 1: .int32(2), 2: .int32(3), 3: .int8(3), 5: .int32(4)])
  ]
  (model.inputs, model.outputs) = ([0], [2])
  change(&model)
  return model
}

@Suite("Reader")
struct ReaderTests {
  @Test("Everything in the file arrives")
  func reading() throws {
    let read = try TFLiteModel(bytes: model().build())
    #expect(read.description == "test")
    #expect(read.inputs == [0] && read.outputs == [2])
    #expect(read.tensors.map(\.name) == ["image", "constant", "result"])
    #expect(read.tensors[0].elementType == .int8 && read.tensors[0].shape == [1, 2, 3, 2])
    #expect(read.tensors[0].elementCount == 12)
    let quantization = try #require(read.tensors[0].quantization)
    #expect(quantization.scales == [0.5, 0.25] && quantization.zeroPoints == [1, -2])
    #expect(quantization.dimension == 3)
    #expect(read.tensors[1].isConstant && !read.tensors[0].isConstant)
    #expect(read.constantBytes(ofTensor: 1).map(Array.init) == [0, 0, 128, 63, 0, 0, 0, 64])
    #expect(read.constantBytes(ofTensor: 0) == nil)
    let op = read.operators[0]
    #expect(op.kind == .conv2D && op.version == 2 && op.kind.description == "CONV_2D")
    #expect(op.inputs == [0, 1, -1] && op.outputs == [2])
    guard case .convolution(let options) = op.options else {
      Issue.record("no options")
      return
    }
    #expect(options.padding == .valid && options.activation == .relu6)
    #expect(options.stride == (3, 2) && options.dilation == (4, 1))
  }

  @Test("What is not a model")
  func identifier() {
    #expect(error([]) == .notAModel(byteCount: 0))
    #expect(error(Array("This is no model.".utf8)) == .notAModel(byteCount: 17))
    #expect(error(model { $0.version = 4 }) == .schemaVersion(4))
    var noGraph = ModelBuilder().build()
    noGraph = Array(noGraph[0..<8])
    guard case .outOfBounds? = error(noGraph) else {
      Issue.record("a root outside the file was accepted")
      return
    }
  }

  @Test("Indices are checked")
  func indices() {
    #expect(
      error(model { $0.inputs = [3] }) == .badIndex(what: "graph input", index: 3, count: 3))
    #expect(
      error(model { $0.outputs = [-1] }) == .badIndex(what: "graph output", index: -1, count: 3))
    #expect(
      error(model { $0.operators[0].inputs = [-2] })
        == .badIndex(what: "operator input", index: -2, count: 3))
    #expect(
      error(model { $0.operators[0].outputs = [-1] })
        == .badIndex(what: "operator output", index: -1, count: 3))
    #expect(
      error(model { $0.tensors[0].extra[2] = .int32(9) })
        == .badIndex(what: "buffer of tensor image", index: 9, count: 2))
  }

  @Test("Tensors are checked")
  func tensors() {
    #expect(
      error(model { $0.tensors[0].type = 77 })
        == .unknownElementType(tensor: "image", rawValue: 77))
    #expect(
      error(model { $0.tensors[2].shape = [3, -1] })
        == .badShape(tensor: "result", shape: [3, -1]))
    let large = Array(repeating: Int(Int32.max), count: 4)
    #expect(
      error(model { $0.tensors[2].shape = large }) == .badShape(tensor: "result", shape: large))
    #expect(
      error(model { $0.tensors[2].shape = Array(repeating: 1, count: 9) })
        == .tooMany(what: "dimensions of tensor result", count: 9, limit: 8))
    #expect(
      error(model { $0.tensors[1].shape = [3] })
        == .sizeMismatch(tensor: "constant", expected: 12, got: 8))
    #expect(
      error(model { $0.tensors[1].shape = [1] })
        == .sizeMismatch(tensor: "constant", expected: 4, got: 8))
  }

  @Test("Quantisation is checked")
  func quantization() {
    func problem(_ change: (inout ModelBuilder.Tensor) -> Void) -> TFLiteError.QuantizationProblem?
    {
      guard case .badQuantization("image", let problem)? = error(model { change(&$0.tensors[0]) })
      else { return nil }
      return problem
    }
    #expect(problem { $0.scales[1] = -1 } == .scale(index: 1))
    #expect(problem { $0.scales[0] = .nan } == .scale(index: 0))
    #expect(problem { $0.zeroPoints = [0] } == .counts(scales: 2, zeroPoints: 1))
    #expect(problem { $0.dimension = 2 } == .scaleCount(2, dimension: 2))
    #expect(problem { $0.dimension = -5 } == .scaleCount(2, dimension: -5))
    #expect(problem { $0.zeroPoints[1] = 128 } == .zeroPoint(128))
  }

  @Test("No prefix of a file crashes the reader, and none but the whole is a model")
  func prefixes() {
    let bytes = model().build()
    for count in 0..<bytes.count {
      guard let error = error(Array(bytes[0..<count])) else { continue }
      #expect(!error.description.isEmpty)
    }
    #expect(error(bytes) == nil)
  }

  @Test("Overlapping vectors cannot make a small file expensive")
  func amplification() {
    // 5,000 operators that are all the same table, with 5,000 inputs.
    var shared = model { $0.operators[0].inputs = Array(repeating: 0, count: 5000) }
    #expect(error(shared) == nil)
    shared.operatorCopies = 5000
    guard case .tooMany? = error(shared) else {
      Issue.record("25 million indices were read from a file of \(shared.build().count) bytes")
      return
    }
    var many = model()
    many.operators = Array(repeating: many.operators[0], count: 10_001)
    #expect(error(many) == .tooMany(what: "operator codes", count: 10_001, limit: 10_000))
  }

  @Test("Errors of a file name it")
  func files() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("reader-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    func error(_ path: String) -> TFLiteError? {
      do throws(TFLiteError) {
        _ = try TFLiteModel(path: path)
        return nil
      } catch {
        return error
      }
    }
    let missing = folder.appendingPathComponent("a b's é.tflite").path
    #expect(error(missing)?.description == "\(missing): cannot be read: No such file or directory")
    #expect(error(folder.path)?.description == "\(folder.path): cannot be read: not a file")
    let text = folder.appendingPathComponent("text.tflite")
    try Data("no model".utf8).write(to: text)
    #expect(error(text.path) == .inFile(path: text.path, .notAModel(byteCount: 8)))
    try Data(model().build()).write(to: text)
    #expect(error(text.path) == nil)
  }
}
