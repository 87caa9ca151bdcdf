internal import Foundation

/// A queue of limited length between threads: a full one holds back those who fill it, an empty one
/// those who empty it.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
  private let condition = NSCondition()
  private let limit: Int
  private var elements: [Element] = []
  private var isClosed = false

  /// A queue that holds no more than `limit`.
  init(limit: Int) {
    precondition(limit > 0, "a queue holds something")
    self.limit = limit
  }

  /// Adds an element, and waits for room.
  func push(_ element: Element) {
    condition.lock()
    defer { condition.unlock() }
    while elements.count >= limit { condition.wait() }
    elements.append(element)
    condition.broadcast()
  }

  /// Takes the oldest element, and waits for one; `nil` when the queue is closed and empty.
  func pop() -> Element? {
    condition.lock()
    defer { condition.unlock() }
    while elements.isEmpty && !isClosed { condition.wait() }
    guard !elements.isEmpty else { return nil }
    defer { condition.broadcast() }
    return elements.removeFirst()
  }

  /// Says that nothing more will come.
  func close() {
    condition.lock()
    defer { condition.unlock() }
    isClosed = true
    condition.broadcast()
  }
}
