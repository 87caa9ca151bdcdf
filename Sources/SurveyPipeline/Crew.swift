internal import Detection
internal import Foundation
internal import SurveyStore
internal import Synchronization

/// One content that is to be looked at.
struct PassOrder: Sendable {
  /// A file that holds it.
  var path: String
  /// Its row id.
  var media: Int64
  /// Its stated duration.
  var seconds: Double
}

/// What a pass over a content has brought.
struct PassResult: Sendable {
  var outcome: RecordingOutcome
  var figures: PassFigures
}

/// What was stored by one pass, or by several.
struct PassFigures: Sendable {
  var frames = 0
  var detections = 0
  var detectionsCounted = 0
  var stretchesWithMovingCamera = 0

  static func += (sum: inout PassFigures, other: PassFigures) {
    sum.frames += other.frames
    sum.detections += other.detections
    sum.detectionsCounted += other.detectionsCounted
    sum.stretchesWithMovingCamera += other.stretchesWithMovingCamera
  }
}

/// Works through contents on several threads, each on one at a time.
final class Crew: Sendable {
  private let job: SurveyJob
  private let run: StoredRun
  private let state: Mutex<State>

  private struct State {
    var next = 0
    var results: [PassResult?]
    var unfinished = PassFigures()
    var failure: (any Error)?
  }

  init(job: SurveyJob, run: StoredRun) {
    self.job = job
    self.run = run
    state = Mutex(State(results: []))
  }

  /// What was stored of passes that were stopped.
  var unfinished: PassFigures { state.withLock { $0.unfinished } }

  /// Works until all is done, someone asks to stop, or the survey cannot be written.
  ///
  /// - Returns: in step with the orders; `nil` where one was not finished.
  /// - Throws: `SurveyStoreError`, `DetectionError`: the first that any thread met.
  func work(_ orders: [PassOrder]) throws -> [PassResult?] {
    state.withLock { $0.results = Array(repeating: nil, count: orders.count) }
    let workers = max(1, min(job.options.jobs, orders.count))
    let threads = max(1, job.options.jobs / workers)
    let group = DispatchGroup()
    for _ in 0..<(orders.isEmpty ? 0 : workers) {
      group.enter()
      let thread = Thread { [self] in
        defer { group.leave() }
        do {
          let detector = try Detector(job.model, options: job.detectorOptions)
          while let index = take(of: orders.count) {
            try look(at: orders[index], index, detector, threads: threads)
          }
        } catch {
          state.withLock { if $0.failure == nil { $0.failure = error } }
        }
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    group.wait()
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return state.results
    }
  }

  private func take(of count: Int) -> Int? {
    state.withLock { state in
      guard state.next < count, state.failure == nil, !job.cancellation.isCancelled else {
        return nil
      }
      defer { state.next += 1 }
      return state.next
    }
  }

  private func look(at order: PassOrder, _ index: Int, _ detector: Detector, threads: Int) throws {
    var pass = try RecordingPass(order: order, job: job, run: run, detector: detector)
    let result = try pass.work(threads: threads)
    state.withLock { state in
      if let result {
        state.results[index] = result
      } else {
        state.unfinished += pass.figures
      }
    }
    if let result { job.report(.finished(result.outcome)) }
  }
}
