import Foundation
import SurveyExport
import SurveyPipeline
import Synchronization

/// Progress on standard error: a bar on a terminal, plain lines otherwise.
final class ProgressDisplay: Sendable {
  private struct State {
    var planned = 0
    var finished = 0
    var totalSeconds = 0.0
    var seconds = 0.0
    var workStart = ContinuousClock.now
    var lastDrawn = ContinuousClock.now - .seconds(10)
    var barIsShown = false
    var failures = 0
  }

  private let state = Mutex(State())
  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  /// Time between two drawings of the bar, and between two lines where there is no terminal.
  private let interval: Duration

  init(quiet: Bool) {
    self.quiet = quiet
    interval = isTerminal ? .milliseconds(100) : .seconds(30)
  }

  /// Takes an event; may be called on any thread.
  func show(_ event: ProgressEvent) {
    state.withLock { state in
      switch event {
      case .looking(let done, let total):
        draw(&state, "Looking at files: \(done) of \(total)", force: done == total && isTerminal)
      case .hashing(let path, let read, let size):
        let share = size > 0 ? read * 100 / size : 100
        let name = (path as NSString).lastPathComponent
        draw(&state, "Reading all of \(name): \(share) %", force: false)
      case .planned(let recordings, let done, let seconds):
        state.planned = recordings
        state.totalSeconds = seconds
        state.workStart = .now
        let known = done > 0 ? ", \(done) already processed" : ""
        line(&state, "\(recordings) recording\(recordings == 1 ? "" : "s") to process\(known)")
      case .begun: break
      case .advanced(let seconds, _):
        state.seconds += seconds
        draw(&state, bar(state), force: false)
      case .finished(let outcome):
        if outcome.status == .failed { state.failures += 1 }
        if state.planned > 0 { state.finished += 1 }
        finished(&state, outcome)
      case .warning(let text): line(&state, "warning: " + text, always: true)
      }
    }
  }

  /// Prints a line, unless quiet.
  func say(_ text: String) {
    state.withLock { line(&$0, text) }
  }

  /// Takes the bar away.
  func end() { state.withLock { clear(&$0) } }

  private func finished(_ state: inout State, _ outcome: RecordingOutcome) {
    let path = TextTable.printable(outcome.path)
    let reason = outcome.reason.map(TextTable.printable) ?? ""
    let frames = "\(outcome.frames) frame\(outcome.frames == 1 ? "" : "s")"
    switch outcome.status {
    case .done:
      if isTerminal {
        draw(&state, bar(state), force: true)
      } else {
        line(&state, "done \(path): \(frames)")
      }
    case .partial:
      line(&state, "partly \(path): \(frames); \(reason)", always: true)
    case .failed: line(&state, "failed \(path): \(reason)", always: true)
    }
  }

  private func bar(_ state: State) -> String {
    let elapsed = ContinuousClock.now - state.workStart
    let took = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let share =
      state.totalSeconds > 0
      ? min(1, state.seconds / state.totalSeconds)
      : Double(state.finished) / Double(max(1, state.planned))
    var parts = ["\(Int(share * 100)) %", "\(state.finished) of \(state.planned) recordings"]
    if state.failures > 0 { parts.append("\(state.failures) failed") }
    if took > 0.5, state.seconds > 0 {
      parts.append(String(format: "%.0f× real time", state.seconds / took))
      let left = took / state.seconds * max(0, state.totalSeconds - state.seconds)
      parts.append("\(Self.span(left)) left")
    }
    guard isTerminal else { return parts.joined(separator: ", ") }
    let width = 24
    let full = Int((share * Double(width)).rounded())
    let drawn = String(repeating: "█", count: full) + String(repeating: "░", count: width - full)
    return drawn + "  " + parts.joined(separator: " · ")
  }

  private static func span(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole >= 3600 { return "\(whole / 3600) h \(whole / 60 % 60) min" }
    return whole >= 60 ? "\(whole / 60) min \(whole % 60) s" : "\(whole) s"
  }

  private func draw(_ state: inout State, _ text: String, force: Bool) {
    guard !quiet, force || ContinuousClock.now - state.lastDrawn >= interval else { return }
    state.lastDrawn = .now
    if isTerminal {
      write("\r\u{1B}[2K" + text)
      state.barIsShown = true
    } else {
      write(text + "\n")
    }
  }

  private func line(_ state: inout State, _ text: String, always: Bool = false) {
    guard !quiet || always else { return }
    clear(&state)
    write(text + "\n")
  }

  private func clear(_ state: inout State) {
    if state.barIsShown { write("\r\u{1B}[2K") }
    state.barIsShown = false
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }
}
