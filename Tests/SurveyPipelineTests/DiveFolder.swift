import Detection
import Foundation
import SpeciesCatalog
import Survey
import SurveyExport
import SurveyPipeline
import SurveyStore
import TestSupport

/// A folder of videos whose fish are known, and surveys of it.
final class DiveFolder: Sendable {
  let folder: TemporaryFolder
  let root: String
  let modelPath: String
  let catalog: SpeciesCatalog

  init() throws {
    folder = try TemporaryFolder()
    root = folder.path + "/dives"
    modelPath = try folder.write(
      Data(BlobModel.file(width: 192, height: 96)), to: "model/blobs.tflite")
    try folder.write(Data(BlobModel.labels.utf8), to: "model/labels.txt")
    catalog = try SpeciesCatalog(folder: Repository.root.appending(path: "Species"))
  }

  /// Red and blue fish in each second of a video: MaxN is 3 red (in second 3) and 1 blue.
  static let fish: [(colour: String, x: Int, y: Int, from: Double, to: Double)] = [
    ("red", 16, 16, 1, 4), ("red", 64, 48, 2, 4), ("red", 128, 16, 3, 5), ("blue", 160, 64, 4, 5),
  ]

  /// Makes a video of 6 s at 10 frames/s.
  @discardableResult
  func video(
    _ name: String, _ fish: [(colour: String, x: Int, y: Int, from: Double, to: Double)] = fish,
    options: [String] = []
  ) throws -> String {
    let path = try folder.file("dives/" + name)
    try Tool.ffmpeg(
      [
        "-f", "lavfi", "-i", "color=gray:s=192x96:r=10:d=6", "-vf", BlobModel.filter(fish), "-c:v",
        "libx264", "-qp", "10", "-g", "20", "-sc_threshold", "0",
      ] + options + [path])
    return path
  }

  /// Runs a job on the folder, or on other inputs.
  @discardableResult
  func process(
    _ store: SurveyStore, inputs: [String]? = nil,
    sampling: Sampling = .period(microseconds: 1_000_000),
    manifest: String? = nil, site: String? = nil, jobs: Int = 2,
    detector: DetectorOptions = .init(),
    cancellation: Cancellation = Cancellation(), model: String? = nil,
    longestStretch: Double = Stretches.longestSeconds, spareBytes: Int64? = nil,
    trim: Trim? = nil,
    report: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) throws -> SurveyJobSummary {
    var options = SurveyJobOptions(
      inputs: inputs ?? [root], sampling: sampling, manifest: manifest, site: site, jobs: jobs,
      programVersion: "test")
    options.longestStretch = longestStretch
    options.spareBytes = spareBytes
    options.trim = trim
    return try SurveyJob(
      options, model: LoadedModel(model ?? modelPath, catalog: catalog), detectorOptions: detector,
      store: store, cancellation: cancellation, report: report
    ).run(catalog: catalog)
  }

  /// A new survey in this folder.
  func survey(_ name: String = "survey.sqlite") throws -> SurveyStore {
    try SurveyStore(path: folder.path + "/" + name, create: true)
  }
}

/// Collects events from several threads.
final class EventLog: @unchecked Sendable {
  private let lock = NSLock()
  private var collected: [ProgressEvent] = []

  func add(_ event: ProgressEvent) { lock.withLock { collected.append(event) } }

  var events: [ProgressEvent] { lock.withLock { collected } }

  var warnings: [String] {
    events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
  }

  var finished: [RecordingOutcome] {
    events.compactMap { if case .finished(let outcome) = $0 { outcome } else { nil } }
  }
}

extension TallyTable {
  /// MaxN by site, opcode and label.
  func maxN(_ site: String, _ opcode: String, _ label: String) -> Int? {
    rows.first { $0.site == site && $0.opcode == opcode && $0.label.label == label }?.tally.maxN
  }
}
