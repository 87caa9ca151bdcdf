public import TFLite

/// Why a model cannot be prepared.
public enum InferenceError: Error, Hashable, Sendable {
  /// An operator cannot be run as the file has it.
  case unsupported(OperatorReference, OperatorProblem)
  /// An operator reads a tensor that nothing before it computes.
  case notComputed(OperatorReference, tensor: String)
  /// Two operators write a tensor, or one writes an input of the graph or a constant.
  case computedTwice(OperatorReference, tensor: String)
  /// An input of the graph is of a type without a fixed size, or a constant.
  case badInput(tensor: String, ElementType)
  /// An output of the graph is not computed by any operator.
  case badOutput(tensor: String)
  /// The model has no inputs or no outputs.
  case noInputsOrOutputs
  /// The model needs more memory than the options allow.
  case memoryLimit(needed: Int, limit: Int)
  /// This machine cannot run the kernels that the options ask for.
  case kernelsUnavailable(KernelVariant)

  /// Which operator of a model an error is about.
  public struct OperatorReference: Hashable, Sendable {
    /// Place in the file's order, from 0.
    public var index: Int
    /// Name in the schema.
    public var name: String
    /// Version of the operator's definition.
    public var version: Int
  }

  /// What about an operator is not supported.
  public enum OperatorProblem: Hashable, Sendable {
    /// There is no such operator here.
    case unknown
    /// The operator exists here, but not in this version.
    case version(supported: ClosedRange<Int>)
    /// The operator lacks an input or output, or has too many.
    case count(inputs: Int, outputs: Int)
    /// The types of inputs and outputs do not go together.
    case types([ElementType])
    /// A shape does not fit the operator or the other shapes.
    case shape([Int], of: String)
    /// A setting has a value that is not supported.
    case option(String, value: String)
    /// A tensor has no quantisation, or one that does not fit.
    case quantization(of: String)
    /// An input must be a constant.
    case notConstant(String)
    /// A constant is stored sparsely.
    case sparse(String)
  }
}

extension InferenceError: CustomStringConvertible {
  /// One sentence that names the operator, its version and the reason.
  public var description: String {
    switch self {
    case .unsupported(let op, let problem):
      "\(op) is not supported: \(problem)"
    case .notComputed(let op, let tensor):
      "\(op) reads tensor \(tensor), which nothing before it computes"
    case .computedTwice(let op, let tensor):
      "\(op) writes tensor \(tensor), which already has a value"
    case .badInput(let tensor, let type):
      "input \(tensor) of type \(type) cannot be filled"
    case .badOutput(let tensor):
      "output \(tensor) is not computed by any operator"
    case .noInputsOrOutputs:
      "the model has no inputs or no outputs"
    case .memoryLimit(let needed, let limit):
      "the model needs \(needed) bytes of memory, more than the limit of \(limit)"
    case .kernelsUnavailable(let variant):
      "this machine cannot run the kernels \(variant.rawValue)"
    }
  }
}

extension InferenceError.OperatorReference: CustomStringConvertible {
  /// Name, version and place, such as `CONV_2D version 3 (operator 7)`.
  public var description: String { "\(name) version \(version) (operator \(index))" }
}

extension InferenceError.OperatorProblem: CustomStringConvertible {
  /// The reason, without the operator.
  public var description: String {
    switch self {
    case .unknown:
      "there is no such operator here"
    case .version(let supported):
      "versions \(supported.lowerBound) to \(supported.upperBound) are"
    case .count(let inputs, let outputs):
      "\(inputs) inputs and \(outputs) outputs"
    case .types(let types):
      "element types " + types.map(\.description).joined(separator: ", ")
    case .shape(let shape, let what):
      "shape \(shape) of \(what)"
    case .option(let name, let value):
      "\(name) \(value)"
    case .quantization(let what):
      "quantisation of \(what)"
    case .notConstant(let what):
      "\(what) is not a constant"
    case .sparse(let what):
      "\(what) is sparse"
    }
  }
}
