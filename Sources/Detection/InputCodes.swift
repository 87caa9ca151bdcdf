internal import Inference
internal import TFLite

/// What each of the 256 grey levels is in a model's input tensor.
struct InputCodes {
  private let float: [Float]
  private let bytes: [UInt8]

  /// The codes of a tensor; `nil` where its type is none that takes pictures.
  ///
  /// - Parameters:
  ///   - range: the values of black and white. A quantised input holds the value nearest to it by
  ///     its own scale and zero point. `nil` is 0 and 1, or where a quantised input holds far more
  ///     than that, what it is made for: −1 and 1, or 0 and 255.
  init?(_ input: TensorDescription, range: [Double]?) {
    let limits: ClosedRange<Double>
    switch input.elementType {
    case .float32:
      float = Self.values(range ?? [0, 1]).map { Float($0) }
      bytes = []
      return
    case .int8: limits = -128...127
    case .uint8: limits = 0...255
    default: return nil
    }
    guard input.scale > 0 else { return nil }
    let least = Double(input.scale) * (limits.lowerBound - Double(input.zeroPoint))
    let greatest = Double(input.scale) * (limits.upperBound - Double(input.zeroPoint))
    let made: [Double] = least < -0.5 ? [-1, 1] : greatest > 2 ? [0, 255] : [0, 1]
    float = []
    bytes = Self.values(range ?? made).map { value in
      let code = (value / Double(input.scale)).rounded() + Double(input.zeroPoint)
      let held = min(max(code, limits.lowerBound), limits.upperBound)
      return UInt8(truncatingIfNeeded: Int(held))
    }
  }

  private static func values(_ range: [Double]) -> [Double] {
    (0..<256).map { range[0] + (range[1] - range[0]) * Double($0) / 255 }
  }

  /// Writes pixels as the tensor's elements.
  func write(_ pixels: [UInt8], into tensor: UnsafeMutableRawBufferPointer) {
    pixels.withUnsafeBufferPointer { pixels in
      if bytes.isEmpty {
        let target = tensor.bindMemory(to: Float.self)
        precondition(target.count == pixels.count)
        float.withUnsafeBufferPointer { codes in
          for index in 0..<pixels.count { target[index] = codes[Int(pixels[index])] }
        }
      } else {
        precondition(tensor.count == pixels.count)
        bytes.withUnsafeBufferPointer { codes in
          for index in 0..<pixels.count { tensor[index] = codes[Int(pixels[index])] }
        }
      }
    }
  }
}
