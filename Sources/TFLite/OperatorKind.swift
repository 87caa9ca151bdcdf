/// Which operation an operator is.
public struct OperatorKind: Sendable, Hashable {
  /// Number in the schema's `BuiltinOperator`.
  public let code: Int32
  /// Name of a custom operator, nil for a built-in one.
  public let customName: String?

  /// A kind by number; the name counts only for `custom`.
  public init(code: Int32, customName: String? = nil) {
    self.code = code
    self.customName = code == 32 ? customName ?? "" : nil
  }

  /// ADD.
  public static let add = OperatorKind(code: 0)
  /// AVERAGE_POOL_2D.
  public static let averagePool2D = OperatorKind(code: 1)
  /// CONCATENATION.
  public static let concatenation = OperatorKind(code: 2)
  /// CONV_2D.
  public static let conv2D = OperatorKind(code: 3)
  /// DEPTHWISE_CONV_2D.
  public static let depthwiseConv2D = OperatorKind(code: 4)
  /// DEQUANTIZE.
  public static let dequantize = OperatorKind(code: 6)
  /// FULLY_CONNECTED.
  public static let fullyConnected = OperatorKind(code: 9)
  /// LOGISTIC.
  public static let logistic = OperatorKind(code: 14)
  /// MAX_POOL_2D.
  public static let maxPool2D = OperatorKind(code: 17)
  /// MUL.
  public static let mul = OperatorKind(code: 18)
  /// RELU.
  public static let relu = OperatorKind(code: 19)
  /// RELU_N1_TO_1.
  public static let reluN1To1 = OperatorKind(code: 20)
  /// RELU6.
  public static let relu6 = OperatorKind(code: 21)
  /// RESHAPE.
  public static let reshape = OperatorKind(code: 22)
  /// RESIZE_BILINEAR.
  public static let resizeBilinear = OperatorKind(code: 23)
  /// SOFTMAX.
  public static let softmax = OperatorKind(code: 25)
  /// CUSTOM.
  public static let custom = OperatorKind(code: 32)
  /// PAD.
  public static let pad = OperatorKind(code: 34)
  /// TRANSPOSE.
  public static let transpose = OperatorKind(code: 39)
  /// MEAN.
  public static let mean = OperatorKind(code: 40)
  /// SUB.
  public static let sub = OperatorKind(code: 41)
  /// SQUEEZE.
  public static let squeeze = OperatorKind(code: 43)
  /// STRIDED_SLICE.
  public static let stridedSlice = OperatorKind(code: 45)
  /// SPLIT.
  public static let split = OperatorKind(code: 49)
  /// EXPAND_DIMS.
  public static let expandDims = OperatorKind(code: 70)
  /// SHAPE.
  public static let shape = OperatorKind(code: 77)
  /// PACK.
  public static let pack = OperatorKind(code: 83)
  /// RESIZE_NEAREST_NEIGHBOR.
  public static let resizeNearestNeighbor = OperatorKind(code: 97)
  /// QUANTIZE.
  public static let quantize = OperatorKind(code: 114)
  /// TFLite_Detection_PostProcess, a custom operator.
  public static let detectionPostProcess = OperatorKind(
    code: 32, customName: "TFLite_Detection_PostProcess")
}

extension OperatorKind: CustomStringConvertible {
  /// Name in the schema, a custom operator's own name, or the number where neither is known.
  public var description: String {
    if let customName { return "CUSTOM \(customName)" }
    guard let index = Int(exactly: code), Self.names.indices.contains(index) else {
      return "operator \(code)"
    }
    return Self.names[index]
  }

  /// `BuiltinOperator` of the schema, in order.
  private static let names = [
    "ADD", "AVERAGE_POOL_2D", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "DEPTH_TO_SPACE",
    "DEQUANTIZE", "EMBEDDING_LOOKUP", "FLOOR", "FULLY_CONNECTED", "HASHTABLE_LOOKUP",
    "L2_NORMALIZATION", "L2_POOL_2D", "LOCAL_RESPONSE_NORMALIZATION", "LOGISTIC", "LSH_PROJECTION",
    "LSTM", "MAX_POOL_2D", "MUL", "RELU", "RELU_N1_TO_1", "RELU6", "RESHAPE", "RESIZE_BILINEAR",
    "RNN", "SOFTMAX", "SPACE_TO_DEPTH", "SVDF", "TANH", "CONCAT_EMBEDDINGS", "SKIP_GRAM", "CALL",
    "CUSTOM", "EMBEDDING_LOOKUP_SPARSE", "PAD", "UNIDIRECTIONAL_SEQUENCE_RNN", "GATHER",
    "BATCH_TO_SPACE_ND", "SPACE_TO_BATCH_ND", "TRANSPOSE", "MEAN", "SUB", "DIV", "SQUEEZE",
    "UNIDIRECTIONAL_SEQUENCE_LSTM", "STRIDED_SLICE", "BIDIRECTIONAL_SEQUENCE_RNN", "EXP",
    "TOPK_V2", "SPLIT", "LOG_SOFTMAX", "DELEGATE", "BIDIRECTIONAL_SEQUENCE_LSTM", "CAST", "PRELU",
    "MAXIMUM", "ARG_MAX", "MINIMUM", "LESS", "NEG", "PADV2", "GREATER", "GREATER_EQUAL",
    "LESS_EQUAL", "SELECT", "SLICE", "SIN", "TRANSPOSE_CONV", "SPARSE_TO_DENSE", "TILE",
    "EXPAND_DIMS", "EQUAL", "NOT_EQUAL", "LOG", "SUM", "SQRT", "RSQRT", "SHAPE", "POW", "ARG_MIN",
    "FAKE_QUANT", "REDUCE_PROD", "REDUCE_MAX", "PACK", "LOGICAL_OR", "ONE_HOT", "LOGICAL_AND",
    "LOGICAL_NOT", "UNPACK", "REDUCE_MIN", "FLOOR_DIV", "REDUCE_ANY", "SQUARE", "ZEROS_LIKE",
    "FILL", "FLOOR_MOD", "RANGE", "RESIZE_NEAREST_NEIGHBOR", "LEAKY_RELU", "SQUARED_DIFFERENCE",
    "MIRROR_PAD", "ABS", "SPLIT_V", "UNIQUE", "CEIL", "REVERSE_V2", "ADD_N", "GATHER_ND", "COS",
    "WHERE", "RANK", "ELU", "REVERSE_SEQUENCE", "MATRIX_DIAG", "QUANTIZE", "MATRIX_SET_DIAG",
    "ROUND", "HARD_SWISH", "IF", "WHILE", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5",
    "SCATTER_ND", "SELECT_V2", "DENSIFY", "SEGMENT_SUM", "BATCH_MATMUL",
    "PLACEHOLDER_FOR_GREATER_OP_CODES", "CUMSUM", "CALL_ONCE", "BROADCAST_TO", "RFFT2D", "CONV_3D",
    "IMAG", "REAL", "COMPLEX_ABS", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT",
    "HASHTABLE_SIZE", "REDUCE_ALL", "CONV_3D_TRANSPOSE", "VAR_HANDLE", "READ_VARIABLE",
    "ASSIGN_VARIABLE", "BROADCAST_ARGS", "RANDOM_STANDARD_NORMAL", "BUCKETIZE", "RANDOM_UNIFORM",
    "MULTINOMIAL", "GELU", "DYNAMIC_UPDATE_SLICE", "RELU_0_TO_1", "UNSORTED_SEGMENT_PROD",
    "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_SUM", "ATAN2", "UNSORTED_SEGMENT_MIN", "SIGN",
    "BITCAST", "BITWISE_XOR", "RIGHT_SHIFT", "STABLEHLO_LOGISTIC", "STABLEHLO_ADD",
    "STABLEHLO_DIVIDE", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_RESHAPE",
    "STABLEHLO_CLAMP", "STABLEHLO_CONCATENATE", "STABLEHLO_BROADCAST_IN_DIM",
    "STABLEHLO_CONVOLUTION", "STABLEHLO_SLICE", "STABLEHLO_CUSTOM_CALL", "STABLEHLO_REDUCE",
    "STABLEHLO_ABS", "STABLEHLO_AND", "STABLEHLO_COSINE", "STABLEHLO_EXPONENTIAL",
    "STABLEHLO_FLOOR", "STABLEHLO_LOG", "STABLEHLO_MINIMUM", "STABLEHLO_NEGATE", "STABLEHLO_OR",
    "STABLEHLO_POWER", "STABLEHLO_REMAINDER", "STABLEHLO_RSQRT", "STABLEHLO_SELECT",
    "STABLEHLO_SUBTRACT", "STABLEHLO_TANH", "STABLEHLO_SCATTER", "STABLEHLO_COMPARE",
    "STABLEHLO_CONVERT", "STABLEHLO_DYNAMIC_SLICE", "STABLEHLO_DYNAMIC_UPDATE_SLICE",
    "STABLEHLO_PAD", "STABLEHLO_IOTA", "STABLEHLO_DOT_GENERAL", "STABLEHLO_REDUCE_WINDOW",
    "STABLEHLO_SORT", "STABLEHLO_WHILE", "STABLEHLO_GATHER", "STABLEHLO_TRANSPOSE", "DILATE",
    "STABLEHLO_RNG_BIT_GENERATOR", "REDUCE_WINDOW", "STABLEHLO_COMPOSITE", "STABLEHLO_SHIFT_LEFT",
    "STABLEHLO_CBRT",
  ]
}
