import TFLite

/// A convolution written as its definition reads, to check the kernels against.
struct NaiveConvolution {
  let test: ConvolutionCase
  let model: TFLiteModel
  private let rows: (count: Int, before: Int)
  private let columns: (count: Int, before: Int)

  init(_ test: ConvolutionCase, _ model: TFLiteModel) {
    self.test = test
    self.model = model
    let pad = (test.pad ?? [0, 0, 0, 0]).map(Int.init)
    func along(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> (Int, Int) {
      let reach = (kernel - 1) * dilation + 1
      guard test.isSame else { return ((size - reach) / stride + 1, 0) }
      let count = (size + stride - 1) / stride
      return (count, max(0, (count - 1) * stride + reach - size) / 2)
    }
    let (height, top) = along(
      test.height + pad[0] + pad[1], test.kernel.0, test.stride.0, test.dilation.0)
    let (width, left) = along(
      test.width + pad[2] + pad[3], test.kernel.1, test.stride.1, test.dilation.1)
    rows = (height, top + pad[0])
    columns = (width, left + pad[2])
  }

  /// Calls `product` with input and weight positions of every term of every output, then `finish`.
  private func each(_ product: (Int, Int) -> Void, _ finish: (_ channel: Int) -> Void) {
    let multiplier = test.outputChannels / test.inputChannels
    for n in 0..<test.batch {
      for oy in 0..<rows.count {
        for ox in 0..<columns.count {
          for oc in 0..<test.outputChannels {
            for ky in 0..<test.kernel.0 {
              for kx in 0..<test.kernel.1 {
                let y = oy * test.stride.0 - rows.before + ky * test.dilation.0
                let x = ox * test.stride.1 - columns.before + kx * test.dilation.1
                guard (0..<test.height).contains(y), (0..<test.width).contains(x) else { continue }
                let pixel = ((n * test.height + y) * test.width + x) * test.inputChannels
                let tap = ky * test.kernel.1 + kx
                if test.isDepthwise {
                  product(pixel + oc / multiplier, tap * test.outputChannels + oc)
                } else {
                  let taps = test.kernel.0 * test.kernel.1
                  for ic in 0..<test.inputChannels {
                    product(pixel + ic, (oc * taps + tap) * test.inputChannels + ic)
                  }
                }
              }
            }
            finish(oc)
          }
        }
      }
    }
  }

  private func constant(_ tensor: Int) -> [UInt8] {
    model.constantBytes(ofTensor: tensor).map(Array.init) ?? []
  }

  func run(_ input: [Float]) -> [Float] {
    let weights = floats(constant(1))
    let bias = test.hasBias ? floats(constant(2)) : Array(repeating: 0, count: test.outputChannels)
    var result: [Float] = []
    var sum = 0.0
    each({ sum += Double(input[$0]) * Double(weights[$1]) }) { channel in
      var value = Float(sum + Double(bias[channel]))
      switch test.activation {
      case 1: value = max(0, value)
      case 2: value = max(-1, min(1, value))
      case 3: value = max(0, min(6, value))
      default: break
      }
      result.append(value)
      sum = 0
    }
    return result
  }

  func run(_ input: [UInt8]) -> [UInt8] {
    let isUnsigned = model.tensors[0].elementType == .uint8
    func integer(_ byte: UInt8) -> Int { isUnsigned ? Int(byte) : Int(Int8(bitPattern: byte)) }
    func quantization(_ tensor: Int) -> (scales: [Float], zero: Int) {
      let value = model.tensors[tensor].quantization
      return (value?.scales ?? [1], value?.zeroPoints.first ?? 0)
    }
    let weights = constant(1).map(integer)
    let bias = constant(2).withUnsafeBytes { raw in
      (0..<test.outputChannels).map {
        test.hasBias ? Int(raw.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) : 0
      }
    }
    let (from, weight, to) = (quantization(0), quantization(1), quantization(3))
    let limits = isUnsigned ? 0...255 : -128...127
    var result: [UInt8] = []
    var sum = 0
    each({ sum += (integer(input[$0]) - from.zero) * (weights[$1] - weight.zero) }) { channel in
      let scale = weight.scales[weight.scales.count == 1 ? 0 : channel]
      let product =
        isUnsigned ? Double(from.scales[0] * scale) : Double(from.scales[0]) * Double(scale)
      let value = rescale(sum + bias[channel], product / Double(to.scales[0])) + to.zero
      var (low, high) = (limits.lowerBound, limits.upperBound)
      func steps(_ real: Float) -> Int {
        to.zero + Int((real / to.scales[0]).rounded(.toNearestOrAwayFromZero))
      }
      switch test.activation {
      case 1: low = max(low, steps(0))
      case 2: (low, high) = (max(low, steps(-1)), min(high, steps(1)))
      case 3: (low, high) = (max(low, steps(0)), min(high, steps(6)))
      default: break
      }
      result.append(UInt8(truncatingIfNeeded: min(max(value, low), high)))
      sum = 0
    }
    return result
  }
}

/// Fixed-point scaling as TensorFlow Lite's reference kernels do it, in plain integers.
func rescale(_ value: Int, _ real: Double) -> Int {
  guard real > 0 else { return 0 }
  // real = fraction * 2^exponent with fraction in [1/2, 1).
  let exponent = Int(real.exponent) + 1
  var fraction = Int((real.significand * Double(1 << 30)).rounded(.toNearestOrAwayFromZero))
  var shift = exponent
  if fraction == 1 << 31 { (fraction, shift) = (1 << 30, exponent + 1) }
  if shift < -31 { return 0 }
  let high = ((value << max(shift, 0)) * fraction + (1 << 30)) >> 31
  guard shift < 0 else { return high }
  // Half away from zero.
  let half = 1 << (-shift - 1)
  return high >= 0 ? (high + half) >> -shift : -((-high + half) >> -shift)
}
