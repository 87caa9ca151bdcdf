internal import Foundation
internal import Survey
internal import SurveyStore

/// The survey: its sites, with their deployments and tallies.
struct SurveyPage: Sendable {
  /// A run that can be chosen.
  struct Choice: Sendable {
    var runID: Int64
    var text: String
    var isChosen: Bool
  }

  struct Site: Sendable {
    var siteName: String
    var deployments: [Deployment]
  }

  struct Deployment: Sendable {
    var opcode: String
    var href: String
    var aboutText: String?
    var isExcluded: Bool
    var tally: TallyView?
    /// Where the tally comes from when counting it would keep the page waiting.
    var tallyHref: String?
    var emptyText: String?
    var recordingsText: String
    var troubles: [Trouble]
  }

  /// A recording that was not, or not wholly, looked at.
  struct Trouble: Sendable {
    var file: String
    var what: String
    var isFailure: Bool
  }

  var chrome: Chrome
  var run: RunView?
  var runs: [Choice]
  var hasSeveralRuns: Bool
  var sites: [Site]
  var summary: String
  var failureText: String?
}

/// A run as pages name it.
struct RunView: Sendable {
  var runID: Int64
  var modelText: String
  var sampleText: String
  var decoderText: String

  init(_ run: ReviewRun) {
    runID = run.id
    modelText = "\(run.modelName) \(run.modelVersion)"
    sampleText =
      switch run.sample {
      case "all": "every frame"
      case "keyframes": "keyframes"
      case "1": "one frame a second"
      default: "one frame every \(run.sample) s"
      }
    decoderText = run.decoder
  }
}

extension ReviewDesk {
  /// How long a page may count before it leaves the rest to be fetched.
  private static let patience = Duration.milliseconds(120)

  /// The survey as a run sees it.
  func surveyPage(run id: String?) throws -> SurveyPage {
    let (run, all) = try run(id)
    let deployments = try store.reviewDeployments()
    let recordings = Dictionary(
      grouping: try store.reviewRecordings(run: run?.id ?? 0), by: \.deploymentID)
    let start = ContinuousClock.now
    var sites: [SurveyPage.Site] = []
    var failures = 0
    for deployment in deployments {
      let own = recordings[deployment.id] ?? []
      var view = SurveyPage.Deployment(deployment, own, run: run)
      failures += view.troubles.count(where: \.isFailure)
      if let run, view.emptyText == nil {
        let key = Key(run: run.id, deployment: deployment.id)
        if hasTally(key) || start.duration(to: .now) < Self.patience {
          view.tally = TallyView(try tally(key), key)
        } else {
          view.tallyHref = "/deployments/\(deployment.id)/tally?run=\(run.id)"
        }
      }
      if sites.last?.siteName != deployment.site {
        sites.append(SurveyPage.Site(siteName: deployment.site, deployments: []))
      }
      sites[sites.count - 1].deployments.append(view)
    }
    let files = recordings.values.reduce(0) { $0 + $1.count }
    return SurveyPage(
      chrome: Chrome("Survey", options), run: run.map(RunView.init),
      runs: all.map { other in
        let view = RunView(other)
        return SurveyPage.Choice(
          runID: other.id,
          text: "\(view.modelText), \(view.sampleText), \(view.decoderText) "
            + "(\(other.createdAt.prefix(10)))",
          isChosen: other.id == run?.id)
      },
      hasSeveralRuns: all.count > 1, sites: sites,
      summary: [
        counted(sites.count, "site", "sites"),
        counted(deployments.count, "deployment", "deployments"),
        counted(files, "recording", "recordings"),
      ].joined(separator: ", "),
      failureText: failures == 0
        ? nil
        : "\(counted(failures, "recording", "recordings")) could not be used; "
          + "the reason stands with the deployment.")
  }
}

extension SurveyPage.Deployment {
  init(_ deployment: ReviewDeployment, _ recordings: [ReviewRecording], run: ReviewRun?) {
    let key = ReviewDesk.Key(run: run?.id ?? 0, deployment: deployment.id)
    let about = [
      deployment.dateTime.map { String($0.prefix(16)).replacingOccurrences(of: "T", with: " ") },
      deployment.depthMeters.map { "\($0.formatted()) m deep" },
    ].compactMap { $0 }
    opcode = deployment.opcode
    href = Address.deployment(key)
    aboutText = about.isEmpty ? nil : about.joined(separator: ", ")
    isExcluded = !deployment.isCounted
    recordingsText = counted(recordings.count, "recording", "recordings")
    troubles = recordings.flatMap {
      [SurveyPage.Trouble($0), SurveyPage.Trouble(usableOf: $0)].compactMap(\.self)
    }
    let isSeen = recordings.contains { $0.outcome == .done || $0.isPartial }
    emptyText =
      isExcluded
      ? "Kept out of tallies: the manifest says that its count was not successful."
      : run == nil
        ? "Nothing has been processed yet."
        : isSeen ? nil : "No frame of it has been looked at in this run."
  }
}

extension SurveyPage.Trouble {
  init?(_ recording: ReviewRecording) {
    switch recording.outcome {
    case .done:
      guard recording.movingSeconds > 0 else { return nil }
      let span = clockText(seconds: recording.movingSeconds.rounded()).dropLast(".000".count)
      self.init(
        file: recording.name, what: "the camera moves for \(span) of it; looked at without motion",
        isFailure: false)
    case .partial(let reason):
      self.init(file: recording.name, what: "read in part: \(reason)", isFailure: false)
    case .failed(let reason):
      self.init(file: recording.name, what: reason, isFailure: true)
    case .waiting:
      self.init(file: recording.name, what: "not processed yet in this run", isFailure: false)
    }
  }
}

extension SurveyPage.Trouble {
  /// What of a recording counts, where that is not all of it.
  init?(usableOf recording: ReviewRecording) {
    guard let (range, source) = recording.usable else { return nil }
    let reason =
      source == "auto" ? "descent and retrieval left out" : "as usable_from_s and usable_to_s say"
    let clock = { (seconds: Double) in clockText(seconds: seconds.rounded()).dropLast(".000".count)
    }
    self.init(
      file: recording.name,
      what: recording.effortSeconds > 0
        ? "counted from \(clock(range.lowerBound)) to \(clock(range.upperBound)): \(reason)"
        : "nothing of it is counted: \(reason)", isFailure: false)
  }
}

extension ReviewRecording {
  var isPartial: Bool {
    if case .partial = outcome { true } else { false }
  }
}
