public import Survey

/// Why a survey cannot begin or go on.
///
/// What is wrong with single recordings is kept with them instead.
public enum SurveyPipelineError: Error, CustomStringConvertible {
  /// An input is not there.
  case noInput(path: String)
  /// The inputs hold neither video nor pictures.
  case noMedia(inputs: [String])
  /// A folder cannot be listed.
  case unlistable(folder: String)
  /// A manifest cannot be read as a file.
  case unreadableManifest(file: String)
  /// A manifest is not UTF-8 text.
  case manifestEncoding(file: String)
  /// A manifest says something that cannot be.
  case manifest(file: String, error: ManifestError)
  /// Another process writes the same survey.
  case busy(database: String)
  /// The disk that the survey is on has too little space, in bytes.
  case noSpace(folder: String, free: Int64, needed: Int64)
  /// The log's file cannot be written.
  case unwritableLog(file: String, reason: String)
  /// What is in the place of the log is no log of this program.
  case foreignLog(file: String)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .noInput(let path): "\(path): there is no such file or folder"
    case .noMedia(let inputs):
      "there is no video or picture in \(inputs.joined(separator: ", "))"
    case .unlistable(let folder): "\(folder): the folder cannot be listed (no permission?)"
    case .unreadableManifest(let file): "\(file): the manifest cannot be read"
    case .manifestEncoding(let file):
      "\(file): the manifest is not UTF-8 text; save it as “CSV UTF-8”"
    case .manifest(let file, let error): "\(file): \(error)"
    case .busy(let database):
      "\(database): another fishcam is processing into this survey; wait for it, or use another "
        + "--database"
    case .noSpace(let folder, let free, let needed):
      "\(folder): \(Self.megabytes(free, .down)) MB are free where the survey is kept, "
        + "\(Self.megabytes(needed, .up)) MB are needed; free some space there, or move the survey to "
        + "another disk and name it with --database; then run the same command: it goes on with "
        + "what was found so far"
    case .unwritableLog(let file, let reason):
      "\(file): the log cannot be written (\(reason)); name another file with --log"
    case .foreignLog(let file):
      "\(file): this is no log of fishcam's, so nothing is added to it; name another file with --log"
    }
  }

  private static func megabytes(_ bytes: Int64, _ rule: FloatingPointRoundingRule) -> String {
    "\((Double(bytes) / 1e5).rounded(rule) / 10)"
  }
}
