import ArgumentParser
import Detection
import Foundation
import Inference
import Media
import SpeciesCatalog
import Survey
import SurveyExport

struct Classify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Name whole pictures with a classifier: label scores and the time of one inference.",
    discussion: """
      Labels come from --labels, from labels.txt beside the model, or from the model itself. Pixels \
      of float models without a card go in as −1 to 1, as ImageNet's training code feeds them; \
      --pixel-range says otherwise.

      EXAMPLES
        fishcam classify parrot.jpg --model mobilenet_v1.tflite --labels imagenet_labels.txt
        fishcam classify *.jpg --model birds.tflite --top 3 --json
      """)

  @Argument(help: "Pictures; of a video, the first frame.", completion: .file())
  var image: [String]

  @Option(
    help: "A classifier: a model's name or .tflite file.",
    completion: .file(extensions: ["tflite"]))
  var model: String

  @Option(help: "A label list, one a line.", completion: .file(extensions: ["txt"]))
  var labels: String?

  @Option(help: "How many labels to print.")
  var top = 5

  @Option(help: "Values of black and white, such as 0,1 or -1,1.")
  var pixelRange: PixelRange?

  @Flag(help: "Print JSON: an array with an object for each picture.")
  var json = false

  func validate() throws {
    guard (1...100_000).contains(top) else { throw ValidationError("--top is a number above 0.") }
  }

  func run() throws {
    var loaded = try loadModel(model, labels: labels)
    if let pixelRange { loaded.card.input.pixelRange = [pixelRange.low, pixelRange.high] }
    let classifier = try Classifier(loaded)
    var reports: [Report] = []
    var failed = false
    for path in image {
      do {
        if let report = try classify(path, with: classifier) { reports.append(report) }
      } catch {
        failed = true
        standardError("fishcam: " + TextTable.printable(error.description))
        reports.append(Report(file: path, failure: error.reason, labels: []))
      }
    }
    if json {
      print(try fishcam.json(reports, pretty: true))
    } else {
      for report in reports where report.failure == nil {
        print(
          TextTable.printable(report.file)
            + String(format: "  (%.2f ms)", report.milliseconds ?? 0))
        for item in report.labels { print(String(format: "  %.4f  ", item.score) + item.label) }
      }
    }
    if failed { throw ExitCode(1) }
  }

  private func classify(_ path: String, with classifier: Classifier) throws(MediaError) -> Report? {
    guard let frame = try MediaFile(path: path).next() else { return nil }
    let placement = classifier.placement(frameWidth: frame.width, frameHeight: frame.height)
    var input = classifier.emptyInput()
    try FrameScaler().scale(frame, placement, into: &input)
    // The first run touches memory for the first time; people ask for the time of the others.
    _ = classifier.classify(input)
    var scores: [Classifier.Score] = []
    let took = ContinuousClock().measure { scores = classifier.classify(input) }
    let labels = classifier.model.card.labels
    return Report(
      file: path, milliseconds: took / .milliseconds(1),
      labels: scores.prefix(top).map {
        Report.Item(label: $0.label.map { labels[$0].label } ?? "background", score: $0.score)
      })
  }

  private struct Report: Encodable {
    struct Item: Encodable {
      var label: String, score: Double
    }
    var file: String
    var milliseconds: Double?
    var failure: String?
    var labels: [Item]
  }
}

/// Values of black and white on a command line.
struct PixelRange: ExpressibleByArgument {
  var low: Double, high: Double

  init?(argument: String) {
    let parts = argument.split(separator: ",").compactMap { Double($0) }
    guard parts.count == 2, parts[0] < parts[1] else { return nil }
    (low, high) = (parts[0], parts[1])
  }
}
