internal import Survey

/// Why a model cannot be measured against a truth.
public enum EvaluationError: Error, Equatable, CustomStringConvertible {
  /// A file cannot be read, or is larger than any truth should be.
  case unreadable(file: String, reason: String)
  /// A file is not the JSON that it should be.
  case notTruth(file: String, problem: String)
  /// A value of a truth is wrong.
  case value(file: String, place: String, problem: String)
  /// Pictures that the annotations name are not there.
  case missingImages(folder: String, first: String, count: Int)
  /// A picture has another shape than its boxes were drawn on.
  case shape(file: String, found: String, annotated: String)
  /// A truth goes on after its clip has ended.
  case clipLength(clip: String, frames: Int, truth: String, last: Int)
  /// The table of classes is not usable.
  case classes(file: String, problem: String)
  /// No class of the truth is one of the model's.
  case nothingToFind(file: String, classes: [String], labels: [String])
  /// The decoder's thresholds cannot be compared on one decoding.
  case noSweep(decoder: String)
  /// Something asked for cannot be written.
  case unwritable(file: String)

  /// One sentence for a person: what is wrong, and the remedy.
  public var description: String {
    switch self {
    case .unreadable(let file, let reason): "\(file): \(reason)"
    case .notTruth(let file, let problem): "\(file): \(problem)"
    case .value(let file, let place, let problem): "\(file): \(place): \(problem)"
    case .missingImages(let folder, let first, let count):
      "\(folder)/\(first): there is no such picture"
        + (count > 1 ? ", and \(count - 1) more that the annotations name are missing" : "")
        + "; --images says where they are"
    case .shape(let file, let found, let annotated):
      "\(file): is \(found) pixels, but its boxes were drawn on \(annotated); "
        + "measure with the picture that was annotated"
    case .clipLength(let clip, let frames, let truth, let last):
      "\(truth): speaks of frame \(last), but \(clip) has \(frames) frames, counted from 0; "
        + "is it the truth of another clip?"
    case .classes(let file, let problem): "\(file): \(problem)"
    case .nothingToFind(let file, let classes, let labels):
      "\(file): none of its classes (\(classes.joined(separator: ", "))) stands for a label of the "
        + "model (\(labels.joined(separator: ", "))); --classes map.csv says which is which, in the "
        + "rows truth,label and then, for example, "
        + CSV.row([classes.first ?? "fish", labels.last ?? "fish"]).dropLast()
    case .noSweep(let decoder):
      "the decoder \(decoder) joins cells by threshold, so thresholds cannot be compared on one "
        + "look; give --threshold a number, or use --decoder peak"
    case .unwritable(let file):
      "\(file): cannot be written; is its folder there, and is there space on the disk?"
    }
  }
}
