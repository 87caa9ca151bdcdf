import ArgumentParser
import Detection
import Evaluation
import Foundation
import SpeciesCatalog
import SurveyExport
import Synchronization

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure a model against pictures or a clip whose fish are known.",
    discussion: """
      The truth is a COCO file with its pictures, or a clip with the boxes of its frames. The model \
      looks at them as a survey does. A detection is right when its centroid lies in a box of its \
      class, give or take half an output cell, each box taking one detection. Boxes with a side \
      under two pixels are dropped; regions with iscrowd are not judged; images with \
      "labels": "incomplete" count for recall alone. Intervals come from resampling videos.

      With --windows a classifier is slid over each picture at its own size, and windows that are fish \
      and overlap count as one; half a step takes the place of half an output cell.

      A table for --classes has the columns truth,label: which label of the model each class of \
      the truth is. Classes that it leaves out are background. Without it, names decide.

      EXAMPLES
        fishcam evaluate --annotations reef/annotations.coco.json
        fishcam evaluate --model mine.tflite --annotations val.json --images pictures \\
          --threshold best --plots plots
        fishcam evaluate --clip jacks.mp4 --truth jacks.gt.json --json
        fishcam evaluate --annotations reef/annotations.coco.json --worst worst
        fishcam evaluate --annotations tank.json --classes classes.csv --csv figures
        fishcam evaluate --model fish-window --windows 96,48 --annotations val.json
      """)

  @Option(
    help: "A model of Species/models, or a .tflite file with card.json or labels.txt beside it.",
    completion: .file(extensions: ["tflite"]))
  var model = "fish"

  @Option(help: "A label list, one a line, for a model without a card.", completion: .file())
  var labels: String?

  @Option(help: "Boxes of pictures: a COCO file.", completion: .file(extensions: ["json"]))
  var annotations: String?

  @Option(help: "The pictures' folder; that of the COCO file unless given.", completion: .directory)
  var images: String?

  @Option(help: "A video.", completion: .file())
  var clip: String?

  @Option(help: "Boxes of the video's frames.", completion: .file(extensions: ["json"]))
  var truth: String?

  @Option(
    help: """
      Score from which a detection counts, above 0 and at most 1, or “best”: for each label the \
      one with the highest F1 on this truth. The model's own unless given.
      """, transform: ThresholdChoice.init)
  var threshold: ThresholdChoice?

  @Option(help: "How individuals are read off the grid: peak or edge-impulse.")
  var decoder: CentroidDecoder?

  @Option(
    help: """
      Slide a classifier: the windows' size and step in pixels of the upright picture, such as \
      96,48.
      """)
  var windows: WindowSteps?

  @Option(
    help: """
      How far beside a box a centroid may lie, in pixels as annotated; half an output cell unless \
      given, which differs between models.
      """)
  var margin: Double?

  @Option(help: "A table truth,label (CSV).", completion: .file(extensions: ["csv"]))
  var classes: String?

  @Flag(help: "Print one JSON object.")
  var json = false

  @Option(
    help: "A folder for figures.csv, thresholds.csv and images.csv.", completion: .directory)
  var csv: String?

  @Option(help: "A folder for plots (SVG).", completion: .directory)
  var plots: String?

  @Option(
    help: """
      A folder for pictures of the \(Evaluation.worstCount) frames with most errors: \
      \(Evaluation.markMeaning).
      """, completion: .directory)
  var worst: String?

  @Option(
    help: "A folder for what the model was given, for other programs to measure.",
    completion: .directory)
  var saveInputs: String?

  @Option(help: "Videos to look at at once; figures do not depend on it.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  func validate() throws {
    guard (annotations == nil) != (clip == nil) else {
      throw ValidationError("Give the truth: --annotations FILE, or --clip FILE --truth FILE.")
    }
    guard (clip == nil) == (truth == nil) else {
      throw ValidationError("--clip and --truth belong together.")
    }
    if images != nil, annotations == nil {
      throw ValidationError("--images belongs to --annotations.")
    }
    if windows != nil, decoder != nil { throw ValidationError(WindowSteps.noDecoder) }
    if let margin, !(margin >= 0 && margin <= 1e6) {
      throw ValidationError("--margin is a number of pixels, 0 or more.")
    }
    if let worst, let inside = try? FileManager.default.contentsOfDirectory(atPath: worst),
      !inside.isEmpty
    {
      throw ValidationError(
        "--worst: \(worst) is not empty, and pictures of two runs would mix; name a new folder.")
    }
    guard (1...256).contains(jobs) else {
      throw ValidationError("--jobs is a number from 1 to 256.")
    }
  }

  func run() throws {
    let loaded = try loadModel(model, labels: labels)
    let known: TruthSet
    if let clip, let truth {
      known = try TruthSet(clip: clip, truth: truth)
    } else {
      known = try TruthSet(annotations: annotations ?? "", images: images)
    }
    let options = DetectorOptions(decoder: decoder, windows: windows)
    let names = try loaded.finder(options).labels.map(\.label)
    let map =
      try classes.map { try ClassMap(file: $0, known, labels: names) }
      ?? ClassMap(known, labels: names)
    for folder in [csv, plots, worst].compactMap({ $0 }) {
      do {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      } catch {
        throw OutputError(file: folder)
      }
    }
    var look = Look(loaded, options: options)
    look.jobs = jobs
    look.margin = margin
    look.inputsFolder = saveInputs
    let bar = FrameBar(of: known.frameCount)
    look.progress = { bar.show($0) }
    defer { bar.end() }
    let result = try Evaluation(look, known, map, threshold: threshold?.value ?? .card)
    bar.end()
    if json { print(try fishcam.json(result, pretty: true)) } else { tell(result) }
    if let csv {
      try deliver(result.figureTable.csv, to: csv + "/figures.csv")
      try deliver(result.thresholdTable.csv, to: csv + "/thresholds.csv")
      try deliver(result.imageTable.csv, to: csv + "/images.csv")
    }
    if let plots {
      for (name, svg) in result.plots { try deliver(svg, to: plots + "/" + name) }
    }
    if let worst {
      let count = try result.drawWorst(to: worst)
      standardError("fishcam: \(count) frames in \(worst): \(Evaluation.markMeaning)")
    }
  }

  /// Videos that a terminal gets to see.
  private static let shownVideos = 24

  private func tell(_ result: Evaluation) {
    let printable = TextTable.printable
    let card = result.model.card
    print(
      printable("\(card.name) \(card.statedVersion) (\(result.model.file.lastPathComponent))")
        + printable(" on \(result.truth.file)"))
    for line in result.preamble { print("  " + printable(line)) }
    print("")
    show(result.summaryTable, words: [0])
    print("")
    if result.byVideo.count > 1 {
      var table = result.videoTable
      let others = table.rows.count - Self.shownVideos
      table.rows = Array(table.rows.prefix(Self.shownVideos))
      show(table, words: [0, 1])
      if others > 0 { print("… and \(others) videos with better F1; --csv lists all.") }
      print("")
    }
    for line in result.afterword { print(printable(line)) }
  }

  private func show(_ table: FigureTable, words: Set<Int>) {
    let numeric = Set(table.header.indices).subtracting(words)
    print(
      TextTable(header: table.header, rows: table.rows, numeric: numeric).text, terminator: "")
  }
}

/// A threshold on a command line.
struct ThresholdChoice {
  var value: Evaluation.Threshold

  init(argument: String) throws {
    if argument == "best" {
      value = .best
    } else if let number = Double(argument), number > 0, number <= 1 {
      value = .given(number)
    } else {
      throw ValidationError("a score is above 0 and at most 1, or give “best”.")
    }
  }
}

/// How far it is, on a terminal's standard error.
private final class FrameBar: Sendable {
  private let count: Int
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let drawn = Mutex(ContinuousClock.now - .seconds(1))

  init(of count: Int) { self.count = count }

  func show(_ done: Int) {
    guard isTerminal else { return }
    drawn.withLock { drawn in
      guard done == count || ContinuousClock.now - drawn > .milliseconds(100) else { return }
      drawn = .now
      FileHandle.standardError.write(Data("\r\u{1B}[2KLooking: \(done) of \(count) frames".utf8))
    }
  }

  func end() {
    guard isTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
  }
}
