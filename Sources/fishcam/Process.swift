import ArgumentParser
import Detection
import Foundation
import Survey
import SurveyPipeline
import SurveyStore

struct Process: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Find fish in folders of video and photos, and keep what was seen.",
    discussion: """
      Folders name sites and deployments: INPUT/SITE/DEPLOYMENT/*.mp4, or any shallower form. A \
      file sites.csv in INPUT says more (opcode, site, latitude_dd, longitude_dd, date_time, \
      depth_m, …). Recordings are known by their content: run it again, after a stop or with new \
      files, and only what is missing is done.

      The object of --json has recordings_done, recordings_already_done, recordings_failed, \
      frames_sampled, detections (stored, from the model's floor up), detections_counted (from its \
      threshold up), stretches_with_moving_camera (of models that see motion), seconds and database; \
      all but the last count this run of the program.

      EXAMPLES
        fishcam process ~/dives/2024-05
        fishcam process "Coral Garden" "Outer Wall" --database may.sqlite --sample 500ms
        fishcam process tank.mp4 --model aquarium.tflite --sample all --json
      """)

  @OptionGroup var survey: SurveyInputOptions
  @OptionGroup var database: DatabaseOption
  @OptionGroup var modelOptions: ModelOptions

  @Flag(help: "Print one JSON object with the figures of this run on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors.")
  var quiet = false

  func run() throws {
    let start = ContinuousClock.now
    let catalog = try loadCatalog()
    let model = try LoadedModel(modelOptions.model, catalog: catalog)
    let store = try SurveyStore(path: database.database, create: true)
    let display = ProgressDisplay(quiet: quiet)
    let cancellation = Cancellation()
    let signals = StopSignals {
      cancellation.cancel()
      display.say("Stopping after the current frames …")
    }
    defer { signals.end() }
    let job = SurveyJob(
      survey.jobOptions, model: model, detectorOptions: modelOptions.detectorOptions, store: store,
      cancellation: cancellation, report: display.show)
    let summary: SurveyJobSummary
    do {
      summary = try job.run(catalog: catalog)
    } catch {
      display.end()
      throw error
    }
    display.end()
    let took = ContinuousClock.now - start
    let seconds = Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18
    try tell(summary, seconds, display, store)
    if json {
      print(
        try fishcam.json(
          Result(
            recordings_done: summary.recordingsDone,
            recordings_already_done: summary.recordingsAlreadyDone,
            recordings_failed: summary.recordingsFailed, frames_sampled: summary.framesSampled,
            detections: summary.detections, detections_counted: summary.detectionsCounted,
            stretches_with_moving_camera: summary.stretchesWithMovingCamera,
            seconds: (seconds * 1000).rounded() / 1000, database: database.database)))
    }
    if summary.wasCancelled { throw ExitCode(130) }
    if summary.recordingsFailed > 0 { throw ExitCode(1) }
  }

  private func tell(
    _ summary: SurveyJobSummary, _ seconds: Double, _ display: ProgressDisplay, _ store: SurveyStore
  ) throws {
    if summary.wasCancelled {
      display.say("Stopped; what was found so far is kept. Run the same command to go on.")
      return
    }
    let count = { (number: Int, what: String) in
      "\(grouped(number)) \(what)\(number == 1 ? "" : "s")"
    }
    var parts: [String] = []
    if summary.recordingsDone == 0 && summary.recordingsFailed == 0 {
      parts.append(
        "Nothing to do: \(count(summary.recordingsAlreadyDone, "recording")) already processed")
    } else {
      parts.append("\(count(summary.recordingsDone, "recording")) processed")
      if summary.recordingsAlreadyDone > 0 {
        parts.append("\(grouped(summary.recordingsAlreadyDone)) already processed")
      }
      if summary.recordingsFailed > 0 {
        parts.append("\(grouped(summary.recordingsFailed)) failed")
      }
      parts.append(count(summary.framesSampled, "frame"))
      parts.append(
        "\(count(summary.detectionsCounted, "detection")) in "
          + String(format: "%.1f", seconds) + " s")
    }
    display.say(parts.joined(separator: ", ") + ".")
    let name = database.database.contains(" ") ? "\"\(database.database)\"" : database.database
    let option = name == "survey.sqlite" ? "" : " --database \(name)"
    let several = try store.runs().count > 1
    display.say(
      "See the counts with: fishcam tally\(option)" + (several ? " --run \(summary.run)" : ""))
  }

  private struct Result: Encodable {
    var recordings_done: Int, recordings_already_done: Int, recordings_failed: Int
    var frames_sampled: Int, detections: Int, detections_counted: Int
    var stretches_with_moving_camera: Int
    var seconds: Double
    var database: String
  }
}

/// A number with thin groups of three digits: `1,078`.
func grouped(_ number: Int) -> String {
  var digits = String(number.magnitude)
  var groups: [String] = []
  while digits.count > 3 {
    groups.insert(String(digits.suffix(3)), at: 0)
    digits.removeLast(3)
  }
  return (number < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
}
