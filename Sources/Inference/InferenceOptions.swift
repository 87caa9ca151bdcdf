/// How a model is prepared and run.
public struct InferenceOptions: Sendable, Hashable {
  /// Threads that one run may use, at least 1.
  ///
  /// Results do not depend on it.
  public var threads: Int = 1
  /// Which kernels to use.
  public var kernels: KernelVariant = .best
  /// Most memory in bytes that tensors and packed weights may take together.
  public var memoryLimit: Int = 1 << 30

  /// Shapes for inputs by their number, in place of those in the file.
  ///
  /// A fully convolutional network takes images of any size. Free dimensions that are not given
  /// here have the size that the file says, as a rule 1.
  public var inputShapes: [Int: [Int]] = [:]

  /// Options for one thread and the machine's best kernels, unless said otherwise.
  public init(threads: Int = 1, kernels: KernelVariant = .best) {
    self.threads = threads
    self.kernels = kernels
  }
}

/// Sets of kernels by the instructions that they need.
public enum KernelVariant: String, Sendable, Hashable, CaseIterable {
  /// The best that this machine can run.
  case best
  /// Plain C: the measure of the others.
  case portable
  /// Vectors of arm64.
  case neon
  /// Vectors of arm64 with byte products.
  case dotprod
  /// AVX2 with fused multiply-add.
  case avx2
  /// AVX2 with byte products (AVX-VNNI).
  case avxvnni
  /// AVX-512 with its byte products (VNNI).
  case avx512

  /// Variants that this machine can run, `best` left out.
  public static var available: [KernelVariant] {
    allCases.filter { variant in variant.isa.map { $0.isAvailable } ?? false }
  }
}
