/// Why a file is not a model that can be read.
public indirect enum TFLiteError: Error, Hashable, Sendable {
  /// The file could not be opened or read; `reason` is the system's own.
  case unreadable(reason: String)
  /// The bytes do not carry TensorFlow Lite's file identifier `TFL3`.
  case notAModel(byteCount: Int)
  /// The schema's version is not the one that is read here, 3.
  case schemaVersion(Int)
  /// Something lies outside the file, or an offset points to where nothing can be.
  case outOfBounds(what: String, offset: Int, fileSize: Int)
  /// A part that every model needs is absent.
  case missing(what: String)
  /// An index points past the end of what it counts.
  case badIndex(what: String, index: Int, count: Int)
  /// There is more of something than is reasonable, or than the file could hold.
  case tooMany(what: String, count: Int, limit: Int)
  /// A tensor's type is not one of the schema's.
  case unknownElementType(tensor: String, rawValue: Int)
  /// A dimension is negative, or the number of elements is beyond what can be addressed.
  case badShape(tensor: String, shape: [Int])
  /// A constant tensor's data do not have the size that its type and shape ask for.
  case sizeMismatch(tensor: String, expected: Int, got: Int)
  /// The quantisation's arrays do not fit each other, the shape or the type.
  case badQuantization(tensor: String, problem: QuantizationProblem)
  /// An error, with the file in which it occurred.
  case inFile(path: String, TFLiteError)

  /// What is wrong with a tensor's quantisation.
  public enum QuantizationProblem: Hashable, Sendable {
    /// A scale is negative, infinite or not a number.
    case scale(index: Int)
    /// The numbers of scales and zero points differ.
    case counts(scales: Int, zeroPoints: Int)
    /// There are neither one scale nor one for each index of the quantised dimension.
    case scaleCount(Int, dimension: Int)
    /// A zero point cannot be held by the tensor's type.
    case zeroPoint(Int)
  }
}

extension TFLiteError: CustomStringConvertible {
  /// One sentence for the person who chose the file.
  public var description: String {
    switch self {
    case .unreadable(let reason):
      "cannot be read: \(reason)"
    case .notAModel(let byteCount):
      "not a TensorFlow Lite model: \(byteCount) bytes without the identifier TFL3"
    case .schemaVersion(let version):
      "schema version \(version) is not supported, only 3"
    case .outOfBounds(let what, let offset, let fileSize):
      "damaged model: \(what) at byte \(offset) lies outside the file's \(fileSize) bytes"
    case .missing(let what):
      "damaged model: no \(what)"
    case .badIndex(let what, let index, let count):
      "damaged model: \(what) \(index) of \(count)"
    case .tooMany(let what, let count, let limit):
      "\(count) \(what), more than the limit of \(limit)"
    case .unknownElementType(let tensor, let rawValue):
      "tensor \(tensor): element type \(rawValue) is unknown"
    case .badShape(let tensor, let shape):
      "tensor \(tensor): shape \(shape) is not possible"
    case .sizeMismatch(let tensor, let expected, let got):
      "tensor \(tensor): \(got) bytes of data where its shape needs \(expected)"
    case .badQuantization(let tensor, let problem):
      "tensor \(tensor): \(problem)"
    case .inFile(let path, let error):
      "\(path): \(error)"
    }
  }
}

extension TFLiteError.QuantizationProblem: CustomStringConvertible {
  /// What is wrong, without the tensor's name.
  public var description: String {
    switch self {
    case .scale(let index):
      "quantisation scale \(index) is not a finite number of at least 0"
    case .counts(let scales, let zeroPoints):
      "\(scales) quantisation scales but \(zeroPoints) zero points"
    case .scaleCount(let count, let dimension):
      "\(count) quantisation scales do not fit dimension \(dimension)"
    case .zeroPoint(let value):
      "zero point \(value) is outside the range of the type"
    }
  }
}
