/// A TensorFlow Lite model as a plain typed graph.
///
/// The file is verified while it is read: offsets, lengths, indices, shapes, sizes of constants and
/// quantisation arrays. Whoever holds a value may rely on them. Only the first subgraph is read.
///
/// Source: `schema.fbs` of TensorFlow Lite, schema version 3.
public struct TFLiteModel: Sendable {
  /// Tensors of the graph; operators refer to them by index.
  public var tensors: [Tensor]
  /// Operators in the order in which they run.
  public var operators: [Operator]
  /// Tensors that the caller fills.
  public var inputs: [Int]
  /// Tensors that the caller reads.
  public var outputs: [Int]
  /// What the converter wrote about the model.
  public var description: String?

  let bytes: [UInt8]

  /// Reads a model from memory.
  public init(bytes: [UInt8]) throws(TFLiteError) {
    var reader = ModelReader(bytes)
    let parts = try reader.read()
    tensors = parts.tensors
    operators = parts.operators
    inputs = parts.inputs
    outputs = parts.outputs
    description = parts.description
    self.bytes = bytes
  }

  /// Size of the file in bytes.
  public var byteCount: Int { bytes.count }

  /// Bytes of a constant tensor, little-endian; nil for a tensor that is computed.
  ///
  /// Their number is the tensor's element count times the element type's size, except for sparse
  /// tensors and for types without a fixed size.
  public func constantBytes(ofTensor index: Int) -> ArraySlice<UInt8>? {
    tensors[index].dataRange.map { bytes[$0] }
  }

  /// A tensor: a constant, or a place that holds a result.
  public struct Tensor: Sendable, Hashable {
    /// Name that the converter gave; often long, not necessarily unique.
    public var name: String
    /// Type of the elements.
    public var elementType: ElementType
    /// Dimensions, outermost first; images are NHWC.
    ///
    /// Never negative; empty for a scalar.
    public var shape: [Int]
    /// Dimensions with -1 where the size is free; empty where the file does not say.
    public var shapeSignature: [Int]
    /// Quantisation, nil where the tensor has none.
    public var quantization: Quantization?
    /// Whether the tensor keeps its value from run to run.
    public var isVariable: Bool
    /// Whether constant data are stored sparsely.
    public var isSparse: Bool
    /// Where constant data lie in the file.
    var dataRange: Range<Int>?

    /// Whether the file holds the tensor's value.
    public var isConstant: Bool { dataRange != nil }
    /// Product of the dimensions.
    public var elementCount: Int { shape.reduce(1, *) }
  }

  /// Affine quantisation: real = scale * (integer - zero point).
  public struct Quantization: Sendable, Hashable {
    /// One scale, or one for each index of `dimension`.
    ///
    /// Finite, not negative.
    public var scales: [Float]
    /// As many as scales; each within the tensor's type.
    public var zeroPoints: [Int]
    /// Dimension along which scales vary.
    ///
    /// Meaningless with a single scale.
    public var dimension: Int
  }

  /// One operation of the graph.
  public struct Operator: Sendable, Hashable {
    /// Which operation it is.
    public var kind: OperatorKind
    /// Version of the operation's definition, from 1.
    public var version: Int
    /// Input tensors; -1 for an optional one that is left out.
    public var inputs: [Int]
    /// Output tensors.
    public var outputs: [Int]
    /// Settings of the operation.
    public var options: OperatorOptions
  }
}
