public import Survey

/// Why a survey cannot begin.
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
    }
  }
}
