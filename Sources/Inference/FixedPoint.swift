internal import CKernels
internal import TFLite

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A positive real factor as a 31-bit fraction and a power of two.
///
/// Source: TensorFlow Lite's reference kernels, whose results quantised kernels equal bit for bit.
struct FixedPointMultiplier: Hashable {
  var multiplier: Int32
  /// Positive is to the left.
  var shift: Int32
}

extension FixedPointMultiplier {
  /// Nil for factors that are negative, not finite, or 2^30 and above.
  ///
  /// With `wraps` there is no upper end: the reference shifts by the exponent modulo 32 then, as
  /// processors do, and files whose converter met a tensor of zeros rely on that being no error.
  init?(_ real: Double, wraps: Bool = false) {
    guard real.isFinite, real >= 0 else { return nil }
    var exponent: Int32 = 0
    var fraction = Int64(
      (frexp(real, &exponent) * Double(1 << 31)).rounded(.toNearestOrAwayFromZero))
    if fraction == 1 << 31 {
      fraction /= 2
      exponent += 1
    }
    if wraps, exponent > 30 { exponent %= 32 }
    guard exponent <= (wraps ? 31 : 30) else { return nil }
    // So small that every product rounds to zero.
    if exponent < -31 {
      fraction = 0
      exponent = 0
    }
    multiplier = Int32(fraction)
    shift = exponent
  }

  func callAsFunction(_ value: Int32) -> Int32 {
    fk_multiply_quantized(value, multiplier, shift)
  }
}

/// How the bytes of a quantised type are brought to the int8 domain in which kernels compute.
struct ByteDomain: Hashable {
  /// What bytes are exclusive-ored with.
  let flip: UInt8
  /// What is added to the type's own integers.
  let offset: Int

  /// Nil for types that are not quantised bytes.
  init?(_ type: ElementType) {
    switch type {
    case .int8: (flip, offset) = (0, 0)
    case .uint8: (flip, offset) = (0x80, -128)
    default: return nil
    }
  }
}

/// Scale and zero point of a whole tensor, zero point in the int8 domain.
struct ByteQuantization: Hashable {
  let scale: Float
  let zero: Int32
  let domain: ByteDomain

  /// The integers between which an activation keeps results, in the int8 domain.
  func range(_ activation: OperatorOptions.Activation) -> ClosedRange<Int32>? {
    func quantize(_ real: Float) -> Int32 {
      let steps = (real / scale).rounded(.toNearestOrAwayFromZero)
      return zero + Int32(max(-65536, min(65536, steps)))
    }
    let ends: (low: Float?, high: Float?)
    switch activation {
    case .none: ends = (nil, nil)
    case .relu: ends = (0, nil)
    case .reluN1To1: ends = (-1, 1)
    case .relu6: ends = (0, 6)
    case .tanh, .signBit: return nil
    }
    let low = max(-128, ends.low.map(quantize) ?? -128)
    let high = min(127, ends.high.map(quantize) ?? 127)
    return min(low, high)...high
  }
}

extension OperatorOptions.Activation {
  /// The reals between which results are kept; nil for activations that do more than that.
  var range: ClosedRange<Float>? {
    switch self {
    case .none: -Float.infinity...Float.infinity
    case .relu: 0...Float.infinity
    case .reluN1To1: -1...1
    case .relu6: 0...6
    case .tanh, .signBit: nil
    }
  }
}
