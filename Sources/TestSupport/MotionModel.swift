internal import Foundation

/// A network whose answers depend on the motion channel alone: what moves is a fish, whatever its
/// colour, and nothing else is.
///
/// Float32, `[1, height, width, 4]` in; out `[1, height/8, width/8, 2]` scores, background first,
/// and `[1, height/8, width/8, 2]` sizes, the same in every cell.
public enum MotionModel {
  /// The model's file.
  ///
  /// - Parameters:
  ///   - width: a multiple of 8.
  ///   - height: a multiple of 8.
  ///   - size: sides that every fish has, in pixels of the input.
  public static func file(width: Int, height: Int, size: (width: Float, height: Float) = (16, 16))
    -> [UInt8]
  {
    let (gridWidth, gridHeight) = (width / 8, height / 8)
    // A cell's logit is 60 × (its mean motion − ½).
    let strength = Float(60) / 64
    var weights = [Float](repeating: 0, count: 2 * 64 * 4)
    for tap in 0..<64 { weights[(64 + tap) * 4 + 3] = strength }
    let none = [Float](repeating: 0, count: 2 * 64 * 4)
    var model = ModelBuilder()
    model.tensors = [
      .init(name: "picture", type: 0, shape: [1, height, width, 4]),
      .init(name: "weights", type: 0, shape: [2, 8, 8, 4], data: littleEndian(weights)),
      .init(name: "bias", type: 0, shape: [2], data: littleEndian([0, -30] as [Float])),
      .init(name: "logits", type: 0, shape: [1, gridHeight, gridWidth, 2]),
      .init(name: "scores", type: 0, shape: [1, gridHeight, gridWidth, 2]),
      .init(name: "none", type: 0, shape: [2, 8, 8, 4], data: littleEndian(none)),
      .init(
        name: "size", type: 0, shape: [2],
        data: littleEndian([log2(size.width / 8), log2(size.height / 8)])),
      .init(name: "sizes", type: 0, shape: [1, gridHeight, gridWidth, 2]),
    ]
    let options: [Int: ModelBuilder.Field] = [0: .int8(1), 1: .int32(8), 2: .int32(8)]
    model.operators = [
      .init(code: 3, inputs: [0, 1, 2], outputs: [3], optionsType: 1, options: options),
      .init(code: 25, inputs: [3], outputs: [4], optionsType: 9, options: [0: .float(1)]),
      .init(code: 3, inputs: [0, 5, 6], outputs: [7], optionsType: 1, options: options),
    ]
    model.inputs = [0]
    model.outputs = [4, 7]
    return model.build()
  }

  /// Its card, for a file `motion.tflite`.
  ///
  /// All four cells of a fish of 16 × 16 pixels have the same score; what the first does not explain
  /// of the others is below its floor.
  public static func card(sha256: String) -> [String: Any] {
    [
      "name": "motion", "version": "1", "task": "centroids", "description": "d",
      "files": [["file": "motion.tflite", "precision": "float32", "sha256": sha256]],
      "input": [
        "fit": "letterbox", "pixelRange": [0, 1], "motion": true, "movingCameraAbove": 40,
      ] as [String: Any], "outputs": ["scores": 0, "sizes": 1], "background": 0,
      "labels": [["label": "mover", "threshold": 0.5] as [String: Any]], "decoder": "peak",
      "floor": 0.5, "trainingData": [Any](), "licence": "none",
    ]
  }

  /// FFmpeg's source of a textured scene with a red fish of 16 × 16 pixels that is for a twelfth of
  /// the time at each of twelve places, 192 × 96 pixels at 10 frames/s.
  public static func swimming(seconds: Int, from first: Int = 0) -> String {
    let step = Double(seconds) / 12
    let boxes = (0..<12).map { place in
      let (x, y) = (16 * (place % 12), 16 + 32 * ((place + first) % 2))
      return "drawbox=x=\(x):y=\(y):w=16:h=16:color=red:t=fill"
        + ":enable='between(t,\(Double(place) * step),\(Double(place + 1) * step - 0.001))'"
    }
    return still(seconds: seconds) + "," + boxes.joined(separator: ",")
  }

  /// FFmpeg's source of the same scene without a fish that moves; one lies in it.
  public static func still(seconds: Int) -> String {
    "color=gray:s=192x96:r=10:d=\(seconds),drawbox=x=40:y=8:w=90:h=30:color=blue:t=fill,"
      + "drawbox=x=96:y=64:w=16:h=16:color=red:t=fill"
  }

  /// FFmpeg's source of a scene that a moving camera passes by.
  public static func passing(seconds: Int) -> String {
    "testsrc2=s=768x96:r=10:d=\(seconds),crop=192:96:x='mod(n*37,576)':y=0"
  }
}
