internal import Foundation
internal import SurveyStore
internal import Synchronization

/// What all pages and the JSON are made from.
final class ReviewDesk: Sendable {
  /// A deployment in a run.
  struct Key: Hashable {
    var run: Int64
    var deployment: Int64
  }

  let store: SurveyStore
  let options: ReviewServer.Options
  let templates: Templates
  let pictures = PictureMaker()
  let work = WorkQueue("fishcam.review.store", isSerial: false)
  /// In the addresses of pictures, so that a browser keeps them only for this server.
  let salt = String(Token.random().prefix(8))
  private let kept: Mutex<Kept>

  private struct Kept {
    var revision: ReviewRevision?
    var tallies: [Key: ReviewTally] = [:]
    /// Costs are sightings: a million of them are about 200 MB.
    var sightings = RecentValues<Key, [ReviewSighting]>(limit: 300_000)
  }

  init(_ options: ReviewServer.Options, store: SurveyStore) throws {
    self.store = store
    self.options = options
    templates = try Templates()
    kept = Mutex(Kept())
  }

  /// The frames of a deployment that show something.
  func sightings(_ key: Key) throws -> [ReviewSighting] {
    try sightings(key, at: try currentRevision())
  }

  /// A deployment's tally.
  func tally(_ key: Key) throws -> ReviewTally {
    let revision = try currentRevision()
    if let known = kept.withLock({ $0.tallies[key] }) { return known }
    let sightings = try sightings(key, at: revision)
    let tally = try store.reviewTally(run: key.run, deployment: key.deployment, of: sightings)
    kept.withLock { if $0.revision == revision { $0.tallies[key] = tally } }
    return tally
  }

  /// Whether a deployment's tally is at hand without counting.
  func hasTally(_ key: Key) -> Bool { kept.withLock { $0.tallies[key] != nil } }

  private func sightings(_ key: Key, at revision: ReviewRevision) throws -> [ReviewSighting] {
    if let known = kept.withLock({ $0.sightings[key] }) { return known }
    let found = try store.reviewSightings(run: key.run, deployment: key.deployment)
    kept.withLock {
      if $0.revision == revision { $0.sightings.keep(found, for: key, cost: found.count) }
    }
    return found
  }

  /// The run that a page was asked for, the newest where none was; with all runs, newest first.
  func run(_ id: String?) throws -> (run: ReviewRun?, all: [ReviewRun]) {
    let runs = try store.reviewRuns()
    guard let id, !id.isEmpty else { return (runs.first, runs) }
    guard let run = runs.first(where: { String($0.id) == id }) else {
      throw ReviewServerError.unknown(what: "run", value: id)
    }
    return (run, runs)
  }

  /// The names that a detection of a run can be given, the run's own first.
  func taxa(of run: ReviewRun) -> [ReviewTaxon] {
    let own = run.labels.map(\.taxon)
    let labels = Set(own.map(\.label))
    return own + options.taxa.filter { !labels.contains($0.label) }
  }

  /// The survey's state now; what verdicts, by whomever, or processing have made out of date is
  /// dropped.
  private func currentRevision() throws -> ReviewRevision {
    let now = try store.reviewRevision()
    let before = kept.withLock { $0.revision }
    if now == before { return now }
    var judged: Set<Int64>?
    if let before, before.processing == now.processing {
      judged = try store.deploymentsJudged(after: before.lastVerdict)
    }
    kept.withLock { kept in
      if let judged, kept.revision == before {
        kept.tallies = kept.tallies.filter { !judged.contains($0.key.deployment) }
        kept.sightings.remove { judged.contains($0.deployment) }
      } else {
        kept.tallies = [:]
        kept.sightings.remove { _ in true }
      }
      kept.revision = now
    }
    return now
  }
}
