internal import Foundation
internal import Survey
internal import Synchronization

/// The log of a survey's runs: a file that is appended to, one line an event.
///
/// A line is local time in ISO 8601, the process in brackets, a keyword, and the event:
/// `2024-05-03T08:30:00+03:00 [4711] done: /dives/GX010001.MP4: 1,800 frames`. How far a recording
/// is gone through is no event, so that a log grows with recordings and not with time.
public final class SurveyLog: Sendable {
  /// What a line is about, its keyword.
  public enum Keyword: String, Sendable {
    /// The program begins, with these options and this model.
    case start
    /// What there is to do.
    case plan
    /// Work on a recording begins.
    case begin
    /// All of a recording was looked at.
    case done
    /// What could be read of a recording was looked at.
    case partly
    /// Nothing of a recording could be looked at.
    case failed
    /// Something that a person should know.
    case warning
    /// Someone asks the program to stop.
    case stop
    /// What the run has done, and which recordings failed.
    case summary
    /// The run ends with an error.
    case error
  }

  /// The file.
  public let path: String
  private let descriptor: Int32
  private let problem = Mutex<String?>(nil)

  /// Failures that a summary repeats; more of them are in the lines before it.
  private static let mostFailures = 20

  /// The log's name beside a database: `survey.sqlite` has `survey.log`.
  public static func path(beside database: String) -> String {
    let parts = (database as NSString)
    let isUsual = ["sqlite", "sqlite3", "db"].contains(parts.pathExtension.lowercased())
    return (isUsual ? parts.deletingPathExtension : database) + ".log"
  }

  /// Opens a log, or begins one.
  ///
  /// - Throws: `SurveyPipelineError.foreignLog` where the file holds something else: divers keep logs
  ///   too; `.unwritableLog`.
  public init(path: String) throws(SurveyPipelineError) {
    self.path = path
    let opened = open(path, O_CREAT | O_RDWR | O_APPEND | O_CLOEXEC, 0o644)
    guard opened >= 0 else {
      throw .unwritableLog(file: path, reason: String(cString: strerror(errno)))
    }
    descriptor = opened
    guard Self.isLog(opened) else {
      close(opened)
      throw .foreignLog(file: path)
    }
  }

  deinit { close(descriptor) }

  /// Why nothing more can be logged, if so.
  public var failure: String? { problem.withLock { $0 } }

  /// Adds a line; after a failure, such as a full disk, none is added any more.
  public func write(_ keyword: Keyword, _ text: String) {
    let now = Date.now
    let time = WallClock(
      unixSeconds: now.timeIntervalSince1970.rounded(.down),
      offsetSeconds: TimeZone.current.secondsFromGMT(for: now))
    let line = "\(time.iso8601) [\(getpid())] \(keyword): \(Self.inOneLine(text))\n"
    problem.withLock { problem in
      guard problem == nil else { return }
      var bytes = Array(line.utf8)[...]
      while !bytes.isEmpty {
        let written = bytes.withUnsafeBytes {
          Foundation.write(descriptor, $0.baseAddress, $0.count)
        }
        if written < 0 && errno == EINTR { continue }
        guard written > 0 else {
          problem = String(cString: strerror(errno))
          return
        }
        bytes = bytes.dropFirst(written)
      }
    }
  }

  /// Adds what a survey reports, if it is an event.
  public func note(_ event: ProgressEvent) {
    switch event {
    case .looking, .hashing, .advanced: break
    case .planned(let recordings, let done, let seconds):
      write(
        .plan,
        Self.count(recordings, "recording")
          + " to process, \(Self.minutes(seconds)) min of video; \(done) already "
          + "processed")
    case .begun(let path, let resumes):
      write(.begin, path + (resumes ? " (goes on where it was stopped)" : ""))
    case .finished(let outcome):
      let frames = Self.count(outcome.frames, "frame")
      let reason = outcome.reason.map { "; \($0)" } ?? ""
      switch outcome.status {
      case .done: write(.done, "\(outcome.path): \(frames)")
      case .partial: write(.partly, "\(outcome.path): \(frames)\(reason)")
      case .failed: write(.failed, "\(outcome.path): \(outcome.reason ?? "")")
      }
    case .warning(let text): write(.warning, text)
    }
  }

  /// Adds what a run has done in so many seconds.
  public func note(_ summary: SurveyJobSummary, seconds: Double) {
    var text = summary.wasCancelled ? "stopped; " : ""
    text += Self.count(summary.recordingsDone, "recording") + " processed"
    text += ", \(summary.recordingsAlreadyDone) already processed"
    text += ", \(summary.recordingsFailed) failed"
    text += "; \(Self.count(summary.framesSampled, "frame"))"
    text += ", \(Self.count(summary.detectionsCounted, "detection"))"
    text += "; \(Self.minutes(summary.videoSeconds)) min of video in "
    text += String(format: "%.1f s", seconds)
    if let speed = summary.videoMinutesPerMinute(seconds: seconds) {
      text += String(format: ", %.1f min of video per minute", speed)
    }
    write(.summary, text)
    for failure in summary.failures.prefix(Self.mostFailures) {
      write(.summary, "failed: \(failure.path): \(failure.reason ?? "")")
    }
    let more = summary.failures.count - Self.mostFailures
    if more > 0 { write(.summary, "failed: \(more) more, in the lines before") }
    for remark in summary.remarks { write(.summary, remark) }
  }

  /// Whether what an open file begins with is a line of a log; devices and empty files may be one.
  private static func isLog(_ descriptor: Int32) -> Bool {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size > 0
    else { return true }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = pread(descriptor, &bytes, bytes.count, 0)
    let words = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      .split(separator: " ", omittingEmptySubsequences: false)
    return words.count > 2 && WallClock(iso8601: String(words[0])) != nil
      && words[1].hasPrefix("[") && words[1].hasSuffix("]")
  }

  private static func inOneLine(_ text: String) -> String {
    String(
      text.map { character in
        character.unicodeScalars.contains { $0.properties.generalCategory == .control }
          ? "␤" : character
      })
  }

  private static func count(_ number: Int, _ what: String) -> String {
    "\(number) \(what)\(number == 1 ? "" : "s")"
  }

  private static func minutes(_ seconds: Double) -> String {
    String(format: "%.2f", seconds / 60)
  }
}
