internal import SurveyStore
internal import Synchronization

/// The one thread that writes what passes bring, so that no other ever waits for the database.
///
/// After a failure it goes on taking what comes, and writes nothing more.
final class Writer: Sendable {
  /// Something to write.
  enum Entry: Sendable {
    /// Frames of a pass, in presentation order, and whether something was wrong on the way.
    case frames([FrameResult], PassSink, flawed: Bool)
    /// The end of a pass; nothing more comes of it.
    case end(PassSink, PassSink.Ending, PassFigures)
  }

  private let job: SurveyJob
  private let run: StoredRun
  private let space: DiskSpace
  private let queue: BoundedQueue<Entry>
  private let state = Mutex(State())

  private struct State {
    var results: [Int: PassResult] = [:]
    var unfinished = PassFigures()
    var failure: (any Error)?
  }

  /// A writer to the job's survey.
  init(job: SurveyJob, run: StoredRun, space: DiskSpace) {
    self.job = job
    self.run = run
    self.space = space
    queue = BoundedQueue(limit: 8)
  }

  /// Results of the passes that came to their end, by the order's number.
  var results: [Int: PassResult] { state.withLock { $0.results } }
  /// What was stored of passes that were stopped.
  var unfinished: PassFigures { state.withLock { $0.unfinished } }
  /// Why nothing can be written any more.
  var failure: (any Error)? { state.withLock { $0.failure } }

  /// Hands something over, and waits while much is waiting already.
  func take(_ entry: Entry) { queue.push(entry) }

  /// Notes that the survey cannot go on.
  func fail(_ error: any Error) { state.withLock { $0.failure = $0.failure ?? error } }

  /// Says that nothing more comes.
  func close() { queue.close() }

  /// Writes until it is closed.
  func work() {
    while let entry = queue.pop() {
      guard failure == nil else { continue }
      do {
        switch entry {
        case .frames(let frames, let sink, let flawed):
          try space.require()
          try job.store.append(frames, to: sink.pass, of: run, flawed: flawed)
        case .end(let sink, let ending, let figures):
          try end(sink, ending, figures)
        }
      } catch {
        fail(error)
      }
    }
  }

  private func end(_ sink: PassSink, _ ending: PassSink.Ending, _ figures: PassFigures) throws {
    guard case .reached(let status, let reason, let start, let end) = ending else {
      state.withLock { $0.unfinished += figures }
      return
    }
    let stored: StoredPass.Status =
      switch status {
      case .done: .done
      case .partial: .partial
      case .failed: .failed
      }
    try job.store.finish(sink.pass, stored, reason: reason, start: start, end: end)
    let outcome = RecordingOutcome(
      path: sink.order.path, status: status, reason: reason, frames: figures.frames)
    state.withLock {
      $0.results[sink.order.number] = PassResult(outcome: outcome, figures: figures)
    }
    job.report(.finished(outcome))
  }
}
