internal import CKernels
internal import TFLite

/// Addresses of values, for parameter blocks.
struct Addresses {
  let memory: OwnedMemory
  fileprivate let pointers: [Int: UnsafeMutableRawPointer]
  fileprivate let fallback: UnsafeMutableRawPointer
  fileprivate let resolve: (Int) -> Int

  func callAsFunction<T>(_ id: Int, _ type: T.Type = T.self) -> UnsafeMutablePointer<T> {
    (pointers[resolve(id)] ?? fallback).assumingMemoryBound(to: type)
  }

  func store<T>(_ parameters: T) -> UnsafeRawPointer { memory.store(parameters: parameters) }
}

/// One kernel call, ready.
struct BoundStep {
  let function: KernelFunction
  let parameters: UnsafeRawPointer
  let units: Int64
}

/// A model ready to run.
struct PreparedModel {
  let memory: OwnedMemory
  let steps: [BoundStep]
  let scratch: UnsafeMutableRawPointer?
  let inputs: [UnsafeMutableRawBufferPointer]
  let outputs: [UnsafeMutableRawBufferPointer]
  /// Bytes of the tensors' arena, scratch left out.
  let arenaBytes: Int
}

extension Preparation {
  /// Lays out memory and binds the steps to it.
  consuming func finish() throws(InferenceError) -> PreparedModel {
    let plan = arenaPlan()
    let arena = try memory.allocate(plan.byteCount)
    let scratchBytes = steps.map(\.scratchBytes).max() ?? 0
    let scratch = try memory.allocate(scratchBytes).baseAddress
    guard let base = arena.baseAddress, let scratch else {
      throw .memoryLimit(needed: plan.byteCount, limit: 0)
    }
    var pointers = plan.offsets.mapValues { base + $0 }
    for id in Set(steps.flatMap(\.reads) + model.outputs).map(resolve) where pointers[id] == nil {
      pointers[id] = try constantAddress(id)
    }
    let addresses = Addresses(
      memory: memory, pointers: pointers, fallback: base, resolve: resolve)
    // Without elements there is nothing to do.
    let bound = steps.filter { $0.units > 0 }.map { step in
      BoundStep(
        function: step.kernel.function, parameters: step.parameters(addresses),
        units: Int64(step.units))
    }
    func bytes(_ id: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(
        start: UnsafeMutableRawPointer(addresses(id, UInt8.self)), count: values[id].byteCount)
    }
    return PreparedModel(
      memory: memory, steps: bound, scratch: scratch, inputs: model.inputs.map(bytes),
      outputs: model.outputs.map(bytes), arenaBytes: plan.byteCount)
  }

  /// Inputs and outputs live throughout, so that a caller may run again with the same input.
  func arenaPlan() -> ArenaPlan {
    var lifetimes: [Int: ClosedRange<Int>] = [:]
    func use(_ id: Int, _ range: ClosedRange<Int>) {
      let id = resolve(id)
      guard case .arena = values[id].source else { return }
      let old = lifetimes[id] ?? range
      lifetimes[id] =
        min(old.lowerBound, range.lowerBound)...max(old.upperBound, range.upperBound)
    }
    for id in model.inputs + model.outputs { use(id, 0...steps.count) }
    for (index, step) in steps.enumerated() {
      for id in step.writes + step.reads { use(id, index...index) }
    }
    let requests = lifetimes.map { id, lifetime in
      ArenaPlan.Request(
        id: id, byteCount: values[id].byteCount + Int(FK_SLACK), lifetime: lifetime)
    }
    return ArenaPlan(requests)
  }

  /// Runs a step whose inputs are all constants now, and keeps its outputs as constants.
  func fold(_ step: Step) throws(InferenceError) {
    var pointers: [Int: UnsafeMutableRawPointer] = [:]
    for id in step.reads.map(resolve) { pointers[id] = try constantAddress(id) }
    for id in step.writes {
      if case .constant(let bytes) = values[id].source {
        // Another step has written a part of it.
        pointers[id] = bytes.baseAddress.map(UnsafeMutableRawPointer.init(mutating:))
        continue
      }
      let bytes = try memory.allocate(values[id].byteCount)
      pointers[id] = bytes.baseAddress
      values[id].source = .constant(UnsafeRawBufferPointer(bytes))
    }
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: step.scratchBytes + Int(FK_SLACK), alignment: 64)
    defer { scratch.deallocate() }
    let addresses = Addresses(
      memory: memory, pointers: pointers, fallback: scratch, resolve: resolve)
    guard step.units > 0 else { return }
    step.kernel.function(step.parameters(addresses), 0, Int64(step.units), scratch)
  }

  private func constantAddress(_ id: Int) throws(InferenceError) -> UnsafeMutableRawPointer? {
    switch values[id].source {
    case .fileConstant:
      guard let bytes = constant(id, as: UInt8.self) else { return nil }
      return UnsafeMutableRawPointer(
        mutating: UnsafeRawPointer(try memory.store(bytes, count: max(bytes.count, 1))))
    case .constant(let bytes):
      return bytes.baseAddress.map { UnsafeMutableRawPointer(mutating: $0) }
    default:
      return nil
    }
  }
}
