internal import CKernels

/// Calls of a kernel: an operator's parameters, a range of work units, and scratch memory.
typealias KernelFunction =
  @convention(c) (UnsafeRawPointer?, Int64, Int64, UnsafeMutableRawPointer?)
  -> Void

extension KernelVariant {
  /// The instruction set that is asked for, nil for `best`.
  var isa: fk_isa? {
    switch self {
    case .best: nil
    case .portable: FK_ISA_PORTABLE
    case .neon: FK_ISA_NEON
    case .dotprod: FK_ISA_DOTPROD
    case .avx2: FK_ISA_AVX2
    case .avxvnni: FK_ISA_AVXVNNI
    case .avx512: FK_ISA_AVX512
    }
  }
}

extension fk_isa {
  var isAvailable: Bool { fk_isa_available(self) != 0 }
  var name: String { String(cString: fk_isa_name(self)) }
}

/// A kernel of the table in `CKernels`.
struct Kernel {
  let name: String
  let function: KernelFunction
  let row: UnsafePointer<fk_kernel>
  var nr: Int { Int(row.pointee.nr) }
  var kr: Int { Int(row.pointee.kr) }
  /// Whether groups of channels may overlap in packed float weights, as fast kernels have them.
  var overlaps: Int32 { row.pointee.isa == FK_ISA_PORTABLE ? 0 : 1 }
  /// Whether an output element, or a pixel, depends on nothing but that of its inputs.
  var isElementwise: Bool {
    [
      FK_OP_F32_BINARY, FK_OP_F32_BINARY_SAME, FK_OP_S8_ADD, FK_OP_S8_ADD_SAME, FK_OP_S8_MUL,
      FK_OP_F32_CLAMP, FK_OP_S8_LOOKUP,
      FK_OP_F32_TO_S8, FK_OP_S8_TO_F32, FK_OP_F32_SOFTMAX, FK_OP_S8_SOFTMAX, FK_OP_F32_LOGISTIC,
    ].contains(row.pointee.op)
  }
  /// Whether its work is in proportion to its output.
  var isCheap: Bool {
    ![
      FK_OP_F32_CONV, FK_OP_F32_CONV_DILATED, FK_OP_F32_CONV_NARROW, FK_OP_F32_DEPTHWISE,
      FK_OP_F32_DEPTHWISE_3X3,
      FK_OP_S8_CONV, FK_OP_S8_CONV_DILATED, FK_OP_S8_DEPTHWISE,
      FK_OP_S8_DEPTHWISE_3X3, FK_OP_F32_MAX_POOL,
      FK_OP_S8_MAX_POOL, FK_OP_F32_AVERAGE_POOL, FK_OP_S8_AVERAGE_POOL, FK_OP_DETECTION,
    ].contains(row.pointee.op)
  }

  /// The best kernel for an operation that needs nothing above `isa`.
  init?(_ operation: fk_op, _ isa: fk_isa) {
    guard let row = fk_kernel_for(operation, isa), let function = row.pointee.run else {
      return nil
    }
    self.row = row
    self.function = function
    name = String(cString: row.pointee.name)
  }
}
