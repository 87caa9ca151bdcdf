import CKernels
import TFLite
import Testing

@testable import Inference

@Suite("Planning and arithmetic")
struct PlanningTests {
  @Test("Tensors alive at the same time never overlap", arguments: 1...20)
  func arena(_ seed: UInt64) {
    var numbers = SeededNumbers(seed)
    let requests = (0..<60).map { id in
      let first = Int.random(in: 0..<50, using: &numbers)
      return ArenaPlan.Request(
        id: id, byteCount: Int.random(in: 0...5000, using: &numbers),
        lifetime: first...first + Int.random(in: 0...8, using: &numbers))
    }
    let plan = ArenaPlan(requests)
    for a in requests {
      let start = plan.offsets[a.id] ?? -1
      #expect(start >= 0 && start % 64 == 0 && start + a.byteCount <= plan.byteCount)
      for b in requests where b.id < a.id && a.lifetime.overlaps(b.lifetime) {
        let other = plan.offsets[b.id] ?? -1
        #expect(start + a.byteCount <= other || other + b.byteCount <= start)
      }
    }
    #expect(plan.byteCount < requests.map(\.byteCount).reduce(0, +))
  }

  @Test("Memory is used again once a tensor is dead")
  func reuse() {
    let chain = (0..<10).map { ArenaPlan.Request(id: $0, byteCount: 640, lifetime: $0...$0 + 1) }
    #expect(ArenaPlan(chain).byteCount == 1280)
  }

  @Test("Factors are split as the reference splits them")
  func multipliers() {
    #expect(FixedPointMultiplier(0.5) == FixedPointMultiplier(multiplier: 1 << 30, shift: 0))
    #expect(FixedPointMultiplier(0.75)?.multiplier == 3 << 29)
    #expect(FixedPointMultiplier(1) == FixedPointMultiplier(multiplier: 1 << 30, shift: 1))
    // Rounds up to a whole power of two.
    #expect(
      FixedPointMultiplier(1 - 1e-12) == FixedPointMultiplier(multiplier: 1 << 30, shift: 1))
    #expect(FixedPointMultiplier(0) == FixedPointMultiplier(multiplier: 0, shift: 0))
    #expect(FixedPointMultiplier(1e-12) == FixedPointMultiplier(multiplier: 0, shift: 0))
    for bad in [-1, .infinity, .nan, 0x1p30] { #expect(FixedPointMultiplier(bad) == nil) }
  }

  @Test("Fixed-point scaling, with rounding twice", arguments: 1...5)
  func scaling(_ seed: UInt64) {
    var numbers = SeededNumbers(seed)
    for _ in 0..<2000 {
      let real = Double.random(in: -25...4, using: &numbers)
      let factor = Double(sign: .plus, exponent: Int(real), significand: 1 + abs(real) / 30)
      let value = Int32.random(in: -(1 << 24)...(1 << 24), using: &numbers)
      #expect(FixedPointMultiplier(factor).map { Int($0(value)) } == rescale(Int(value), factor))
    }
  }

  @Test("Every kernel has its name's form, and a portable sibling")
  func table() {
    var portable: Set<UInt32> = []
    for index in 0..<fk_kernel_count() {
      guard let kernel = fk_kernel_at(index)?.pointee else { continue }
      let name = String(cString: kernel.name)
      let parts = name.split(separator: "_", omittingEmptySubsequences: true)
      #expect(parts.first == "fk" && ["f32", "s8", "any"].contains(String(parts[1])))
      #expect(name.hasSuffix("__" + String(cString: fk_isa_name(kernel.isa))))
      if kernel.mr > 0 { #expect(name.contains("_\(kernel.mr)x\(kernel.nr)__")) }
      if kernel.isa == FK_ISA_PORTABLE {
        portable.insert(kernel.op.rawValue)
      } else {
        #expect(portable.contains(kernel.op.rawValue), "\(name) has no portable sibling")
      }
    }
    #expect(fk_kernel_at(fk_kernel_count()) == nil)
    // A set is not a subset of those preferred to it.
    for isa in (0..<8).map(fk_isa.init(rawValue:)) where isa.isAvailable {
      for operation in portable {
        let chosen = fk_kernel_for(fk_op(rawValue: operation), isa)?.pointee
        #expect(chosen?.isa.isAvailable == true)
      }
    }
    for operation in [FK_OP_S8_CONV, FK_OP_S8_DEPTHWISE_3X3] {
      #expect(fk_kernel_for(operation, FK_ISA_AVX512)?.pointee.isa != FK_ISA_AVXVNNI)
    }
    #expect(KernelVariant.available.contains(.portable))
  }

  @Test("Shapes broadcast as NumPy's do")
  func broadcasting() {
    #expect(BroadcastLayout([2, 3, 4], [3, 1])?.shape == [2, 3, 4])
    #expect(BroadcastLayout([2, 3], [2])?.shape == nil)
    #expect(BroadcastLayout([4, 5, 6], [4, 5, 6])?.kernelShape?.rank == 1)
    #expect(BroadcastLayout([4, 5, 6], [6])?.kernelShape?.rank == 2)
    #expect(BroadcastLayout([], [])?.kernelShape?.dims.0 == 1)
    #expect(
      BroadcastLayout([2, 1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2, 1])?.kernelShape == nil)
  }
}
