public import TFLite

/// What a caller needs to know to fill a model's input or read its output.
public struct TensorDescription: Sendable, Hashable, Codable {
  /// Name in the file.
  public var name: String
  /// Type of the elements.
  public var elementType: ElementType
  /// Dimensions, outermost first; images are NHWC.
  public var shape: [Int]
  /// Real value of one integer step; 0 where the tensor is not quantised.
  public var scale: Float
  /// Integer that stands for zero.
  public var zeroPoint: Int

  /// A description from its parts.
  public init(
    name: String, elementType: ElementType, shape: [Int], scale: Float = 0, zeroPoint: Int = 0
  ) {
    self.name = name
    self.elementType = elementType
    self.shape = shape
    self.scale = scale
    self.zeroPoint = zeroPoint
  }

  /// Product of the dimensions.
  public var elementCount: Int { shape.reduce(1, *) }
  /// Size in memory.
  public var byteCount: Int { elementCount * elementType.byteCount }
}
