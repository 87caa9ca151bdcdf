internal import Foundation

/// A network whose answers are known: every red patch is a “red fish”, every blue one a “blue fish”.
///
/// Float32, `[1, height, width, 3]` in, `[1, height/8, width/8, 3]` scores out, background first; and
/// where asked for `[1, height/8, width/8, 2]` sizes, the same in every cell.
public enum BlobModel {
  /// The model's file.
  ///
  /// - Parameters:
  ///   - width: a multiple of 8.
  ///   - height: a multiple of 8.
  ///   - softmax: whether the output is scores; else logits.
  ///   - size: sides that every fish has, in pixels of the input; `nil` for no sizes.
  public static func file(
    width: Int, height: Int, softmax: Bool = true, size: (width: Float, height: Float)? = nil
  ) -> [UInt8] {
    let (gridWidth, gridHeight) = (width / 8, height / 8)
    // A cell's logit is 60 × (how much of it is covered − ½).
    let strength = Float(60) / 64
    var weights: [Float] = []
    for colours: [Float] in [[0, 0, 0], [1, -0.5, -0.5], [-0.5, -0.5, 1]] {
      for _ in 0..<64 { weights += colours.map { $0 * strength } }
    }
    var model = ModelBuilder()
    model.tensors = [
      .init(name: "picture", type: 0, shape: [1, height, width, 3]),
      .init(name: "weights", type: 0, shape: [3, 8, 8, 3], data: littleEndian(weights)),
      .init(name: "bias", type: 0, shape: [3], data: littleEndian([0, -30, -30] as [Float])),
      .init(name: "logits", type: 0, shape: [1, gridHeight, gridWidth, 3]),
      .init(name: "scores", type: 0, shape: [1, gridHeight, gridWidth, 3]),
    ]
    let options: [Int: ModelBuilder.Field] = [0: .int8(1), 1: .int32(8), 2: .int32(8)]
    model.operators = [
      .init(code: 3, inputs: [0, 1, 2], outputs: [3], optionsType: 1, options: options),
      .init(code: 25, inputs: [3], outputs: [4], optionsType: 9, options: [0: .float(1)]),
    ]
    model.inputs = [0]
    model.outputs = [softmax ? 4 : 3]
    if !softmax { model.operators.removeLast() }
    if let size {
      let none = [Float](repeating: 0, count: 2 * 64 * 3)
      let sides = [log2(size.width / 8), log2(size.height / 8)]
      model.tensors += [
        .init(name: "none", type: 0, shape: [2, 8, 8, 3], data: littleEndian(none)),
        .init(name: "size", type: 0, shape: [2], data: littleEndian(sides)),
        .init(name: "sizes", type: 0, shape: [1, gridHeight, gridWidth, 2]),
      ]
      model.operators.append(
        .init(code: 3, inputs: [0, 5, 6], outputs: [7], optionsType: 1, options: options))
      model.outputs.append(7)
    }
    return model.build()
  }

  /// Labels as a `labels.txt` lists them.
  public static let labels = "background\nred fish\nblue fish\n"

  /// An open set of the card below.
  public static func openSet(labels: [String] = ["red fish", "blue fish"]) -> [String: Any] {
    [
      "label": "fish, unidentified", "taxon": "fish", "labels": labels, "threshold": 0.4,
      "nameAbove": labels.map { _ in 0.8 }, "temperature": 1.0,
    ]
  }

  /// A card for a file `blobs.tflite`, whose labels are an open set.
  public static func openCard(sha256: String) -> [String: Any] {
    [
      "name": "blobs", "version": "2", "task": "centroids", "description": "d",
      "files": [["file": "blobs.tflite", "precision": "float32", "sha256": sha256]],
      "input": ["fit": "stretch", "pixelRange": [0, 1]] as [String: Any], "background": 0,
      "labels": [
        ["label": "red fish", "taxon": "zebrasoma-xanthurum", "threshold": 0.5],
        ["label": "blue fish", "taxon": "paracanthurus-hepatus", "threshold": 0.6],
      ] as [[String: Any]], "openSet": openSet(), "decoder": "peak", "floor": 0.2,
      "trainingData": [Any](), "licence": "none",
    ]
  }

  /// A card's files with a calibration.
  public static func files(_ card: [String: Any], _ calibration: [String: Any]) -> [[String: Any]] {
    (card["files"] as? [[String: Any]] ?? []).map { file in
      file.merging(["calibration": calibration]) { $1 }
    }
  }

  /// FFmpeg's filter that draws fish of the model's kind, 16 × 16 pixels.
  ///
  /// - Parameter fish: colour, place, and from when to when in seconds.
  public static func filter(_ fish: [(colour: String, x: Int, y: Int, from: Double, to: Double)])
    -> String
  {
    fish.map {
      "drawbox=x=\($0.x):y=\($0.y):w=16:h=16:color=\($0.colour):t=fill"
        + ":enable='between(t,\($0.from),\($0.to - 0.001))'"
    }.joined(separator: ",")
  }
}
