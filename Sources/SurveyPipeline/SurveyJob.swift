public import Detection
internal import Foundation
internal import Media
public import SpeciesCatalog
public import Survey
public import SurveyStore

/// What a user asks of a survey run.
public struct SurveyJobOptions: Sendable {
  /// Files and folders.
  public var inputs: [String]
  /// Which frames are looked at.
  public var sampling: Sampling
  /// A manifest; `nil` reads `sites.csv` of each input folder that has one.
  public var manifest: String?
  /// A name for the site of everything, whatever folders say.
  public var site: String?
  /// Threads that may work at once.
  public var jobs: Int
  /// Version of this program, for the record.
  public var programVersion: String
  /// A background, for models with motion, stands for no more than this, in seconds.
  public var longestStretch = Stretches.longestSeconds
  /// How files are known again.
  public var hashing = Hashing.sampled
  /// Whether descent and retrieval of these deployments are left out; `nil` leaves it as it was.
  public var trim: Trim?
  /// Bytes of the disk that stay free; `nil` is 64 MiB, or a tenth of a disk that is small.
  public var spareBytes: Int64?

  /// How files are known again by their content.
  public enum Hashing: String, Sendable, CaseIterable {
    /// By size and samples of large files; files whose size and time are as before are not read.
    case sampled
    /// By every byte, whatever size and time say.
    case full
  }

  /// Options for some inputs.
  public init(
    inputs: [String], sampling: Sampling, manifest: String? = nil, site: String? = nil, jobs: Int,
    programVersion: String
  ) {
    self.inputs = inputs
    self.sampling = sampling
    self.manifest = manifest
    self.site = site
    self.jobs = jobs
    self.programVersion = programVersion
  }
}

extension SurveyJobOptions {
  /// The manifest that was given, or those that were found in the inputs.
  func readManifest(_ found: [String]) throws(SurveyPipelineError)
    -> (file: String, rows: [ManifestRow])?
  {
    let files = manifest.map { [$0] } ?? found
    guard let first = files.first else { return nil }
    var rows: [ManifestRow] = []
    for file in files {
      guard let data = FileManager.default.contents(atPath: file) else {
        throw .unreadableManifest(file: file)
      }
      guard let text = String(data: data, encoding: .utf8) else {
        throw .manifestEncoding(file: file)
      }
      let read: [ManifestRow]
      do { read = try Manifest(csv: text).rows } catch {
        throw .manifest(file: file, error: error)
      }
      for row in read {
        guard let zone = row.timeZone, TimeZone(identifier: zone) == nil,
          WallClock(iso8601: "2000-01-01T00:00:00" + zone) == nil
        else { continue }
        throw .manifest(
          file: file,
          error: .invalid(
            row: row.row, column: "time_zone", value: zone,
            expected: "a time zone such as Pacific/Fiji or +12:00"))
      }
      rows += read
    }
    return (first, rows)
  }
}

/// What a survey run did.
public struct SurveyJobSummary: Sendable {
  /// Recordings whose content was processed now, wholly or as far as it can be read.
  public var recordingsDone = 0
  /// Recordings that needed nothing: their content was processed before.
  public var recordingsAlreadyDone = 0
  /// Recordings that cannot be read.
  public var recordingsFailed = 0
  /// Frames sampled now.
  public var framesSampled = 0
  /// Detections stored now, from the floor up.
  public var detections = 0
  /// Those of them that count at the model's thresholds.
  public var detectionsCounted = 0
  /// Stretches of recordings that a model with motion has looked at now without it, since the
  /// camera moves.
  public var stretchesWithMovingCamera = 0
  /// Seconds of video that were gone through now.
  public var videoSeconds = 0.0
  /// The recordings that cannot be read, with reasons; a content that several files have once.
  public var failures: [RecordingOutcome] = []
  /// What counts of deployments, or might, and how dark or turbid they are: a sentence each.
  public var remarks: [String] = []
  /// Whether it was asked to stop before its end.
  public var wasCancelled = false
  /// The run's row id.
  public var run: Int64 = 0
}

extension SurveyJobSummary {
  /// Minutes of video gone through in a minute, where the run took so many seconds; `nil` where it
  /// went through none.
  public func videoMinutesPerMinute(seconds: Double) -> Double? {
    videoSeconds > 0 && seconds > 0 ? videoSeconds / seconds : nil
  }

  fileprivate mutating func add(_ figures: PassFigures) {
    framesSampled += figures.frames
    detections += figures.detections
    detectionsCounted += figures.detectionsCounted
    stretchesWithMovingCamera += figures.stretchesWithMovingCamera
    videoSeconds += figures.videoSeconds
  }
}

/// The batch job: finds recordings, files them, and has a model look at what is missing.
public struct SurveyJob: Sendable {
  let options: SurveyJobOptions
  let model: LoadedModel
  let detectorOptions: DetectorOptions
  let store: SurveyStore
  let cancellation: Cancellation
  let report: @Sendable (ProgressEvent) -> Void

  /// A job on a survey.
  ///
  /// - Parameters:
  ///   - report: called from several threads.
  public init(
    _ options: SurveyJobOptions, model: LoadedModel, detectorOptions: DetectorOptions,
    store: SurveyStore, cancellation: Cancellation = Cancellation(),
    report: @escaping @Sendable (ProgressEvent) -> Void = { _ in }
  ) {
    self.options = options
    self.model = model
    self.detectorOptions = detectorOptions
    self.store = store
    self.cancellation = cancellation
    self.report = report
  }

  /// Does what is missing.
  ///
  /// - Parameter catalog: names of the model's labels.
  /// - Throws: `SurveyPipelineError`, `DetectionError`, `SurveyStoreError`. What is wrong with a
  ///   recording is stored with it and reported, and the others go on.
  public func run(catalog: SpeciesCatalog) throws -> SurveyJobSummary {
    let lock = try SurveyLock(database: store.path)
    defer { withExtendedLifetime(lock) {} }
    let space = DiskSpace(database: store.path, spare: options.spareBytes)
    do {
      try space.require()
      return try run(catalog, space)
    } catch SurveyStoreError.full {
      throw space.refusal
    } catch SurveyStoreError.unusable where space.isUsedUp {
      throw space.refusal
    }
  }

  private func run(_ catalog: SpeciesCatalog, _ space: DiskSpace) throws -> SurveyJobSummary {
    let found = try Discovery.find(options.inputs)
    let manifest = try options.readManifest(found.manifests)
    let (placed, remarks) = try Placing.place(found.files, manifest: manifest, site: options.site)
    for warning in found.warnings + remarks { report(.warning(warning)) }
    let detector = try Detector(model, options: detectorOptions)
    let description = description(detector, catalog)
    try warnOfThresholds(description)
    let run = try store.run(description)
    let filed = try Filing(
      store: store, hashing: options.hashing, cancellation: cancellation, report: report
    ).file(placed)
    if let trim = options.trim {
      for deployment in filed.deployments { try store.setTrim(trim, deployment: deployment.id) }
    }
    var summary = SurveyJobSummary()
    summary.run = run.id
    for failure in filed.failed {
      summary.recordingsFailed += 1
      summary.failures.append(failure)
      report(.finished(failure))
    }
    var pending: [PassOrder] = []
    var following: [Int64: Int] = [:]
    for recording in filed.readable {
      guard let media = recording.mediaID else { continue }
      if let pass = try store.pass(run: run.id, media: media),
        pass.status == .done || pass.status == .partial
      {
        summary.recordingsAlreadyDone += 1
      } else if following[media] != nil {
        following[media, default: 0] += 1
      } else {
        following[media] = 0
        pending.append(
          PassOrder(
            number: pending.count, path: recording.path, media: media,
            seconds: filed.seconds[media] ?? 0))
      }
    }
    if !pending.isEmpty {
      for remark in try Self.remarksOnTimes(store, deployments: filed.deployments) {
        report(.warning(remark))
      }
    }
    report(
      .planned(
        recordings: pending.count, done: summary.recordingsAlreadyDone,
        seconds: pending.reduce(0) { $0 + $1.seconds }))
    if !pending.isEmpty {
      try space.require(
        DiskSpace.estimate(
          seconds: pending.map(\.seconds), sampling: options.sampling,
          stretch: model.card.input.hasMotion ? options.longestStretch : nil))
    }
    let crew = Crew(job: self, run: run, space: space, prepared: detector)
    let results = try crew.work(pending)
    for (order, result) in zip(pending, results) {
      guard let result else { continue }
      let recordings = 1 + (following[order.media] ?? 0)
      if result.outcome.status == .failed {
        summary.recordingsFailed += recordings
        summary.failures.append(result.outcome)
      } else {
        summary.recordingsDone += recordings
      }
      summary.add(result.figures)
    }
    summary.add(crew.unfinished)
    summary.wasCancelled = cancellation.isCancelled
    if !summary.wasCancelled {
      summary.remarks = try usableWindows(
        run: run.id, deployments: filed.deployments, lookingAnew: !pending.isEmpty)
    }
    return summary
  }

  /// Works out which part of each deployment counts; what a person should know of it.
  private func usableWindows(run: Int64, deployments: [StoredDeployment], lookingAnew: Bool) throws
    -> [String]
  {
    try deployments.flatMap { deployment in
      let window = try store.updateUsableWindow(
        run: run, deployment: deployment.id, lookingAnew: lookingAnew)
      if let window, !window.counted.isWhole {
        try EvidencePicture.complete(store, run: run, deployment: deployment.id)
      }
      return (window?.sentences ?? []).map { "\(deployment.site), \(deployment.opcode): \($0)" }
    }
  }

  /// What is doubtful about the times of deployments, a sentence each.
  private static func remarksOnTimes(_ store: SurveyStore, deployments: [StoredDeployment]) throws
    -> [String]
  {
    try deployments.flatMap { deployment in
      let timeline = DeploymentTimeline(
        try store.recordingTimes(deployment: deployment.id).map {
          .init(name: $0.name, creationTime: $0.creationTime, seconds: $0.seconds)
        })
      return timeline.sentences.map { "\(deployment.site), \(deployment.opcode): \($0)" }
    }
  }

  /// Says so where this run's thresholds replace those that the survey counted with before.
  private func warnOfThresholds(_ description: RunDescription) throws {
    let before = try store.runs().first {
      $0.modelHash == description.modelHash && $0.options == description.options
    }
    guard let before else { return }
    for (old, new) in zip(before.labels, description.labels) where old.threshold != new.threshold {
      report(
        .warning(
          "\(new.label) now counts from a score of \(new.threshold) in the whole survey (before: "
            + "\(old.threshold)); `fishcam tally --threshold` counts otherwise without changing it")
      )
    }
  }

  private func description(_ detector: Detector, _ catalog: SpeciesCatalog) -> RunDescription {
    let card = model.card
    let labels = zip(detector.labels, detector.thresholds).map { label, threshold in
      let taxon = label.taxon.flatMap(catalog.taxon(id:))
      return RunDescription.Label(
        label: label.label, scientificName: taxon?.scientificName, commonName: taxon?.commonName,
        aphiaID: taxon?.aphiaID, threshold: threshold)
    }
    var text = "sample=\(options.sampling.canonicalText) decoder=\(detector.decoderName)"
    text += " fit=\(card.input.fit.rawValue) background=\(card.background ?? -1)"
    text += " labels=\(card.labels.map(\.label).joined(separator: ","))"
    if let range = card.input.pixelRange { text += " range=\(range[0])…\(range[1])" }
    if detector.thresholdUse == .decoding {
      text += " thresholds=\(detector.thresholds.map { "\($0)" }.joined(separator: ","))"
    } else {
      text += " floor=\(detector.floor)"
    }
    if detector.usesMotion {
      text += " motion=\(Background.mostFrames)/\(options.longestStretch)s"
      text += " moving>\(card.input.movingCameraAbove ?? 0)"
    }
    if let outputs = card.outputs {
      text += " scores=\(outputs.scores) sizes=\(outputs.sizes ?? -1)"
    }
    if detector.looksAtPhotosTwice { text += " photos=twice" }
    if let portrait = model.portrait { text += " portrait=\(portrait.hash.prefix(16))" }
    if detector.thresholdUse == .counting { text += Self.text(of: model) }
    return RunDescription(
      modelName: card.name, modelVersion: card.statedVersion, modelHash: model.hash, options: text,
      sample: options.sampling.canonicalText, decoder: detector.decoderName,
      floor: detector.floor, gridWidth: detector.gridSize.width,
      gridHeight: detector.gridSize.height,
      programVersion: options.programVersion, machine: Machine.description, labels: labels)
  }

  /// What scores and names depend on beside the model's file; nothing for cards without either.
  private static func text(of model: LoadedModel) -> String {
    let lines = [("still", model.calibration?.still), ("moving", model.calibration?.moving)]
    var text = lines.compactMap { name, line in
      line.map { " \(name)=\($0.scale),\($0.offset)" }
    }.joined()
    if let set = model.card.openSet {
      text += " open=\(set.label):\(set.labels.joined(separator: ","))"
      let shares = set.nameAbove.map { "\($0)" }.joined(separator: ",")
      text += " named>\(shares)/\(set.temperature)"
    }
    return text
  }
}

/// The machine that this program runs on.
enum Machine {
  /// Processor, cores and system.
  static let description: String = {
    let lines =
      FileManager.default.contents(atPath: "/proc/cpuinfo")
      .map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
    let name = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last
    let cores = ProcessInfo.processInfo.activeProcessorCount
    let system = ProcessInfo.processInfo.operatingSystemVersionString
    return "\((name ?? "unknown processor").drop { $0 == " " }), \(cores) cores, \(system)"
  }()
}
