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
      Prints one line a fish: file,pts_s,label,x,y,score, with x and y from 0 to 1 from the upper \
      left of the upright picture. JSON has pixels too.

      EXAMPLES
        fishcam detect reef.jpg
        fishcam detect *.jpg --draw marked
        fishcam detect tank.mp4 --sample 200ms --json
      """)

  @Argument(help: "Pictures and videos.", completion: .file())
  var file: [String]

  @OptionGroup var modelOptions: ModelOptions

  @Option(help: "Frames of videos to look at: all, keyframes, or a period such as 1s or 500ms.")
  var sample = Sampling.period(microseconds: 1_000_000)

  @Flag(help: "Print JSON: an array with an object for each file.")
  var json = false

  @Option(help: "A folder for pictures with marked fish.", completion: .directory)
  var draw: String?

  func run() throws {
    let model = try LoadedModel(modelOptions.model, catalog: loadCatalog())
    let detector = try Detector(model, options: modelOptions.detectorOptions)
    if let draw {
      do {
        try FileManager.default.createDirectory(
          atPath: draw, withIntermediateDirectories: true)
      } catch {
        throw OutputError(file: draw)
      }
    }
    if !json { print("file,pts_s,label,x,y,score") }
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
          let found = try look(at: frame, with: detector)
          if json {
            report.frames.append(FrameReport(frame, found, model))
          } else {
            printRows(path, frame, found, model)
          }
          if let draw { try save(frame, found, path, in: draw, &drawn) }
        }
      } catch let error as MediaError {
        failed = true
        report.failure = error.reason
        standardError("fishcam: " + TextTable.printable(error.description))
      }
      reports.append(report)
    }
    if json { print(try fishcam.json(reports, pretty: true)) }
    if failed { throw ExitCode(1) }
  }

  private func look(at frame: DecodedFrame, with detector: Detector) throws -> [Detection] {
    let placement = detector.placement(frameWidth: frame.width, frameHeight: frame.height)
    var input = detector.emptyInput()
    try FrameScaler().scale(frame, placement, into: &input)
    return detector.detect(input, placement)
      .filter { $0.score >= detector.thresholds[$0.label] }
  }

  private func printRows(
    _ path: String, _ frame: DecodedFrame, _ found: [Detection], _ model: LoadedModel
  ) {
    for detection in found {
      let fields = [
        path, String(format: "%.6f", frame.time.seconds), model.card.labels[detection.label].label,
        String(format: "%.5f", detection.x), String(format: "%.5f", detection.y),
        String(format: "%.4f", detection.score),
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

    init(_ frame: DecodedFrame, _ found: [Detection], _ model: LoadedModel) {
      pts = frame.time.pts
      pts_s = frame.time.seconds
      detections = found.map {
        Item(
          label: model.card.labels[$0.label].label, x: $0.x, y: $0.y, x_px: $0.x * frame.width,
          y_px: $0.y * frame.height, score: $0.score, width: $0.width, height: $0.height)
      }
    }
  }
}
