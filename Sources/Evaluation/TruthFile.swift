internal import Foundation

/// A JSON file of moderate size, decoded with errors that name the place.
enum TruthFile {
  static func decode<Document: Decodable>(
    _ type: Document.Type, _ path: String, expected: String
  ) throws(EvaluationError) -> Document {
    let bytes = try read(path)
    let decoder = JSONDecoder()
    do { return try decoder.decode(type, from: bytes) } catch let strict {
      // Python writes NaN and Infinity, which JSON does not know: read, they can be named.
      decoder.allowsJSON5 = true
      if let document = try? decoder.decode(type, from: bytes) { return document }
      throw .notTruth(file: path, problem: sentence(strict, expected: expected))
    }
  }

  static func read(_ path: String) throws(EvaluationError) -> Data {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw .unreadable(file: path, reason: "there is no such file")
    }
    if isFolder.boolValue { throw .unreadable(file: path, reason: "this is a folder, not a file") }
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let size = (attributes?[.size] as? NSNumber)?.intValue ?? 0
    guard size <= TruthSet.mostBytes else {
      throw .unreadable(
        file: path,
        reason: "has \(size >> 20) MB; more than \(TruthSet.mostBytes >> 20) MB is not read")
    }
    let bytes: Data
    do { bytes = try Data(contentsOf: URL(filePath: path)) } catch {
      throw .unreadable(file: path, reason: "cannot be read; is there permission?")
    }
    if bytes.isEmpty { throw .unreadable(file: path, reason: "the file is empty (0 bytes)") }
    return bytes
  }

  private static func sentence(_ error: any Error, expected: String) -> String {
    let place = { (path: [any CodingKey]) -> String in
      let text = path.reduce("") { text, key in
        key.intValue.map { "\(text)[\($0)]" } ?? (text.isEmpty ? "" : text + ".") + key.stringValue
      }
      return text.isEmpty ? "it" : text
    }
    switch error as? DecodingError {
    case .keyNotFound(let key, let context):
      return "\(place(context.codingPath)) has no “\(key.stringValue)”; expected \(expected)"
    case .typeMismatch(_, let context), .valueNotFound(_, let context):
      return "\(place(context.codingPath)) is of another kind than it should be; "
        + "expected \(expected)"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      return "\(place(context.codingPath)) is not a value that can be used; expected \(expected)"
    default: return "is not JSON; expected \(expected)"
    }
  }
}
