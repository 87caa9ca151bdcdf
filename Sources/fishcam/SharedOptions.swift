import ArgumentParser
import Detection
import Foundation
import SpeciesCatalog
import Survey

/// The survey that a command works on.
struct DatabaseOption: ParsableArguments {
  @Option(help: "The survey: an SQLite file.", completion: .file(extensions: ["sqlite"]))
  var database = "survey.sqlite"
}

/// The model that a command runs, and how its output is read.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "A model of Species/models, or a .tflite file with card.json or labels.txt beside it.",
    completion: .file(extensions: ["tflite"]))
  var model = "fish"

  @Option(help: "Score from which a detection counts, 0 to 1; the model's own unless given.")
  var threshold: Double?

  @Option(help: "How individuals are read off the grid: peak or edge-impulse.")
  var decoder: CentroidDecoder?

  func validate() throws {
    if let threshold, !(threshold > 0 && threshold <= 1) {
      throw ValidationError("--threshold \(threshold): a score is above 0 and at most 1.")
    }
  }

  /// Options for a detector.
  var detectorOptions: DetectorOptions { DetectorOptions(decoder: decoder, threshold: threshold) }
}

/// The catalogue near this program.
func loadCatalog() throws -> SpeciesCatalog {
  let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  let own =
    program.path.hasSuffix("/exe")
    ? URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath() : program
  return try SpeciesCatalog(folder: SpeciesCatalog.folder(near: own))
}
