internal import Dispatch
internal import Synchronization

/// Work that blocks its thread (SQLite, decoding), kept off the threads that serve requests.
struct WorkQueue: Sendable {
  private let queue: DispatchQueue

  /// A queue.
  ///
  /// - Parameter isSerial: one after the other, rather than several at once.
  init(_ label: String, isSerial: Bool) {
    queue = DispatchQueue(label: label, attributes: isSerial ? [] : .concurrent)
  }

  func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try body() }) }
    }
  }
}

/// Something that happens once.
final class Flag: Sendable {
  private let value = Mutex(false)

  var isSet: Bool { value.withLock { $0 } }

  func set() { value.withLock { $0 = true } }
}

/// Values by key; those used longest ago leave when their costs together exceed a limit.
struct RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private var entries: [Key: (value: Value, cost: Int, used: Int)] = [:]
  private var clock = 0
  private var cost = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  subscript(_ key: Key) -> Value? {
    mutating get {
      clock += 1
      entries[key]?.used = clock
      return entries[key]?.value
    }
  }

  /// Keeps a value.
  ///
  /// - Complexity: linear in the number of values when one has to leave.
  mutating func keep(_ value: Value, for key: Key, cost: Int) {
    remove { $0 == key }
    clock += 1
    entries[key] = (value, cost, clock)
    self.cost += cost
    while self.cost > limit, entries.count > 1,
      let oldest = entries.min(by: { $0.value.used < $1.value.used })
    {
      remove { $0 == oldest.key }
    }
  }

  mutating func remove(where isDoomed: (Key) -> Bool) {
    for key in entries.keys.filter(isDoomed) {
      cost -= entries.removeValue(forKey: key)?.cost ?? 0
    }
  }
}
