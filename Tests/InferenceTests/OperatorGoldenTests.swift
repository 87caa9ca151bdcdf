import Foundation
import TFLite
import TestSupport
import Testing

@testable import Inference

/// A model of one operator, and what LiteRT's reference kernels make of its inputs.
struct OperatorGolden {
  var name: String
  var model: [UInt8]
  var inputs: [[UInt8]]
  var outputs: [[UInt8]]

  /// Reads a file that Scripts/make-operator-goldens wrote.
  static func read(_ operation: String) throws -> [OperatorGolden] {
    let path = Repository.path("Tests/Fixtures/operators/\(operation).goldens")
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    var position = 4
    func number() -> Int {
      position += 4
      return (0..<4).reduce(0) { $0 | Int(bytes[position - 4 + $1]) << (8 * $1) }
    }
    func counted() -> [UInt8] {
      let count = number()
      position += count
      return Array(bytes[position - count..<position])
    }
    func list() -> [[UInt8]] { (0..<number()).map { _ in counted() } }
    #expect(bytes[0..<4].elementsEqual("FKG1".utf8))
    return (0..<number()).map { _ in
      OperatorGolden(
        name: String(decoding: counted(), as: UTF8.self), model: counted(), inputs: list(),
        outputs: list())
    }
  }

  /// The difference of an output's worst element: 0 or 1 for integers, a distance for floats.
  ///
  /// A sum of floats may round differently for each order of its terms.
  func run(_ variant: KernelVariant, threads: Int = 1) throws -> Float {
    let options = InferenceOptions(threads: threads, kernels: variant)
    let interpreter = try Interpreter(TFLiteModel(bytes: model), options: options)
    for (i, input) in inputs.enumerated() {
      interpreter.withInput(i) { $0.copyBytes(from: input) }
    }
    interpreter.run()
    var worst: Float = 0
    for (i, expected) in outputs.enumerated() {
      let result = interpreter.withOutput(i) { Array($0) }
      if interpreter.outputs[i].elementType == .float32 {
        let scale = max(1, floats(expected).map(abs).max() ?? 1)
        worst = max(worst, largestDifference(floats(result), floats(expected)) / scale)
      } else if result != expected {
        worst = max(worst, 1)
      }
    }
    return worst
  }
}

@Suite("Operators against LiteRT's reference kernels")
struct OperatorGoldenTests {
  static let operations = [
    "add", "average_pool_2d", "concatenation", "conv_2d", "depthwise_conv_2d", "dequantize",
    "detection_postprocess", "expand_dims", "fully_connected", "logistic", "max_pool_2d", "mean",
    "mul", "pack", "pad", "quantize", "relu", "relu6", "relu_n1_to_1", "reshape",
    "resize_bilinear", "resize_nearest_neighbor", "shape", "softmax", "split", "squeeze",
    "strided_slice", "strided_slice_entries", "sub", "transpose",
  ]

  @Test("Every variant of the kernels gives the reference's results", arguments: operations)
  func goldens(_ operation: String) throws {
    let cases = try OperatorGolden.read(operation)
    #expect(!cases.isEmpty)
    for golden in cases {
      for variant in KernelVariant.available {
        do {
          let difference = try golden.run(variant)
          #expect(difference <= 2e-6, "\(golden.name), \(variant): \(difference)")
        } catch {
          Issue.record("\(golden.name), \(variant): \(error)")
        }
      }
    }
  }

  @Test("What prepares a model goes with its last use", arguments: Self.operations)
  func release(_ operation: String) throws {
    for golden in try OperatorGolden.read(operation) {
      weak var memory: OwnedMemory?
      weak var preparation: Preparation?
      do {
        let one = try Preparation(TFLiteModel(bytes: golden.model), InferenceOptions())
        (preparation, memory) = (one, try one.finish().memory)
      }
      #expect(preparation == nil && memory == nil, "\(golden.name)")
    }
  }

  @Test("Every file of goldens is tested")
  func files() throws {
    let folder = Repository.path("Tests/Fixtures/operators")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".goldens") }.map { String($0.dropLast(8)) }
    #expect(names.sorted() == Self.operations)
  }
}
