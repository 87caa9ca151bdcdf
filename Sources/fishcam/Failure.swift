import ArgumentParser
import Detection
import Evaluation
import Foundation
import Inference
import Media
import ReviewServer
import SpeciesCatalog
import SurveyPipeline
import SurveyStore
import TFLite

/// Exit codes of errors, and how they are said.
enum Failure {
  /// Whether an error is one of the modules' own, which say what is wrong and what helps.
  static func knows(_ error: any Error) -> Bool {
    switch error {
    case is SurveyPipelineError, is SurveyStoreError, is DetectionError, is SpeciesCatalogError,
      is MediaError, is TFLiteError, is InferenceError, is ReviewServerError, is EvaluationError,
      is OutputError:
      true
    default: false
    }
  }

  /// Says the error.
  ///
  /// - Returns: the status that the program ends with.
  static func status(saying error: any Error & CustomStringConvertible) -> Int32 {
    standardError("fishcam: \(error)")
    var code: Int32 = 2
    switch error {
    case SurveyStoreError.unusable, SurveyStoreError.unwritable, SurveyStoreError.locked,
      SurveyStoreError.full,
      SurveyPipelineError.noSpace, SurveyPipelineError.unwritableLog:
      code = 3
    default: break
    }
    if case EvaluationError.unwritable = error { code = 3 }
    if error is OutputError { code = 3 }
    return code
  }
}

/// A file that was asked for cannot be written.
struct OutputError: Error, CustomStringConvertible {
  var file: String
  var description: String {
    "\(file): cannot be written; is its folder there, and is there space on the disk?"
  }
}

/// Writes what a command gives: to a file, or to standard output.
func deliver(_ text: String, to file: String?) throws {
  guard let file else {
    FileHandle.standardOutput.write(Data(text.utf8))
    return
  }
  do {
    try Data(text.utf8).write(to: URL(filePath: file), options: .atomic)
  } catch {
    throw OutputError(file: file)
  }
}

/// A JSON text with stable key order, on one line unless `pretty`.
func json(_ value: some Encodable, pretty: Bool = false) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
