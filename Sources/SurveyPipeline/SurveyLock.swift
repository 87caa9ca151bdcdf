internal import Foundation

/// Keeps a survey to one writing process: a lock on a file beside the database, which the system
/// releases however the process ends.
final class SurveyLock {
  private let descriptor: Int32
  private let path: String

  /// Takes the lock.
  ///
  /// - Throws: `SurveyPipelineError.busy` where another process holds it.
  init(database: String) throws(SurveyPipelineError) {
    path = database + ".lock"
    while true {
      let opened = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
      if opened < 0 {
        // A folder that takes no new file will not take a database either, which has better words.
        descriptor = -1
        return
      }
      guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
        close(opened)
        throw .busy(database: database)
      }
      // Another process may have removed the file between opening and locking it.
      var (own, current) = (stat(), stat())
      if fstat(opened, &own) == 0, stat(path, &current) == 0, own.st_ino == current.st_ino {
        descriptor = opened
        return
      }
      close(opened)
    }
  }

  deinit {
    if descriptor >= 0 {
      unlink(path)
      close(descriptor)
    }
  }
}
