/// Why the review page cannot be served, or a request to it cannot be answered.
public enum ReviewServerError: Error, CustomStringConvertible, Equatable {
  /// Nothing can listen there.
  case cannotListen(host: String, port: Int, reason: String)
  /// An option holds what it cannot.
  case invalidOption(name: String, value: String, expected: String)
  /// An asset that the program was built with cannot be used.
  case brokenAsset(name: String, reason: String)
  /// None of the files that hold a video is where it was, as it was.
  case videoMissing(files: [String])
  /// The video has no such frame any more.
  case frameMissing(file: String, seconds: Double)
  /// A page, run, label or verdict was asked for that does not exist.
  case unknown(what: String, value: String)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .cannotListen(let host, let port, let reason):
      "--port \(port): \(host) cannot be listened on there (\(reason)); choose another port, or "
        + "leave it out to get a free one"
    case .invalidOption(let name, let value, let expected):
      "--\(name) “\(value)”: expected \(expected)"
    case .brokenAsset(let name, let reason): "the program's own file \(name) is broken: \(reason)"
    case .videoMissing(let files):
      "the video is not where it was: " + files.joined(separator: ", ")
    case .frameMissing(let file, let seconds): "\(file): there is no frame at \(seconds) s"
    case .unknown(let what, let value): "there is no \(what) “\(value)”"
    }
  }
}
