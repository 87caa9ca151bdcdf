internal import Foundation
internal import Media
internal import Survey
internal import SurveyStore

/// Brings the results of one pass, which several threads make, back into presentation order, and
/// hands them to the writer in batches.
final class PassSink: @unchecked Sendable {
  /// How a pass ends.
  enum Ending: Sendable {
    /// Someone asked to stop before the end.
    case stopped
    /// What could be read of the file was read, from `start` to `end` in seconds.
    case reached(RecordingOutcome.Status, reason: String?, start: Double?, end: Double?)
  }

  /// What is looked at.
  let order: PassOrder
  /// Its row.
  let pass: StoredPass

  private let writer: Writer
  private let thresholds: [Double]
  private let room: Int
  private let condition = NSCondition()
  private var given = 0
  private var released = 0
  /// Results that wait for earlier ones; `nil` of frames that nobody has looked at.
  private var waiting: [Int: FrameResult?] = [:]
  private var batch: [FrameResult] = []
  private var batchStart = ContinuousClock.now
  private var counted = PassFigures()
  /// The first frame that could not be looked at, its time, and why; nothing from there on counts.
  private var failed: (number: Int, seconds: Double, reason: String)?
  private var ending: Ending?
  private var times: (first: Double, last: Double)?
  private var isFlawed: Bool
  /// The most individuals of each label in one frame so far; `nil` where no evidence is kept.
  private var most: [Int]?

  /// A batch is written when it is this long, or this old.
  private static let batchFrames = 256
  private static let batchAge = Duration.seconds(2)

  /// A sink of a pass.
  ///
  /// - Parameters:
  ///   - thresholds: from which detections count, by label.
  ///   - most: the most individuals of each label in one frame that is stored; frames with more are
  ///     evidence. `nil` keeps none.
  ///   - room: how many frames may be under way.
  init(
    _ order: PassOrder, _ pass: StoredPass, writer: Writer, thresholds: [Double], most: [Int]?,
    room: Int
  ) {
    self.order = order
    self.pass = pass
    self.writer = writer
    self.thresholds = thresholds
    self.most = most
    self.room = room
    isFlawed = pass.isFlawed
  }

  /// What has been handed to the writer.
  var figures: PassFigures { locked { counted } }

  /// Whether a frame could not be looked at, so that reading on is useless.
  var hasFailed: Bool { locked { failed != nil } }

  /// Says that something was damaged or out of order.
  func noteFlaw() { locked { isFlawed = true } }

  /// Whether a frame may be evidence, by what is known of the frames before it.
  func mayBeEvidence(_ detections: [Detection]) -> Bool {
    locked { most.map { isEvidence(detections, beyond: $0) } ?? false }
  }

  private func isEvidence(_ detections: [Detection], beyond most: [Int]) -> Bool {
    let counts = counts(detections)
    return counts.indices.contains { counts[$0] > most[$0] }
  }

  private func counts(_ detections: [Detection]) -> [Int] {
    var counts = [Int](repeating: 0, count: thresholds.count)
    for detection in detections where detection.score >= thresholds[detection.label] {
      counts[detection.label] += 1
    }
    return counts
  }

  /// The number of the next frame in presentation order; waits while too many are under way.
  func number() -> Int {
    locked {
      while given - released >= room { condition.wait() }
      given += 1
      return given - 1
    }
  }

  /// Takes the result of a frame; `nil` where nobody has looked at it, since the survey ends.
  func put(_ result: FrameResult?, number: Int) {
    locked {
      waiting.updateValue(result, forKey: number)
      release()
    }
  }

  /// Takes note that a frame cannot be looked at.
  func fail(_ error: MediaError, number: Int, seconds: Double) {
    locked {
      if failed.map({ number < $0.number }) ?? true { failed = (number, seconds, error.reason) }
      waiting.updateValue(nil, forKey: number)
      release()
    }
  }

  /// Says that no more frames come, and how the pass ends when all have been looked at.
  ///
  /// - Parameter stretches: those, of what this pass has made, in which the camera moves.
  func end(_ ending: Ending, stretchesWithMovingCamera stretches: Int) {
    locked {
      counted.stretchesWithMovingCamera = stretches
      self.ending = ending
      release()
    }
  }

  /// Moves what is in order into the batch, and hands over what is due.
  ///
  /// The lock is held while the writer has no room, which keeps batches in order.
  private func release() {
    while let taken = waiting.removeValue(forKey: released) {
      released += 1
      guard var result = taken, failed.map({ released <= $0.number }) ?? true else { continue }
      counted.frames += 1
      times = (times?.first ?? result.time.seconds, result.time.seconds)
      counted.detections += result.detections.count
      counted.detectionsCounted += result.detections.count { $0.score >= thresholds[$0.label] }
      if let before = most, !result.isDamaged, isEvidence(result.detections, beyond: before) {
        most = zip(before, counts(result.detections)).map(max)
      } else {
        result.evidence = nil
      }
      batch.append(result)
    }
    condition.broadcast()
    let isLast = ending != nil && released == given
    if isLast || batch.count >= Self.batchFrames || ContinuousClock.now - batchStart > Self.batchAge
    {
      if !batch.isEmpty { writer.take(.frames(batch, self, flawed: isFlawed)) }
      batch = []
      batchStart = .now
    }
    guard isLast, let ending else { return }
    let shown = failed.map { shortened(ending, at: $0) } ?? ending
    if let times {
      var last = times.last
      if case .reached(_, _, _, let end?) = shown { last = max(last, end) }
      counted.videoSeconds = last - times.first
    }
    writer.take(.end(self, shown, counted))
  }

  private func shortened(
    _ ending: Ending, at failed: (number: Int, seconds: Double, reason: String)
  ) -> Ending {
    guard case .reached(_, _, let start, _) = ending else { return ending }
    let isNothing = counted.frames == 0 && pass.lastPTS == nil
    return .reached(
      isNothing ? .failed : .partial, reason: failed.reason, start: isNothing ? nil : start,
      end: isNothing ? nil : failed.seconds)
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    condition.lock()
    defer { condition.unlock() }
    return body()
  }
}
