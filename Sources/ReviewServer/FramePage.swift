internal import Foundation
internal import Survey
internal import SurveyStore

/// One frame: its picture, its detections, and the deployment's tally.
struct FramePage: Sendable {
  /// A name that a detection can be given.
  struct Name: Sendable {
    var label: String
    var name: String
    var latin: String?
  }

  var chrome: Chrome
  var run: RunView
  var surveyHref: String
  var siteName: String
  var opcode: String
  var deploymentHref: String
  var file: String
  var time: String
  var position: String?
  var previousHref: String?
  var nextHref: String?
  var nextPicture: String?
  var isDamaged: Bool
  var picture: String
  var width: Int
  var height: Int
  /// Files of which one is needed to see the picture; empty where one is there.
  var missingFiles: [String]
  /// Whether the picture is one that was kept, since no file is there.
  var isKept: Bool
  var isMissing: Bool
  var stateHref: String
  var verdictsHref: String
  var state: FrameState
  var names: [Name]
}

/// What changes on a frame's page when somebody judges; the answer to each verdict.
struct FrameState: Encodable, Sendable {
  /// A rectangle by its upper left corner.
  struct Box: Encodable, Sendable {
    var left: Double, top: Double, width: Double, height: Double
  }

  /// One detection.
  struct Detection: Encodable, Sendable {
    var id: Int64
    /// Its number on the page, from 1.
    var number: Int
    /// Pixels in a picture of the page's `width` and `height`.
    var x: Double
    var y: Double
    /// The box in the same pixels, where the model gives one.
    var box: Box?
    var label: String
    var shownName: String
    var scoreText: String
    /// `machine`, `confirm`, `reject` or `rename`.
    var state: String
    var stateText: String
    /// Whether it lies below the threshold and nobody judged it.
    var isFaint: Bool
    /// Whether its text goes to its left, because to the right it would leave the picture.
    var isRight: Bool
    var textX: Double
  }

  var detections: [Detection]
  /// How many detections are faint.
  var faint: Int
  /// Individuals that count in the frame, in words.
  var countText: String
  var tally: TallyView
}

extension ReviewDesk {
  /// A frame of a recording.
  func framePage(_ id: Int64, recording: Int64) throws -> FramePage {
    let frame = try store.reviewFrame(id, recording: recording)
    guard let run = try run(String(frame.runID)).run,
      let deployment = try store.reviewDeployments().first(where: { $0.id == frame.deploymentID })
    else { throw ReviewServerError.unknown(what: "frame", value: String(id)) }
    let key = Key(run: run.id, deployment: deployment.id)
    let sightings = try sightings(key)
    let place = sightings.firstIndex { $0.frameID == id && $0.recordingID == recording }
    let neighbour = { (step: Int) -> ReviewSighting? in
      guard let place, sightings.indices.contains(place + step) else { return nil }
      return sightings[place + step]
    }
    let href = { (other: ReviewSighting) in
      Address.frame(other.frameID, recording: other.recordingID)
    }
    let files = try store.reviewFiles(media: frame.mediaID)
    let isThere = PictureMaker.present(files) != nil
    let isKept = try !isThere && store.evidence(frame: id) != nil
    let own = Address.frame(id, recording: recording)
    let size = Self.shownSize(of: frame)
    return FramePage(
      chrome: Chrome(
        "\(clockText(seconds: frame.time.seconds)) · \(deployment.site) · \(deployment.opcode)",
        options),
      run: RunView(run), surveyHref: Address.survey(run: run.id), siteName: deployment.site,
      opcode: deployment.opcode, deploymentHref: Address.deployment(key),
      file: frame.recordingName, time: clockText(seconds: frame.time.seconds),
      position: place.map { "\(grouped($0 + 1)) of \(grouped(sightings.count))" },
      previousHref: neighbour(-1).map(href), nextHref: neighbour(1).map(href),
      nextPicture: neighbour(1).map {
        Address.picture($0.frameID, recording: $0.recordingID, .picture, salt: salt)
      },
      isDamaged: frame.isDamaged,
      picture: Address.picture(id, recording: recording, .picture, salt: salt), width: size.width,
      height: size.height, missingFiles: isThere ? [] : files.map(\.path), isKept: isKept,
      isMissing: !isThere && !isKept,
      stateHref: "/api\(own)", verdictsHref: "/api\(own)/verdicts",
      state: try frameState(of: frame, run),
      names: taxa(of: run).map {
        FramePage.Name(label: $0.label, name: $0.shownName, latin: $0.scientificName)
      })
  }

  /// The part of a frame's page that verdicts change.
  func frameState(_ id: Int64, recording: Int64) throws -> FrameState {
    let frame = try store.reviewFrame(id, recording: recording)
    guard let run = try run(String(frame.runID)).run else {
      throw ReviewServerError.unknown(what: "frame", value: String(id))
    }
    return try frameState(of: frame, run)
  }

  /// Adds a verdict on one of a frame's detections.
  ///
  /// - Parameter label: the new name's label, for `rename`.
  func judge(
    _ detection: Int64, in frame: Int64, recording: Int64, _ verdict: VerdictKind, label: String?
  ) throws -> FrameState {
    let before = try store.reviewFrame(frame, recording: recording)
    guard before.detections.contains(where: { $0.id == detection }),
      let run = try run(String(before.runID)).run
    else { throw ReviewServerError.unknown(what: "detection", value: String(detection)) }
    var taxon: ReviewTaxon?
    switch verdict {
    case .confirm, .reject, .undo: break
    case .rename:
      taxon = taxa(of: run).first { $0.label == label }
      if taxon == nil { throw ReviewServerError.unknown(what: "label", value: label ?? "") }
    case .add, .move, .unusable, .comment:
      throw ReviewServerError.unknown(what: "verdict", value: verdict.rawValue)
    }
    try store.addVerdict(
      verdict, detection: detection, taxon: taxon, reviewer: options.reviewer)
    return try frameState(frame, recording: recording)
  }

  private func frameState(of frame: ReviewFrame, _ run: ReviewRun) throws -> FrameState {
    let key = Key(run: run.id, deployment: frame.deploymentID)
    let tally = try tally(key)
    let names = names(of: run, tally)
    let size = Self.shownSize(of: frame)
    // Verdicts must not change the order, or keys would act on another detection than seen.
    let ordered =
      frame.detections.filter { $0.score >= $0.threshold }
      + frame.detections.filter { $0.score < $0.threshold }
    let counts = Dictionary(grouping: ordered.filter(\.isCounted), by: \.label)
    let texts = counts.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
      .map { "\($0.value.count) \(names[$0.key] ?? $0.key)" }
    return FrameState(
      detections: ordered.enumerated().map { index, detection in
        FrameState.Detection(detection, number: index + 1, size: size, names: names)
      },
      faint: ordered.count(where: \.isFaint),
      countText: texts.isEmpty ? "nothing counted" : texts.joined(separator: ", "),
      tally: TallyView(tally, key))
  }

  /// A frame's size when its longer side is the page's picture's, however large it really is.
  private static func shownSize(of frame: ReviewFrame) -> (width: Int, height: Int) {
    let longest = Double(max(frame.width, frame.height, 1))
    let scale = Double(PictureMaker.Size.picture.longestSide) / longest
    return (
      Int((Double(frame.width) * scale).rounded()), Int((Double(frame.height) * scale).rounded())
    )
  }
}

extension FrameState.Detection {
  init(
    _ detection: ReviewDetection, number: Int, size: (width: Int, height: Int),
    names: [String: String]
  ) {
    let name = { (label: String) in names[label] ?? label }
    id = detection.id
    self.number = number
    let tenths = { (value: Double) in (value * 10).rounded() / 10 }
    x = tenths(detection.x * Double(size.width))
    y = tenths(detection.y * Double(size.height))
    if let boxWidth = detection.width, let boxHeight = detection.height {
      box = FrameState.Box(
        left: tenths((detection.x - boxWidth / 2) * Double(size.width)),
        top: tenths((detection.y - boxHeight / 2) * Double(size.height)),
        width: tenths(boxWidth * Double(size.width)),
        height: tenths(boxHeight * Double(size.height)))
    }
    label = detection.label
    shownName = name(detection.label)
    scoreText = String(format: "%.2f", detection.score)
    state = detection.verdict?.rawValue ?? "machine"
    let who = detection.reviewer.map { " by \($0)" } ?? ""
    stateText =
      switch detection.verdict {
      case .confirm: "confirmed\(who)"
      case .reject: "rejected\(who)"
      case .rename: "was \(name(detection.machineLabel)), renamed\(who)"
      default: detection.isFaint ? "below the threshold, does not count" : "not reviewed"
      }
    isFaint = detection.isFaint
    // Letters are about eleven pixels wide on a picture of this size.
    let textWidth = Double(11 * (shownName.count + scoreText.count + 5))
    isRight = x + textWidth > Double(size.width) && x > textWidth
    textX = isRight ? x - 22 : x + 22
  }
}
