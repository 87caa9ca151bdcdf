public import Foundation

/// A classifier whose answers are known.
///
/// A picture in which red covers an eighth and more is a “red fish”, one in which blue does a “blue fish”.
/// Float32, `[1, side, side, 3]` in, `[1, 1, 1, 3]` scores out, background first.
public enum WindowModel {
  /// The model's file.
  public static func file(side: Int) -> [UInt8] {
    // A label's logit is 60 × (how much of the picture is of its colour − 1/10).
    let strength = Float(60) / Float(side * side)
    var weights: [Float] = []
    for colours: [Float] in [[0, 0, 0], [1, -0.5, -0.5], [-0.5, -0.5, 1]] {
      for _ in 0..<side * side { weights += colours.map { $0 * strength } }
    }
    var model = ModelBuilder()
    model.tensors = [
      .init(name: "picture", type: 0, shape: [1, side, side, 3]),
      .init(name: "weights", type: 0, shape: [3, side, side, 3], data: littleEndian(weights)),
      .init(name: "bias", type: 0, shape: [3], data: littleEndian([0, -6, -6] as [Float])),
      .init(name: "logits", type: 0, shape: [1, 1, 1, 3]),
      .init(name: "scores", type: 0, shape: [1, 1, 1, 3]),
    ]
    model.operators = [
      .init(
        code: 3, inputs: [0, 1, 2], outputs: [3], optionsType: 1,
        options: [0: .int8(1), 1: .int32(Int32(side)), 2: .int32(Int32(side))]),
      .init(code: 25, inputs: [3], outputs: [4], optionsType: 9, options: [0: .float(1)]),
    ]
    model.inputs = [0]
    model.outputs = [4]
    return model.build()
  }

  /// A card for a file `windows.tflite`.
  public static func card(sha256: String) -> Data {
    let card: [String: Any] = [
      "name": "windows", "version": "1", "task": "labels", "description": "d",
      "files": [["file": "windows.tflite", "precision": "float32", "sha256": sha256]],
      "input": ["fit": "crop", "pixelRange": [0, 1]] as [String: Any], "background": 0,
      "labels": [
        ["label": "red fish", "taxon": "fish", "threshold": 0.5],
        ["label": "blue fish", "taxon": "fish", "threshold": 0.5],
      ] as [[String: Any]], "decoder": "peak", "floor": 0.1, "trainingData": [Any](),
      "licence": "none",
    ]
    return (try? JSONSerialization.data(withJSONObject: card)) ?? Data()
  }
}
