public import Detection
internal import Foundation
public import Media
public import Survey

/// What a survey of some inputs would process, and what is wrong with it, before a night is lost.
///
/// Nothing is written: each file is opened, its first frame decoded, and one near its end.
public struct SurveyProbe: Sendable {
  /// A file.
  public struct Recording: Sendable {
    /// Absolute path, and the one relative to the deployment's folder.
    public var path: String, name: String
    /// Bytes.
    public var size: Int64
    /// What the file says of itself; `nil` where it cannot be read.
    public var info: MediaInfo?
    /// Why nothing of it can be processed; `nil` where something can.
    public var failure: String?
    /// What is wrong with a part of it.
    public var remarks: [String]
    /// Seconds from the start of its deployment.
    public var startSeconds = 0.0
  }

  /// A deployment with its recordings in the order in which they were made.
  public struct Deployment: Sendable {
    /// Site and opcode, as folders and manifest say.
    public var site: String, opcode: String
    /// Its files.
    public var recordings: [Recording]
    /// What is doubtful about its times.
    public var remarks: [String]
  }

  /// What was found.
  public struct Findings: Sendable {
    /// By site and opcode.
    public var deployments: [Deployment]
    /// What was passed over, and rows of the manifest that speak of nothing.
    public var warnings: [String]

    /// All files.
    public var recordings: [Recording] { deployments.flatMap(\.recordings) }
    /// Seconds of video.
    public var seconds: Double { recordings.reduce(0) { $0 + ($1.info?.durationSeconds ?? 0) } }
  }

  private let options: SurveyJobOptions
  private let progress: @Sendable (Int, Int) -> Void

  /// A probe.
  ///
  /// - Parameter progress: told how many files of how many were looked at.
  public init(
    _ options: SurveyJobOptions, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) {
    self.options = options
    self.progress = progress
  }

  /// Looks at all files.
  ///
  /// - Throws: `SurveyPipelineError`.
  public func findings() throws -> Findings {
    let found = try Discovery.find(options.inputs)
    let manifest = try options.readManifest(found.manifests)
    let (placed, warnings) = try Placing.place(found.files, manifest: manifest, site: options.site)
    var deployments: [[String]: Deployment] = [:]
    for (index, item) in placed.enumerated() {
      progress(index, placed.count)
      deployments[
        [item.site, item.opcode],
        default: Deployment(site: item.site, opcode: item.opcode, recordings: [], remarks: [])
      ].recordings.append(Self.look(at: item))
    }
    progress(placed.count, placed.count)
    let sorted = deployments.values.map(Self.timed)
      .sorted { ($0.site, $0.opcode) < ($1.site, $1.opcode) }
    return Findings(deployments: sorted, warnings: found.warnings + warnings)
  }

  private static func look(at item: PlacedFile) -> Recording {
    var recording = Recording(
      path: item.file.path, name: item.name,
      size: FileIdentity.sizeAndTime(item.file.path)?.size ?? 0, info: nil, failure: nil,
      remarks: [])
    do {
      let file = try MediaFile(path: item.file.path, threads: 1)
      recording.info = file.info
      guard try file.next() != nil else {
        recording.failure = "it has no frame"
        return recording
      }
      recording.remarks += remarks(on: file)
    } catch {
      recording.failure = error.reason
    }
    return recording
  }

  private static func remarks(on file: MediaFile) -> [String] {
    var remarks: [String] = []
    if let damage = file.damage { remarks.append(damage.sentence) }
    guard file.info.kind == .video else { return remarks }
    guard let seconds = file.info.durationSeconds else {
      return remarks + ["the file does not say how long it is"]
    }
    if seconds > 1, !file.reachesEnd(afterSeconds: seconds) {
      remarks.append("nothing can be decoded near its end; it may be cut off")
    }
    return remarks
  }

  private static func timed(_ deployment: Deployment) -> Deployment {
    var deployment = deployment
    deployment.recordings.sort {
      $0.name == $1.name ? $0.path < $1.path : RecordingName.precedes($0.name, $1.name)
    }
    let videos = deployment.recordings.indices.filter {
      deployment.recordings[$0].info?.kind == .video
    }
    let timeline = DeploymentTimeline(
      videos.map { index in
        let recording = deployment.recordings[index]
        return .init(
          name: recording.name, creationTime: recording.info?.creationTime,
          seconds: recording.info?.durationSeconds)
      })
    for (index, start) in zip(videos, timeline.starts) {
      deployment.recordings[index].startSeconds = start
    }
    deployment.remarks = timeline.sentences
    return deployment
  }
}

/// How fast a survey would go here, measured on the inputs' own files.
public struct SurveySpeed: Sendable {
  /// Seconds of video gone through in a second, by codec and size: `hevc 3840 × 2160`.
  private var speeds: [String: Double] = [:]

  /// Decodes, scales and looks at the beginning of one recording of each kind, for a second each.
  ///
  /// - Throws: `DetectionError`.
  public init(
    _ findings: SurveyProbe.Findings, model: LoadedModel, detectorOptions: DetectorOptions,
    sampling: Sampling, threads: Int
  ) throws {
    let looker = Looker(try Detector(model, options: detectorOptions))
    for recording in findings.recordings {
      guard let info = recording.info, info.kind == .video, recording.failure == nil,
        speeds[Self.kind(info)] == nil
      else { continue }
      let start = ContinuousClock.now
      var last = 0.0
      let goesOn = { (seconds: Double) -> Bool in
        last = seconds
        return ContinuousClock.now - start < .seconds(1)
      }
      do {
        let file = try MediaFile(
          path: recording.path, keyframesOnly: sampling == .keyframes, threads: threads)
        var frames = SampledFrames(file, sampling: sampling)
        while let frame = try frames.next(goesOn) {
          _ = try looker.detections(in: frame, nil)
        }
      } catch { continue }
      let took = (ContinuousClock.now - start) / .seconds(1)
      if last > 0, took > 0 { speeds[Self.kind(info)] = last / took }
    }
  }

  /// Seconds that all of it would take; `nil` where no video could be measured.
  public func seconds(for findings: SurveyProbe.Findings) -> Double? {
    guard !speeds.isEmpty else { return nil }
    return findings.recordings.reduce(0) { sum, recording in
      guard let info = recording.info, let speed = speeds[Self.kind(info)] else { return sum }
      return sum + (info.durationSeconds ?? 0) / speed
    }
  }

  private static func kind(_ info: MediaInfo) -> String {
    "\(info.codec) \(info.width) × \(info.height)"
  }
}
