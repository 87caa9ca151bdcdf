internal import Synchronization

/// What happens while a survey is processed, in words for a person or a progress bar.
public enum ProgressEvent: Sendable {
  /// Files are being looked at: how many of how many.
  case looking(done: Int, total: Int)
  /// Every byte of a file is being read: how many of how many.
  case hashing(path: String, read: Int64, size: Int64)
  /// What there is to do is known: recordings to process, those that are done already, and the
  /// seconds of video to go through.
  case planned(recordings: Int, done: Int, seconds: Double)
  /// Work on a recording begins, or goes on where an earlier run was stopped.
  case begun(path: String, resumes: Bool)
  /// Work on a recording has gone on: seconds of its video gone through since the last event.
  case advanced(seconds: Double, frames: Int)
  /// A recording has come to its end.
  case finished(RecordingOutcome)
  /// Something that a person should know.
  case warning(String)
}

/// What became of one recording.
public struct RecordingOutcome: Sendable {
  /// How it ended.
  public enum Status: String, Sendable {
    /// All of it was read.
    case done
    /// What could be read was; `reason` says what is missing.
    case partial
    /// Nothing could be read; `reason` says why.
    case failed
  }

  /// Absolute path.
  public var path: String
  /// How it ended.
  public var status: Status
  /// What is wrong with it, in a sentence without the path.
  public var reason: String?
  /// Frames that were sampled in this run of the program.
  public var frames: Int
}

/// A wish to stop that several threads can see.
public final class Cancellation: Sendable {
  private let flag = Atomic(false)

  /// No wish yet.
  public init() {}

  /// Asks to stop.
  public func cancel() { flag.store(true, ordering: .relaxed) }

  /// Whether someone has asked to stop.
  public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
