internal import Foundation

/// Why a survey database cannot be used.
public enum SurveyStoreError: Error, CustomStringConvertible {
  /// There is no database at this path.
  case notFound(path: String)
  /// Another program has locked the database, and did not let go of it for so many seconds.
  case locked(path: String, seconds: Double)
  /// There is no space left for the database.
  case full(path: String)
  /// The file, or what SQLite puts beside it, cannot be made or written.
  case unwritable(path: String)
  /// SQLite cannot open or use the file.
  case unusable(path: String, reason: String)
  /// The file is a database, but not a survey.
  case notASurvey(path: String)
  /// A newer Fishcam wrote the file.
  case newer(path: String)
  /// There is nothing to count yet.
  case noRun(path: String)
  /// A run was asked for that the survey does not have.
  case unknownRun(Int64, known: [Int64])
  /// A threshold was asked for at which the run kept no detections.
  case belowFloor(threshold: Double, floor: Double)
  /// A threshold was asked for that this decoder's detections cannot answer.
  case fixedThreshold(decoder: String)
  /// A row that an id names is not there.
  case missing(what: String, id: Int64)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .notFound(let path):
      "\(path): there is no such survey; `fishcam process FOLDER --database \(path)` makes one"
    case .locked(let path, let seconds):
      "\(path): another program has kept the database locked for \(seconds.formatted()) s; end it, or "
        + "save what it is changing, and run the same command again: what was found so far is kept"
    case .full(let path):
      "\(path): there is no space left on the disk for the survey; free some space there, or move it "
        + "to another disk, and run the same command again: what was found so far is kept"
    case .unwritable(let path):
      "\(path): the survey or its folder cannot be written, which a survey needs even to be read; name "
        + "a place that can with --database, and to read a survey, copy it there"
    case .unusable(let path, let reason): "\(path): the database cannot be used (\(reason))"
    case .notASurvey(let path): "\(path): this is not a Fishcam survey"
    case .newer(let path):
      "\(path): a newer Fishcam wrote this survey; update this one to read it"
    case .noRun(let path):
      "\(path): no recording has been processed yet; run `fishcam process` first"
    case .unknownRun(let id, let known):
      "there is no run \(id); this survey has " + known.map(String.init).joined(separator: ", ")
    case .belowFloor(let threshold, let floor):
      "--threshold \(threshold): detections were kept from \(floor) up; choose at least that"
    case .fixedThreshold(let decoder):
      "--threshold: the \(decoder) decoder joins cells by threshold, so another one needs "
        + "`fishcam process --threshold`"
    case .missing(let what, let id): "there is no \(what) \(id)"
    }
  }
}
