import ArgumentParser
import Detection
import Foundation
import Media
import Survey
import SurveyExport
import SurveyPipeline

struct Probe: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "List what a survey would process, and what is wrong with it; changes nothing.",
    discussion: """
      Each file is opened, its first frame decoded and one near its end. The list says which site \
      and deployment a file would count for, when it begins in its deployment, and what cannot be \
      read or looks doubtful: chapters that are missing, clocks that were never set, files that are \
      cut off. The time that a survey would take is measured here, for a second on each kind of \
      video.

      EXAMPLES
        fishcam probe /media/card/DCIM
        fishcam probe ~/dives/2024-05 --sample 500ms
        fishcam probe "Coral Garden" --json
      """)

  @OptionGroup var survey: SurveyInputOptions
  @OptionGroup var modelOptions: ModelOptions

  @Flag(help: "Do not measure how long it would take.")
  var quick = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func run() throws {
    let bar = FileBar()
    let findings = try SurveyProbe(survey.jobOptions, progress: bar.show).findings()
    bar.end()
    var seconds: Double?
    if !quick {
      let model = try loadModel(modelOptions.model)
      seconds = try SurveySpeed(
        findings, model: model, detectorOptions: modelOptions.detectorOptions,
        sampling: survey.sample, threads: survey.jobs
      ).seconds(for: findings)
    }
    if json {
      print(try fishcam.json(Report(findings, seconds), pretty: true))
    } else {
      tell(findings, seconds)
    }
    if findings.recordings.contains(where: { $0.failure != nil }) { throw ExitCode(1) }
  }

  private func tell(_ findings: SurveyProbe.Findings, _ surveySeconds: Double?) {
    let printable = TextTable.printable
    for deployment in findings.deployments {
      print(printable("\(deployment.site) › \(deployment.opcode)"))
      let table = TextTable(
        header: ["File", "Codec", "Size", "fps", "Length", "At", "Created", "MB"],
        rows: deployment.recordings.map(Self.row), numeric: [2, 3, 4, 5, 7])
      print(table.text.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n"))
      for recording in deployment.recordings {
        if let failure = recording.failure { print(printable("  ✗ \(recording.name): \(failure)")) }
        for remark in recording.remarks { print(printable("  ! \(recording.name): \(remark)")) }
      }
      for remark in deployment.remarks { print(printable("  ! \(remark)")) }
      print("")
    }
    for warning in findings.warnings { print("! " + printable(warning)) }
    let all = findings.recordings
    let failed = all.count { $0.failure != nil }
    var words = ["\(grouped(all.count)) file\(all.count == 1 ? "" : "s")"]
    if failed > 0 { words.append("\(grouped(failed)) of them cannot be read") }
    words.append("\(length(findings.seconds)) of video")
    words.append(Self.megabytes(all.reduce(0) { $0 + $1.size }) + " MB")
    print(words.joined(separator: ", ") + ".")
    if let surveySeconds {
      print(
        "A survey with --sample \(survey.sample.canonicalText) would take about "
          + "\(length(surveySeconds)) on this machine.")
    }
  }

  private static func row(_ recording: SurveyProbe.Recording) -> [String] {
    let info = recording.info
    return [
      recording.name, info?.codec ?? "–", info.map { "\($0.width) × \($0.height)" } ?? "–",
      info?.framesPerSecond.map { String(format: "%.2f", $0) } ?? "–",
      info?.durationSeconds.map(length) ?? "–",
      info?.kind == .video ? length(recording.startSeconds) : "–",
      info?.creationTime.map { String($0.prefix(19)) } ?? "–", megabytes(recording.size),
    ]
  }

  private static func megabytes(_ bytes: Int64) -> String {
    String(format: "%.1f", Double(bytes) / 1e6)
  }

  private struct Report: Encodable {
    struct File: Encodable {
      var path: String, name: String, bytes: Int64
      var kind: String?, codec: String?, width: Int?, height: Int?
      var frames_per_second: Double?, duration_s: Double?, start_s: Double?
      var creation_time: String?, failure: String?
      var remarks: [String]
    }
    struct Group: Encodable {
      var site: String, opcode: String
      var remarks: [String]
      var recordings: [File]
    }
    var deployments: [Group]
    var warnings: [String]
    var video_s: Double
    var estimated_s: Double?

    init(_ findings: SurveyProbe.Findings, _ seconds: Double?) {
      deployments = findings.deployments.map { deployment in
        Group(
          site: deployment.site, opcode: deployment.opcode, remarks: deployment.remarks,
          recordings: deployment.recordings.map { recording in
            let info = recording.info
            return File(
              path: recording.path, name: recording.name, bytes: recording.size,
              kind: info?.kind.rawValue, codec: info?.codec, width: info?.width,
              height: info?.height, frames_per_second: info?.framesPerSecond,
              duration_s: info?.durationSeconds,
              start_s: info?.kind == .video ? recording.startSeconds : nil,
              creation_time: info?.creationTime, failure: recording.failure,
              remarks: recording.remarks)
          })
      }
      warnings = findings.warnings
      video_s = findings.seconds
      estimated_s = seconds
    }
  }
}

/// A length for people: `0:10:00`; under ten seconds with tenths.
private func length(_ seconds: Double) -> String {
  seconds < 9.95
    ? String(format: "%.1f s", seconds)
    : String(clockText(seconds: seconds.rounded()).dropLast(".000".count))
}

/// How many files were looked at, on a terminal's standard error.
private final class FileBar: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1

  func show(_ done: Int, _ total: Int) {
    guard isTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2KLooking: \(done) of \(total) files".utf8))
  }

  func end() {
    guard isTerminal else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
  }
}
