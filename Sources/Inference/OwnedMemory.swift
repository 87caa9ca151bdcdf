internal import CKernels

/// Memory that a prepared model keeps: packed weights, parameters, the arena.
///
/// Zeroed, aligned to 64 bytes, with the slack that kernels may read behind the end. Freed as a
/// whole.
final class OwnedMemory {
  private var blocks: [UnsafeMutableRawPointer] = []
  private var rings: [(start: UnsafeMutableRawPointer, size: Int)] = []
  private(set) var byteCount = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  deinit {
    for block in blocks { block.deallocate() }
    for ring in rings { fk_ring_destroy(ring.start, ring.size) }
  }

  func allocate(_ bytes: Int) throws(InferenceError) -> UnsafeMutableRawBufferPointer {
    let (needed, overflow) = byteCount.addingReportingOverflow(max(bytes, 0))
    guard !overflow, needed <= limit else { throw .memoryLimit(needed: needed, limit: limit) }
    let size = bytes + Int(FK_SLACK)
    let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    block.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    blocks.append(block)
    byteCount = needed
    return UnsafeMutableRawBufferPointer(start: block, count: bytes)
  }

  func allocate<T: BitwiseCopyable>(
    _ type: T.Type, count: Int
  ) throws(InferenceError) -> UnsafeMutableBufferPointer<T> {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard !overflow else { throw .memoryLimit(needed: .max, limit: limit) }
    return try allocate(bytes).bindMemory(to: type)
  }

  /// Memory for at least `bytes`, with slack, that goes on at its beginning where it ends; nil where the
  /// system has none.
  func ring(_ bytes: Int) throws(InferenceError) -> Ring? {
    let page = fk_ring_granularity()
    let size = (bytes + Int(FK_SLACK) + page - 1) / page * page
    let (needed, overflow) = byteCount.addingReportingOverflow(size)
    guard !overflow, needed <= limit else { throw .memoryLimit(needed: needed, limit: limit) }
    guard let start = fk_ring_create(size) else { return nil }
    rings.append((start, size))
    byteCount = needed
    return Ring(start: start, size: size)
  }

  /// Copies values, followed by zeros up to `count`.
  func store<T: BitwiseCopyable>(
    _ values: [T], count: Int
  ) throws(InferenceError) -> UnsafePointer<T> {
    let buffer = try allocate(T.self, count: max(count, values.count))
    _ = buffer.update(fromContentsOf: values)
    return UnsafePointer(buffer.baseAddress ?? placeholder(T.self))
  }

  /// Copies one parameter block.
  func store<T>(parameters: T) -> UnsafeRawPointer {
    let block = UnsafeMutableRawPointer.allocate(
      byteCount: max(MemoryLayout<T>.size, 1), alignment: 64)
    block.initializeMemory(as: T.self, to: parameters)
    blocks.append(block)
    return UnsafeRawPointer(block)
  }

  private func placeholder<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
    let block = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64)
    blocks.append(block)
    return block.bindMemory(to: type, capacity: 1)
  }
}

/// Memory for some rows of a value: the next takes the place of the first.
struct Ring {
  let start: UnsafeMutableRawPointer
  let size: Int

  /// Where the value would begin if it were whole, so that its bytes from `offset` on are in place.
  func origin(from offset: Int) -> UnsafeMutableRawPointer? {
    UnsafeMutableRawPointer(bitPattern: UInt(bitPattern: start + offset % size) &- UInt(offset))
  }
}
