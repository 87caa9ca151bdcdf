import Dispatch
import Foundation

/// SIGINT and SIGTERM as a call; the second one ends the program at once.
final class StopSignals {
  private var sources: [any DispatchSourceSignal] = []

  init(_ stop: @escaping @Sendable () -> Void) {
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(
        signal: number, queue: .global())
      let asked = Latch()
      source.setEventHandler {
        if asked.close() { stop() } else { _exit(130) }
      }
      source.resume()
      sources.append(source)
    }
  }

  /// Signals have their usual effect again.
  func end() {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }

  /// Only ever touched on one source's handler, which never runs twice at once.
  private final class Latch: @unchecked Sendable {
    private var isClosed = false
    /// Closes it; whether it was open.
    func close() -> Bool {
      defer { isClosed = true }
      return !isClosed
    }
  }
}
