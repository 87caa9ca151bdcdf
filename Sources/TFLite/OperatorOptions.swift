/// Settings of an operator, as the file gives them.
///
/// Values are not judged here.
public enum OperatorOptions: Sendable, Hashable {
  /// No settings, or settings of an operator that has no case here.
  case none
  /// CONV_2D.
  case convolution(ConvolutionOptions)
  /// DEPTHWISE_CONV_2D.
  case depthwise(ConvolutionOptions, depthMultiplier: Int)
  /// MAX_POOL_2D, AVERAGE_POOL_2D, L2_POOL_2D.
  case pool(PoolOptions)
  /// ADD, SUB, MUL, DIV.
  case arithmetic(activation: Activation)
  /// SOFTMAX: inputs are multiplied by `beta` first.
  case softmax(beta: Float)
  /// RESHAPE: nil where the new shape is an input.
  case reshape(newShape: [Int]?)
  /// FULLY_CONNECTED.
  case fullyConnected(FullyConnectedOptions)
  /// CONCATENATION along a dimension; negative ones count from the last.
  case concatenation(axis: Int, activation: Activation?)
  /// MEAN and other reductions.
  case reducer(keepsDimensions: Bool)
  /// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
  case resize(alignsCorners: Bool, halfPixelCenters: Bool)
  /// SPLIT.
  case split(count: Int)
  /// PACK.
  case pack(axis: Int, count: Int)
  /// SQUEEZE: dimensions of size 1 to drop; none for all of them.
  case squeeze(dimensions: [Int])
  /// STRIDED_SLICE.
  case stridedSlice(StridedSliceOptions)
  /// SHAPE: raw value of the result's type.
  case shape(outputType: Int)
  /// A custom operator's own bytes, a FlexBuffer by convention.
  case custom([UInt8])

  /// What is applied to an operator's result.
  ///
  /// Raw values are the schema's.
  public enum Activation: Int8, Sendable, Hashable {
    case none = 0
    case relu = 1
    case reluN1To1 = 2
    case relu6 = 3
    case tanh = 4
    case signBit = 5
  }

  /// How a window meets the edges.
  ///
  /// Raw values are the schema's.
  public enum Padding: Int8, Sendable, Hashable {
    /// Output size is input size divided by stride, rounded up.
    case same = 0
    /// Only windows that lie inside.
    case valid = 1
  }

  /// Window of a convolution; sizes come from the weights' shape.
  public struct ConvolutionOptions: Sendable, Hashable {
    /// Padding; nil where the file's value is unknown.
    public var padding: Padding?
    /// Steps down and to the right, in input pixels.
    public var stride: (height: Int, width: Int) { (strideHeight, strideWidth) }
    /// Distance of neighbouring taps, in input pixels.
    public var dilation: (height: Int, width: Int) { (dilationHeight, dilationWidth) }
    /// Fused activation; nil where the file's value is unknown.
    public var activation: Activation?
    var strideHeight: Int
    var strideWidth: Int
    var dilationHeight: Int
    var dilationWidth: Int
  }

  /// Settings of FULLY_CONNECTED.
  public struct FullyConnectedOptions: Sendable, Hashable {
    /// Fused activation; nil where the file's value is unknown.
    public var activation: Activation?
    /// 0 for weights as a plain matrix.
    public var weightsFormat: Int
    /// Whether the result has as many dimensions as the input.
    public var keepsDimensions: Bool
    /// Whether float inputs meet int8 weights through a zero point of their own.
    public var quantizesAsymmetrically: Bool
  }

  /// Masks of STRIDED_SLICE: bit d is about dimension d.
  public struct StridedSliceOptions: Sendable, Hashable {
    /// Dimensions whose begin is ignored.
    public var begin: Int
    /// Dimensions whose end is ignored.
    public var end: Int
    /// Where the slice has an ellipsis.
    public var ellipsis: Int
    /// Where the result has a new dimension.
    public var newAxis: Int
    /// Dimensions that are dropped, only their begin being taken.
    public var shrinkAxis: Int
    /// Whether ends are counted from begins.
    public var endIsOffset: Bool
  }

  /// Window of a pooling operator.
  public struct PoolOptions: Sendable, Hashable {
    /// Padding; nil where the file's value is unknown.
    public var padding: Padding?
    /// Steps down and to the right, in input pixels.
    public var stride: (height: Int, width: Int) { (strideHeight, strideWidth) }
    /// Size of the window in input pixels.
    public var filter: (height: Int, width: Int) { (filterHeight, filterWidth) }
    /// Fused activation; nil where the file's value is unknown.
    public var activation: Activation?
    var strideHeight: Int
    var strideWidth: Int
    var filterHeight: Int
    var filterWidth: Int
  }
}

/// Numbers of the `BuiltinOptions` union that are read.
private enum OptionsType {
  static let convolution: UInt8 = 1
  static let depthwise: UInt8 = 2
  static let pool: UInt8 = 5
  static let softmax: UInt8 = 9
  static let add: UInt8 = 11
  static let reshape: UInt8 = 17
  static let multiply: UInt8 = 21
  static let subtract: UInt8 = 28
  static let divide: UInt8 = 29
  static let fullyConnected: UInt8 = 8
  static let concatenation: UInt8 = 10
  static let resizeBilinear: UInt8 = 15
  static let reducer: UInt8 = 27
  static let squeeze: UInt8 = 30
  static let stridedSlice: UInt8 = 32
  static let split: UInt8 = 35
  static let shape: UInt8 = 55
  static let pack: UInt8 = 59
  static let resizeNearest: UInt8 = 74
}

extension OperatorOptions {
  /// Reads the options of an `Operator` table.
  init(_ op: FlatBuffer.Table, in buffer: inout FlatBuffer) throws(TFLiteError) {
    let what = "operator options"
    let type = try buffer.integer(UInt8.self, 3, of: op, default: 0, what)
    guard type != 0, let table = try buffer.table(4, of: op, what) else {
      let custom = try buffer.integers(UInt8.self, 5, of: op, "custom options")
      self = custom.map { .custom($0.map { UInt8(truncatingIfNeeded: $0) }) } ?? .none
      return
    }
    func size(_ field: Int, default value: Int32 = 0) throws(TFLiteError) -> Int {
      Int(try buffer.integer(Int32.self, field, of: table, default: value, what))
    }
    func padding(_ field: Int) throws(TFLiteError) -> Padding? {
      Padding(rawValue: try buffer.integer(Int8.self, field, of: table, default: 0, what))
    }
    func bool(_ field: Int) throws(TFLiteError) -> Bool { try buffer.bool(field, of: table, what) }
    func activation(_ field: Int) throws(TFLiteError) -> Activation? {
      Activation(rawValue: try buffer.integer(Int8.self, field, of: table, default: 0, what))
    }
    switch type {
    case OptionsType.convolution:
      self = .convolution(
        ConvolutionOptions(
          padding: try padding(0), activation: try activation(3), strideHeight: try size(2),
          strideWidth: try size(1), dilationHeight: try size(5, default: 1),
          dilationWidth: try size(4, default: 1)))
    case OptionsType.depthwise:
      self = .depthwise(
        ConvolutionOptions(
          padding: try padding(0), activation: try activation(4), strideHeight: try size(2),
          strideWidth: try size(1), dilationHeight: try size(6, default: 1),
          dilationWidth: try size(5, default: 1)),
        depthMultiplier: try size(3))
    case OptionsType.pool:
      self = .pool(
        PoolOptions(
          padding: try padding(0), activation: try activation(5), strideHeight: try size(2),
          strideWidth: try size(1), filterHeight: try size(4), filterWidth: try size(3)))
    case OptionsType.add, OptionsType.multiply, OptionsType.subtract, OptionsType.divide:
      self = .arithmetic(activation: try activation(0) ?? .signBit)
    case OptionsType.softmax:
      self = .softmax(beta: try buffer.float(0, of: table, default: 0, what))
    case OptionsType.reshape:
      self = .reshape(newShape: try buffer.integers(Int32.self, 0, of: table, what))
    case OptionsType.fullyConnected:
      self = .fullyConnected(
        FullyConnectedOptions(
          activation: try activation(0),
          weightsFormat: Int(try buffer.integer(Int8.self, 1, of: table, default: 0, what)),
          keepsDimensions: try bool(2), quantizesAsymmetrically: try bool(3)))
    case OptionsType.concatenation:
      self = .concatenation(axis: try size(0), activation: try activation(1))
    case OptionsType.reducer:
      self = .reducer(keepsDimensions: try bool(0))
    case OptionsType.resizeBilinear:
      // Two fields that files no longer have come first.
      self = .resize(alignsCorners: try bool(2), halfPixelCenters: try bool(3))
    case OptionsType.resizeNearest:
      self = .resize(alignsCorners: try bool(0), halfPixelCenters: try bool(1))
    case OptionsType.split:
      self = .split(count: try size(0))
    case OptionsType.pack:
      self = .pack(axis: try size(1), count: try size(0))
    case OptionsType.squeeze:
      self = .squeeze(dimensions: try buffer.integers(Int32.self, 0, of: table, what) ?? [])
    case OptionsType.stridedSlice:
      self = .stridedSlice(
        StridedSliceOptions(
          begin: try size(0), end: try size(1), ellipsis: try size(2), newAxis: try size(3),
          shrinkAxis: try size(4), endIsOffset: try bool(5)))
    case OptionsType.shape:
      self = .shape(
        outputType: Int(try buffer.integer(Int8.self, 0, of: table, default: 0, what)))
    default:
      self = .none
    }
  }
}
