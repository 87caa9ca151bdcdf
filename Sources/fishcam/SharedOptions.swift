import ArgumentParser
import Detection
import Foundation
import Media
import SpeciesCatalog
import Survey
import SurveyPipeline

/// The survey that a command works on.
struct DatabaseOption: ParsableArguments {
  @Option(help: "The survey: an SQLite file.", completion: .file(extensions: ["sqlite"]))
  var database = "survey.sqlite"
}

/// What a survey is made of, and how it is looked at.
struct SurveyInputOptions: ParsableArguments {
  @Argument(help: "Folders and files of video and photos.", completion: .file())
  var input: [String]

  @Option(help: "Frames to look at: all, keyframes, or one every period such as 1s or 500ms.")
  var sample = Sampling.period(microseconds: 1_000_000)

  @Option(help: "A manifest (CSV) instead of each input's sites.csv.", completion: .file())
  var manifest: String?

  @Option(help: "Name of the site of everything given.")
  var site: String?

  @Option(help: "Threads that work at once.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (1...256).contains(jobs) else {
      throw ValidationError("--jobs is a number from 1 to 256.")
    }
    if let site, site.isEmpty { throw ValidationError("--site needs a name.") }
  }

  /// Options of a survey job.
  var jobOptions: SurveyJobOptions {
    SurveyJobOptions(
      inputs: input, sampling: sample, manifest: manifest, site: site, jobs: jobs,
      programVersion: Fishcam.version)
  }
}

/// The model that a command runs, and how its output is read.
struct ModelOptions: ParsableArguments {
  @Option(
    help: "A model of Species/models, or a .tflite file with card.json or labels.txt beside it.",
    completion: .file(extensions: ["tflite"]))
  var model = "fish"

  @Option(
    help:
      "Score from which a detection counts, above 0 and at most 1; the model's own unless given.")
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

/// A model by name or path; says on standard error where it is experimental.
func loadModel(_ nameOrPath: String, labels: String? = nil, catalog: SpeciesCatalog? = nil) throws
  -> LoadedModel
{
  MediaLibraries.loadEarly()
  let model = try LoadedModel(nameOrPath, labels: labels, catalog: catalog ?? loadCatalog())
  if model.card.experimental == true {
    standardError("fishcam: note: \(model.card.name) is experimental. \(model.card.description)")
  }
  return model
}
