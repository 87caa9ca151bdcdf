public import TFLite

/// What a model consists of, for a person who looks at it.
///
/// Made for any readable model, also for one that cannot be run.
public struct ModelSummary: Sendable, Codable, Hashable {
  /// One operator.
  public struct OperatorSummary: Sendable, Codable, Hashable {
    /// Place in the file's order, from 0.
    public var index: Int
    /// Name in the schema.
    public var name: String
    /// Version of the operator's definition.
    public var version: Int
    /// Inputs as text, such as `int8[1,96,96,3]`; `-` for one that is left out.
    public var inputs: [String]
    /// Outputs as text.
    public var outputs: [String]
    /// Multiply-adds of one run, 0 for operators that have none to speak of.
    public var multiplyAdds: Int
  }

  /// Operators in the file's order.
  public var operators: [OperatorSummary]
  /// What the model reads.
  public var inputs: [TensorDescription]
  /// What the model gives.
  public var outputs: [TensorDescription]
  /// Multiply-adds of one run.
  public var multiplyAdds: Int
  /// Bytes of constants in the file.
  public var parameterBytes: Int
  /// Bytes of the block in which all computed tensors lie; 0 for a model that cannot be run.
  public var arenaBytes: Int
  /// Why the model cannot be run, nil where it can.
  public var problem: String?

  /// Describes a model, preparing it to see what it needs, but without taking the memory.
  public init(_ model: TFLiteModel) {
    operators = model.operators.enumerated().map { index, op in
      OperatorSummary(
        index: index, name: op.kind.description, version: op.version,
        inputs: op.inputs.map { $0 < 0 ? "-" : Self.text(model.tensors[$0]) },
        outputs: op.outputs.map { Self.text(model.tensors[$0]) },
        multiplyAdds: Self.multiplyAdds(op, in: model))
    }
    multiplyAdds = operators.reduce(0) { Self.sum($0, $1.multiplyAdds) }
    parameterBytes = model.tensors.indices.reduce(0) {
      $0 + (model.constantBytes(ofTensor: $1)?.count ?? 0)
    }
    do {
      let preparation = try Preparation(model, InferenceOptions())
      inputs = model.inputs.map { TensorDescription(preparation.values[$0]) }
      outputs = model.outputs.map { TensorDescription(preparation.values[$0]) }
      arenaBytes = try preparation.finish().arenaBytes
      problem = nil
    } catch {
      inputs = model.inputs.map { TensorDescription(model.tensors[$0]) }
      outputs = model.outputs.map { TensorDescription(model.tensors[$0]) }
      arenaBytes = 0
      problem = error.description
    }
  }

  private static func text(_ tensor: TFLiteModel.Tensor) -> String {
    "\(tensor.elementType)[" + tensor.shape.map(String.init).joined(separator: ",") + "]"
  }

  private static func sum(_ a: Int, _ b: Int) -> Int {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? .max : sum
  }

  /// Output elements times the weights that each of them reads.
  private static func multiplyAdds(_ op: TFLiteModel.Operator, in model: TFLiteModel) -> Int {
    guard op.inputs.count >= 2, op.inputs[1] >= 0, let output = op.outputs.first else { return 0 }
    let filter = model.tensors[op.inputs[1]].shape
    let weights: Int
    switch op.kind {
    case .conv2D where filter.count == 4, .fullyConnected where filter.count == 2:
      weights = filter.dropFirst().reduce(1, *)
    case .depthwiseConv2D where filter.count == 4:
      weights = filter[1] * filter[2]
    default:
      return 0
    }
    let (product, overflow) =
      model.tensors[output].elementCount.multipliedReportingOverflow(by: weights)
    return overflow ? .max : product
  }
}

extension TensorDescription {
  init(_ tensor: TFLiteModel.Tensor) {
    let isWhole = tensor.quantization?.scales.count == 1
    self.init(
      name: tensor.name, elementType: tensor.elementType, shape: tensor.shape,
      scale: isWhole ? tensor.quantization?.scales.first ?? 0 : 0,
      zeroPoint: isWhole ? tensor.quantization?.zeroPoints.first ?? 0 : 0)
  }
}
