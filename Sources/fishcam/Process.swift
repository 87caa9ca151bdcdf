import ArgumentParser
import Detection
import Foundation
import SpeciesCatalog
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

      Beside the database lies a log (survey.sqlite has survey.log), to which each run adds a line \
      for its start with options and model, each recording's beginning and end, each warning, and \
      what it has done. On a full disk the program stops with exit code 3, and goes on when there is \
      space again: it keeps 64 MiB free, or a tenth of a smaller disk, and begins only if what a \
      survey of this length takes is free too.

      --hash full is for archives in which nothing may be mistaken: files that differ in a few bytes \
      only are different recordings then, whatever their size and time. Every byte of every file is \
      read, in each run that has it; without it, 16 MiB of each large file that is new or changed.

      --trim auto keeps a deployment's descent and retrieval out of tallies, MaxN and effort: all before \
      its camera has come to stand at its place, and after it is taken up. Those frames are looked at \
      and kept all the same, so it can be asked for later, and taken back with --trim off, without \
      looking through video again. sites.csv may say the same by hand, and comes first: usable_from_s and \
      usable_to_s, in seconds into the deployment. Dark and turbid minutes are measured too (view effort of the database); they \
      count.

      The object of --json has recordings_done, recordings_already_done, recordings_failed, \
      frames_sampled, detections (stored, from the model's floor up), detections_counted (from its \
      threshold up), stretches_with_moving_camera (of models that see motion), seconds, \
      video_minutes, video_minutes_per_minute (0 where no video was gone through) and database; all \
      but the last count this run of the program.

      EXAMPLES
        fishcam process ~/dives/2024-05
        fishcam process "Coral Garden" "Outer Wall" --database may.sqlite --sample 500ms
        fishcam process tank.mp4 --model aquarium.tflite --sample all --json
        fishcam process ~/dives/2024-05 --trim auto
        fishcam process /archive/2019 --hash full --nice 10
      """)

  @OptionGroup var survey: SurveyInputOptions
  @OptionGroup var database: DatabaseOption
  @OptionGroup var modelOptions: ModelOptions

  @Option(help: "How files are known again: by samples of large ones, or by every byte.")
  var hash = SurveyJobOptions.Hashing.sampled

  @Option(
    help: ArgumentHelp(
      "Leave descent and retrieval out of the counts (auto), or count everything (off).",
      discussion:
        "Without it, deployments stay as they were, in all runs; new ones are counted whole."
    ))
  var trim: Trim?

  @Option(help: "How far to let other programs go first, 0 to 19, as `nice -n` does.")
  var nice = 0

  @Option(
    help: "The log, instead of the one beside the database; /dev/null for none.",
    completion: .file(extensions: ["log"]))
  var log: String?

  @Flag(help: "Print one JSON object with the figures of this run on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors.")
  var quiet = false

  /// Remarks on deployments that are printed; the log has all.
  private static let mostRemarks = 12

  func validate() throws {
    guard (0...19).contains(nice) else {
      throw ValidationError("--nice is a number from 0 to 19; 10 is what `nice` alone gives.")
    }
  }

  func run() throws {
    Niceness.add(nice)
    let start = ContinuousClock.now
    let catalog = try loadCatalog()
    let model = try loadModel(modelOptions.model, catalog: catalog)
    let display = ProgressDisplay(quiet: quiet)
    let log = try openLog(display)
    log?.write(.start, startWords(model))
    let summary: SurveyJobSummary
    let severalRuns: Bool
    do {
      let store = try SurveyStore(path: database.database, create: true)
      summary = try process(store, model, catalog, display, log)
      severalRuns = try store.runs().count > 1
    } catch {
      display.end()
      log?.write(.error, "\(error)")
      throw error
    }
    display.end()
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    log?.note(summary, seconds: seconds)
    if let log, let failure = log.failure {
      display.show(.warning("\(log.path): the log could not be written to its end (\(failure))"))
    }
    tell(summary, seconds, display, severalRuns: severalRuns)
    if json { print(try fishcam.json(result(summary, seconds))) }
    if summary.wasCancelled { throw ExitCode(130) }
    if summary.recordingsFailed > 0 { throw ExitCode(1) }
  }

  private func process(
    _ store: SurveyStore, _ model: LoadedModel, _ catalog: SpeciesCatalog,
    _ display: ProgressDisplay, _ log: SurveyLog?
  ) throws -> SurveyJobSummary {
    let cancellation = Cancellation()
    let signals = StopSignals {
      cancellation.cancel()
      log?.write(.stop, "a signal asks to stop")
      display.say("Stopping after the current frames …")
    }
    defer { signals.end() }
    var options = survey.jobOptions
    options.hashing = hash
    options.trim = trim
    return try SurveyJob(
      options, model: model, detectorOptions: modelOptions.detectorOptions, store: store,
      cancellation: cancellation,
      report: {
        display.show($0)
        log?.note($0)
      }
    ).run(catalog: catalog)
  }

  /// The log that was asked for, or the one beside the database if that can be written.
  private func openLog(_ display: ProgressDisplay) throws -> SurveyLog? {
    if let log { return try SurveyLog(path: log) }
    do { return try SurveyLog(path: SurveyLog.path(beside: database.database)) } catch {
      display.show(.warning("\(error)"))
      return nil
    }
  }

  private func startWords(_ model: LoadedModel) -> String {
    var options = ["--database \(database.database)", "--model \(modelOptions.model)"]
    options += ["--sample \(survey.sample.defaultValueDescription)", "--jobs \(survey.jobs)"]
    if let trim { options.append("--trim \(trim.rawValue)") }
    options += ["--hash \(hash.rawValue)", "--nice \(nice)"]
    if let decoder = modelOptions.decoder { options.append("--decoder \(decoder.rawValue)") }
    if let threshold = modelOptions.threshold { options.append("--threshold \(threshold)") }
    if let manifest = survey.manifest { options.append("--manifest \(manifest)") }
    if let site = survey.site { options.append("--site \(site)") }
    return "fishcam \(Fishcam.version) process \(survey.input.joined(separator: " ")) "
      + options.joined(separator: " ")
      + "; model \(model.card.name) \(model.card.statedVersion), SHA-256 \(model.hash)"
      + "; in \(FileManager.default.currentDirectoryPath)"
  }

  private func result(_ summary: SurveyJobSummary, _ seconds: Double) -> Result {
    let rounded = { (value: Double) in (value * 1000).rounded() / 1000 }
    return Result(
      recordings_done: summary.recordingsDone,
      recordings_already_done: summary.recordingsAlreadyDone,
      recordings_failed: summary.recordingsFailed, frames_sampled: summary.framesSampled,
      detections: summary.detections, detections_counted: summary.detectionsCounted,
      stretches_with_moving_camera: summary.stretchesWithMovingCamera, seconds: rounded(seconds),
      video_minutes: rounded(summary.videoSeconds / 60),
      video_minutes_per_minute: rounded(summary.videoMinutesPerMinute(seconds: seconds) ?? 0),
      database: database.database)
  }

  private func tell(
    _ summary: SurveyJobSummary, _ seconds: Double, _ display: ProgressDisplay, severalRuns: Bool
  ) {
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
      if let speed = summary.videoMinutesPerMinute(seconds: seconds) {
        parts.append(String(format: "%.1f min of video per minute", speed))
      }
    }
    display.say(parts.joined(separator: ", ") + ".")
    for remark in summary.remarks.prefix(Self.mostRemarks) { display.say("  \(remark)") }
    let more = summary.remarks.count - Self.mostRemarks
    if more > 0 { display.say("  … and \(more) more like these, in the log and the view effort") }
    let name = database.database.contains(" ") ? "\"\(database.database)\"" : database.database
    let option = name == "survey.sqlite" ? "" : " --database \(name)"
    display.say(
      "See the counts with: fishcam tally\(option)" + (severalRuns ? " --run \(summary.run)" : ""))
  }

  private struct Result: Encodable {
    var recordings_done: Int, recordings_already_done: Int, recordings_failed: Int
    var frames_sampled: Int, detections: Int, detections_counted: Int
    var stretches_with_moving_camera: Int
    var seconds: Double
    var video_minutes: Double, video_minutes_per_minute: Double
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
