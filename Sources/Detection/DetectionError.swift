public import Inference
public import TFLite

/// Why a model cannot be used for finding individuals.
public enum DetectionError: Error, CustomStringConvertible {
  /// The file cannot be read as a model.
  case unreadable(file: String, error: TFLiteError)
  /// The model cannot be executed.
  case unsupported(file: String, error: InferenceError)
  /// A tensor is not what the task needs.
  case tensor(file: String, what: String, found: String, expected: String)
  /// The output has not as many channels as the labels say.
  case labelCount(file: String, channels: Int, labels: Int, source: String)
  /// The input has a channel of motion and the card says none, or the other way round.
  case motion(file: String, channels: Int)
  /// A decoder of grids was asked for, and the model gives boxes.
  case decoder(file: String)
  /// Windows were asked for, and the model finds individuals in whole frames.
  case windows(file: String)
  /// A frame is smaller than the windows in which a classifier is to look.
  case smallFrame(file: String, width: Int, height: Int, window: Int)
  /// A card's file for frames that are taller than wide is of another network than its usual file.
  case portrait(file: String, usual: String)
  /// A label list beside the model is empty or names one label twice.
  case labels(file: String, problem: String)

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .unreadable(let file, let error): "\(file): \(error)"
    case .unsupported(let file, let error): "\(file): \(error)"
    case .tensor(let file, let what, let found, let expected):
      "\(file): its \(what) is \(found); finding individuals needs \(expected)"
    case .labelCount(let file, let channels, let labels, let source):
      "\(file): the output has \(channels) channels, which \(labels) labels in \(source) do not "
        + "fit; list one label a line, background first or left out"
    case .motion(let file, let channels):
      channels == 4
        ? "\(file): its input has 4 channels, and its card.json does not say what the fourth is; if "
          + "it is motion, give “input” there \"motion\": true and \"movingCameraAbove\" "
          + "(Species/README.md)"
        : "\(file): “input.motion” of its card.json needs an input of 4 channels (red, green, blue, "
          + "motion), and it has \(channels); take “motion” out, or export the model with motion"
    case .decoder(let file):
      "\(file): this model gives boxes, and a decoder reads centroids off a grid; leave it out"
    case .windows(let file):
      "\(file): this model finds individuals in whole frames, and windows are for a classifier, which "
        + "names what it is shown; leave --windows out"
    case .smallFrame(let file, let width, let height, let window):
      "\(file): is \(width) × \(height) pixels, smaller than windows of \(window); give --windows a "
        + "smaller size"
    case .portrait(let file, let usual):
      "\(file): is another network than \(usual); “portrait” in card.json is for the same network "
        + "with an input that is taller than wide"
    case .labels(let file, let problem): "\(file): \(problem)"
    }
  }
}
