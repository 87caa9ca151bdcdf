internal import Foundation
internal import Survey
internal import SurveyStore

/// A deployment: its tally, and the frames that show something.
struct DeploymentPage: Sendable {
  /// A frame in a list.
  struct Card: Sendable {
    var href: String
    var thumbnail: String
    var time: String
    var file: String
    var counts: [Count]
    var badges: [String]
    var isPeak: Bool
    var reviewText: String?
    var isReviewed: Bool
  }

  struct Count: Sendable {
    var of: String
    var number: Int
  }

  var chrome: Chrome
  var run: RunView
  var surveyHref: String
  var siteName: String
  var deployment: SurveyPage.Deployment
  var peaks: [Card]
  var hasPeaks: Bool
  var cards: [Card]
  var heading: String
  var clearHref: String?
  var pageText: String
  var previousHref: String?
  var nextHref: String?
  var hasPages: Bool
}

extension ReviewDesk {
  private static let cardsPerPage = 60

  /// A deployment as a run sees it.
  ///
  /// - Parameters:
  ///   - label: only frames with individuals of this label; all where `nil`.
  ///   - page: which page of the frames, from 1.
  func deploymentPage(_ id: Int64, run runID: String?, label: String?, page: Int) throws
    -> DeploymentPage
  {
    guard let deployment = try store.reviewDeployments().first(where: { $0.id == id }),
      let run = try run(runID).run
    else { throw ReviewServerError.unknown(what: "deployment", value: String(id)) }
    let key = Key(run: run.id, deployment: id)
    let recordings = try store.reviewRecordings(run: run.id, deployment: id)
    let (tally, all) = (try tally(key), try sightings(key))
    var view = SurveyPage.Deployment(deployment, recordings, run: run)
    if view.emptyText == nil { view.tally = TallyView(tally, key) }
    let scribe = CardScribe(
      names: names(of: run, tally), salt: salt,
      files: Dictionary(recordings.map { ($0.id, $0.name) }, uniquingKeysWith: { a, _ in a }))
    let shown = label.map { label in
      all.filter { $0.counts.contains { $0.label == label } }
    }
    let frames = shown ?? all
    let pages = max(1, (frames.count + Self.cardsPerPage - 1) / Self.cardsPerPage)
    let page = min(max(1, page), pages)
    let first = (page - 1) * Self.cardsPerPage
    let part = frames[first..<min(frames.count, first + Self.cardsPerPage)]
    let peaks = tally.rows.filter { row in
      row.maxN > 0 && (label == nil || row.taxon.label == label)
    }
    let base = Address.deployment(key) + (label.map { "&label=" + $0.addressComponent } ?? "")
    let name = label.map { scribe.names[$0] ?? $0 }
    return DeploymentPage(
      chrome: Chrome("\(deployment.site) · \(deployment.opcode)", options), run: RunView(run),
      surveyHref: Address.survey(run: run.id), siteName: deployment.site, deployment: view,
      peaks: page > 1 || view.isExcluded
        ? []
        : scribe.peaks(peaks),
      hasPeaks: page == 1 && !view.isExcluded && !peaks.isEmpty,
      cards: part.map { scribe.card($0) },
      heading: counted(frames.count, "frame", "frames")
        + (name.map { " with \($0)" } ?? " with detections") + ", by time",
      clearHref: label == nil ? nil : Address.deployment(key),
      pageText: "Page \(page) of \(pages)",
      previousHref: page > 1 ? "\(base)&page=\(page - 1)" : nil,
      nextHref: page < pages ? "\(base)&page=\(page + 1)" : nil, hasPages: pages > 1)
  }

  /// Names for people, by label.
  func names(of run: ReviewRun, _ tally: ReviewTally) -> [String: String] {
    Dictionary(
      (tally.rows.map(\.taxon) + taxa(of: run)).map { ($0.label, $0.shownName) },
      uniquingKeysWith: { first, _ in first })
  }
}

/// Writes the cards of one deployment's frames.
private struct CardScribe {
  var names: [String: String]
  var salt: String
  var files: [Int64: String]

  /// A card for each frame that is some label's MaxN frame, in the labels' order.
  func peaks(_ rows: [ReviewTally.Row]) -> [DeploymentPage.Card] {
    var frames: [ReviewSighting] = []
    var badges: [Int64: [String]] = [:]
    for row in rows {
      guard let sighting = row.maxNSighting else { continue }
      if badges[sighting.frameID] == nil { frames.append(sighting) }
      badges[sighting.frameID, default: []].append("MaxN \(row.maxN) · \(row.taxon.shownName)")
    }
    return frames.map { card($0, badges: badges[$0.frameID] ?? []) }
  }

  func card(_ sighting: ReviewSighting, badges: [String] = []) -> DeploymentPage.Card {
    let (frame, recording) = (sighting.frameID, sighting.recordingID)
    let (judged, total) = (sighting.reviewed, sighting.detections)
    return DeploymentPage.Card(
      href: Address.frame(frame, recording: recording),
      thumbnail: Address.picture(frame, recording: recording, .thumbnail, salt: salt),
      time: clockText(seconds: sighting.seconds), file: files[recording] ?? "",
      counts: sighting.counts.sorted { $0.individuals > $1.individuals }.map {
        DeploymentPage.Count(of: names[$0.label] ?? $0.label, number: $0.individuals)
      },
      badges: badges, isPeak: !badges.isEmpty,
      reviewText: judged == 0
        ? nil : judged == total ? "reviewed" : "\(judged) of \(total) reviewed",
      isReviewed: judged == total)
  }
}
