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

/// A model ready to run.
struct PreparedModel {
  let memory: OwnedMemory
  let calls: UnsafeMutableBufferPointer<fk_call>
  /// For each call, the operator's place in the file and the kernel's name.
  let names: [(operatorIndex: Int, kernel: String)]
  /// Scratch memory of the first thread, others' every `scratchStep` bytes.
  let scratch: UnsafeMutableRawPointer
  let scratchStep: Int
  let inputs: [UnsafeMutableRawBufferPointer]
  let outputs: [UnsafeMutableRawBufferPointer]
  /// Bytes of the tensors' arena, scratch left out.
  let arenaBytes: Int
}

extension Preparation {
  /// Lays out memory and binds the steps to it.
  func finish() throws(InferenceError) -> PreparedModel {
    var schedule = Schedule(self, threads: threads)
    var rings: [Int: Ring] = [:]
    for (id, bytes) in schedule.ringBytes.sorted(by: { $0.key < $1.key }) {
      rings[id] = try memory.ring(bytes)
    }
    if rings.count < schedule.ringBytes.count {
      schedule = Schedule(wholeStepsOf: self)
      rings = [:]
    }
    let plan = arenaPlan(schedule)
    let arena = try memory.allocate(plan.byteCount)
    let scratchBytes = steps.map(\.scratchBytes).max() ?? 0
    let scratchStep = (scratchBytes + 4095) / 4096 * 4096 + Int(FK_SLACK)
    let (total, overflow) = scratchStep.multipliedReportingOverflow(by: threads)
    guard let base = arena.baseAddress, !overflow,
      let scratch = try memory.allocate(total).baseAddress
    else { throw .memoryLimit(needed: plan.byteCount, limit: 0) }
    var pointers = plan.offsets.mapValues { base + $0 }
    for id in Set(steps.flatMap(\.reads) + model.outputs).map(resolve) where pointers[id] == nil {
      pointers[id] = try constantAddress(id)
    }
    var names: [(operatorIndex: Int, kernel: String)] = []
    var calls: [fk_call] = []
    for call in schedule.calls {
      let step = steps[call.step]
      // Without elements there is nothing to do.
      guard step.units > 0 else { continue }
      let units = call.rows.map { rows in
        let each = step.rows?.unitsPerRow ?? 1
        return rows.lowerBound * each..<rows.upperBound * each
      }
      for (id, row) in call.bases {
        pointers[id] = rings[id]?.origin(from: row * (schedule.rowBytes[id] ?? 0))
      }
      let addresses = Addresses(
        memory: memory, pointers: pointers, fallback: base, resolve: resolve)
      calls.append(
        fk_call(
          run: step.kernel.function, params: step.parameters(addresses),
          begin: Int64(units?.lowerBound ?? 0), end: Int64(units?.upperBound ?? step.units)))
      names.append((step.operatorIndex, step.kernel.name))
    }
    let addresses = Addresses(
      memory: memory, pointers: pointers, fallback: base, resolve: resolve)
    func bytes(_ id: Int) -> UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(
        start: UnsafeMutableRawPointer(addresses(id, UInt8.self)), count: values[id].byteCount)
    }
    let list = try memory.allocate(fk_call.self, count: calls.count)
    _ = list.update(fromContentsOf: calls)
    return PreparedModel(
      memory: memory, calls: list, names: names, scratch: scratch, scratchStep: scratchStep,
      inputs: model.inputs.map(bytes), outputs: model.outputs.map(bytes),
      arenaBytes: plan.byteCount + rings.values.reduce(0) { $0 + $1.size })
  }

  /// Values live while the steps around them do.
  ///
  /// Inputs and outputs live throughout, so that a caller may run again with the same input.
  private func arenaPlan(_ schedule: Schedule) -> ArenaPlan {
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
      for id in step.writes + step.reads { use(id, schedule.spans[index]) }
    }
    return ArenaPlan(
      lifetimes.filter { schedule.ringBytes[$0.key] == nil }.map { id, lifetime in
        ArenaPlan.Request(
          id: id, byteCount: values[id].byteCount + Int(FK_SLACK), lifetime: lifetime)
      })
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
