import ArgumentParser
import Detection
import Foundation
import Media
import SpeciesCatalog
import Survey
import SurveyExport

struct Detect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find fish in pictures or videos, without a survey.",
    discussion: """
      Prints one line a fish: file,pts_s,label,x,y,score,width,height, with places and sizes from 0 \
      to 1 of the upright picture, from its upper left; models without boxes leave width and height \
      empty. JSON has pixels too. \
      With --windows a classifier is slid over the picture at its own size, and the windows that it \
      names are given; --merge makes one of windows that overlap, the strongest, where they centre. \
      Models that see motion do so in videos; pictures show none. Models that give sizes look at a \
      picture twice, the second time for fish that nearly fill it.

      EXAMPLES
        fishcam detect reef.jpg
        fishcam detect *.jpg --draw marked
        fishcam detect tank.mp4 --sample 200ms --json
        fishcam detect street.jpg --model ssd.tflite --labels traffic.txt --draw marked
        fishcam detect reef.jpg --model fish-window --windows 96,48 --merge --draw marked
        fishcam detect reef.jpg --model fish-or-not.tflite --windows 96,48 --label fish
      """)

  @Argument(help: "Pictures and videos.", completion: .file())
  var file: [String]

  @OptionGroup var modelOptions: ModelOptions

  @Option(help: "Frames of videos to look at: all, keyframes, or a period such as 1s or 500ms.")
  var sample = Sampling.period(microseconds: 1_000_000)

  @Option(help: "A label list, one a line, for a model without a card.", completion: .file())
  var labels: String?

  @Option(help: "Slide a classifier: the windows' size and step in pixels, such as 96,48.")
  var windows: WindowSteps?

  @Option(help: "With --windows, the label to mark; fish, or all but “background” and the like.")
  var label: String?

  @Flag(help: "With --windows, give one mark a fish instead of every window.")
  var merge = false

  @Flag(help: "Print JSON: an array with an object for each file.")
  var json = false

  @Option(
    help: "A folder for pictures with marked fish; which colour is which label is said at the end.",
    completion: .directory)
  var draw: String?

  func validate() throws {
    guard windows == nil else {
      if modelOptions.decoder != nil { throw ValidationError(WindowSteps.noDecoder) }
      return
    }
    if label != nil || merge {
      throw ValidationError("--label and --merge belong to --windows SIZE,STRIDE.")
    }
  }

  func run() throws {
    let model = try loadModel(modelOptions.model, labels: labels)
    let finder = try finder(model)
    let detected =
      windows == nil
      ? model.detectionLabels(decoder: modelOptions.decoder) : model.card.labels
    let names = detected.map(\.label)
    if let draw {
      do {
        try FileManager.default.createDirectory(
          atPath: draw, withIntermediateDirectories: true)
      } catch {
        throw OutputError(file: draw)
      }
    }
    if !json { print("file,pts_s,label,x,y,score,width,height") }
    var reports: [FileReport] = []
    var failed = false
    var drawn: Set<String> = []
    for path in file {
      var report = FileReport(file: path)
      do {
        let media = try MediaFile(path: path, keyframesOnly: sample == .keyframes)
        report.width = media.info.width
        report.height = media.info.height
        var reader = SampledFrames(media, sampling: sample)
        while let frame = try reader.next() {
          let found = try finder(frame, path)
          if json {
            report.frames.append(FrameReport(frame, found, names))
          } else {
            printRows(path, frame, found, names)
          }
          if let draw { try save(frame, found, path, in: draw, &drawn) }
        }
        if let damage = media.damage {
          report.damage = damage.sentence
          standardError("fishcam: warning: " + TextTable.printable("\(path): \(damage.sentence)"))
        }
      } catch let error as MediaError {
        failed = true
        report.failure = error.reason
        standardError("fishcam: " + TextTable.printable(error.description))
      } catch let error as DetectionError {
        failed = true
        report.failure = error.description
        standardError("fishcam: " + TextTable.printable(error.description))
      }
      reports.append(report)
    }
    if json { print(try fishcam.json(reports, pretty: true)) }
    if let draw, names.count > 1 {
      let marks = names.enumerated().map { "\($1) \(MarkColour(label: $0).rawValue)" }
      standardError("fishcam: marks in \(draw): " + marks.joined(separator: ", "))
    }
    if failed { throw ExitCode(1) }
  }

  /// What finds the individuals of a frame: the model as a detector, or its windows.
  private func finder(_ model: LoadedModel) throws -> (DecodedFrame, _ path: String) throws ->
    [Detection]
  {
    let scaler = FrameScaler()
    let finder: any Finder
    var slider: WindowDetector?
    if let windows {
      let fish = model.card.labels.contains { $0.label == "fish" } ? "fish" : nil
      let own = try WindowDetector(
        model, windows, label: label ?? fish, options: modelOptions.detectorOptions)
      finder = own
      if !merge { slider = own }
    } else {
      finder = try Detector(model, options: modelOptions.detectorOptions)
    }
    let backgrounds = FileBackgrounds(finder)
    return { frame, path in
      guard min(frame.width, frame.height) >= Double(finder.leastSide) else {
        throw DetectionError.smallFrame(
          file: path, width: Int(frame.width), height: Int(frame.height), window: finder.leastSide)
      }
      let placement = finder.placement(frameWidth: frame.width, frameHeight: frame.height)
      var input = finder.emptyInput(for: placement)
      try scaler.scale(frame, placement, into: &input)
      let background = try backgrounds.background(of: path, at: frame.time.seconds)
      let found =
        slider?.windows(input)
        ?? finder.detect(input, placement, background: background, isPhoto: frame.isPhoto)
      return found.filter { $0.score >= finder.thresholds[$0.label] }
    }
  }

  private func printRows(
    _ path: String, _ frame: DecodedFrame, _ found: [Detection], _ names: [String]
  ) {
    for detection in found {
      let fields = [
        path, String(format: "%.6f", frame.time.seconds), names[detection.label],
        String(format: "%.5f", detection.x), String(format: "%.5f", detection.y),
        String(format: "%.4f", detection.score),
        detection.width.map { String(format: "%.5f", $0) } ?? "",
        detection.height.map { String(format: "%.5f", $0) } ?? "",
      ]
      print(String(CSV.row(fields).dropLast()))
    }
  }

  private func save(
    _ frame: DecodedFrame, _ found: [Detection], _ path: String, in folder: String,
    _ drawn: inout Set<String>
  ) throws {
    var picture = try FrameScaler().picture(of: frame, longestSide: 1920)
    for detection in found { picture.mark(detection) }
    let stem = (path as NSString).lastPathComponent
    let time = frame.time.pts == 0 ? "" : String(format: "_%.3fs", frame.time.seconds)
    var name = "\(stem)\(time).jpg"
    var number = 2
    while !drawn.insert(name).inserted {
      name = "\(stem)\(time)_\(number).jpg"
      number += 1
    }
    let target = folder + "/" + name
    do {
      try Data(try JPEG.encode(picture)).write(to: URL(filePath: target))
    } catch {
      throw OutputError(file: target)
    }
  }

  private struct FileReport: Encodable {
    var file: String
    var width: Int?
    var height: Int?
    var failure: String?
    var damage: String?
    var frames: [FrameReport] = []
  }

  private struct FrameReport: Encodable {
    struct Item: Encodable {
      var label: String, x: Double, y: Double, x_px: Double, y_px: Double, score: Double
      var width: Double?, height: Double?
    }
    var pts: Int64
    var pts_s: Double
    var detections: [Item]

    init(_ frame: DecodedFrame, _ found: [Detection], _ names: [String]) {
      pts = frame.time.pts
      pts_s = frame.time.seconds
      detections = found.map {
        Item(
          label: names[$0.label], x: $0.x, y: $0.y, x_px: $0.x * frame.width,
          y_px: $0.y * frame.height, score: $0.score, width: $0.width, height: $0.height)
      }
    }
  }
}

/// What a model with motion sees it against, in one file after the other.
private final class FileBackgrounds {
  private let finder: any Finder
  private var reader: (path: String, of: BackgroundReader?)?
  private var last: (stretch: Int, background: Background?)?

  init(_ finder: any Finder) { self.finder = finder }

  /// The background for a frame of a file; `nil` for photos and models without motion.
  func background(of path: String, at seconds: Double) throws -> Background? {
    guard finder.usesMotion else { return nil }
    if reader?.path != path {
      reader = (path, try BackgroundReader(path: path))
      last = nil
    }
    guard let made = reader?.of else { return nil }
    let stretch = made.stretches.index(at: seconds)
    if let last, last.stretch == stretch { return last.background }
    let background = try made.background(of: stretch, placement: finder.placement)
    if let background, finder.cameraMoves(background) {
      let span = made.stretches.text(of: stretch)
      standardError(
        "warning: " + TextTable.printable(path)
          + ": the camera moves (\(span)); looked at without motion")
    }
    last = (stretch, background)
    return background
  }
}
