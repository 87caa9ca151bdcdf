internal import Foundation
public import Survey
public import SurveyStore

/// The measures of every label in every deployment, site or recording of a survey.
public struct TallyTable: Sendable {
  /// What a row is of.
  public enum Grouping: String, Sendable, CaseIterable {
    case deployment, site, recording
  }

  /// One label in one deployment, site or recording.
  public struct Row: Sendable {
    /// Name of the site.
    public var site: String
    /// Name of the deployment; of a site, the one that MaxN is from.
    public var opcode: String
    /// The recording that the row is of, when it is of one.
    public var recording: String?
    /// The label with its names and threshold.
    public var label: RunDescription.Label
    /// The measures.
    public var tally: Tally
    /// The recording that MaxN is from.
    public var maxNRecording: String?
    /// When MaxN was, ISO 8601, where the clock is known.
    public var maxNTime: String?
    /// How far reviewers have confirmed the individuals of the MaxN frame.
    public var verified: Verified
    /// Whether MaxN is so near to what the decoder can tell apart that more may have been there.
    public var nearCeiling: Bool
  }

  /// How far reviewers have confirmed a count.
  public enum Verified: String, Sendable {
    case no, partly, yes
  }

  /// The run that the table is of.
  public var run: RunSummary
  /// What a row is of.
  public var grouping: Grouping
  /// Rows by site, opcode, recording and label; labels in the model's order.
  public var rows: [Row]

  /// Reads a survey.
  ///
  /// - Parameters:
  ///   - run: row id of the run; `nil` is the one that worked last.
  ///   - threshold: score from which detections count; `nil` is each label's own.
  /// - Throws: `SurveyStoreError`.
  public init(
    _ store: SurveyStore, run: Int64? = nil, by grouping: Grouping = .deployment,
    threshold: Double? = nil
  ) throws {
    let run = try store.tallyRun(run)
    self.run = run
    self.grouping = grouping
    var labels = run.labels + (try store.reviewersLabels(run: run))
    if let threshold { for index in labels.indices { labels[index].threshold = threshold } }
    let records = try store.deploymentRecords(run: run, threshold: threshold)
    rows = []
    let sought = Set(run.labels.map(\.label))
    defer {
      // What a reviewer named somewhere was not sought everywhere: no zeros for it.
      rows.removeAll { $0.tally.maxN == 0 && !sought.contains($0.label.label) }
    }
    switch grouping {
    case .deployment:
      for record in records {
        for label in labels { rows.append(Self.row(record, label, run)) }
      }
    case .recording:
      for record in records {
        for (index, recording) in record.counts.recordings.enumerated() {
          var part = record
          part.recordings = [record.recordings[index]]
          part.counts = DeploymentCounts(recordings: [recording])
          for label in labels {
            var row = Self.row(part, label, run)
            row.recording = recording.name
            rows.append(row)
          }
        }
      }
    case .site:
      var sites: [String] = []
      for record in records where sites.last != record.deployment.site {
        sites.append(record.deployment.site)
      }
      for site in sites {
        let parts = records.filter { $0.deployment.site == site }
        for label in labels {
          let single = parts.map { Self.row($0, label, run) }
          let (tally, part) = Tally.combined(single.map(\.tally))
          var row = single[part ?? 0]
          row.tally = tally
          if part == nil { row.opcode = "" }
          rows.append(row)
        }
      }
    }
  }

  private static func row(
    _ record: DeploymentRecord, _ label: RunDescription.Label, _ run: RunSummary
  ) -> Row {
    let tally = Tally(of: label.label, in: record.counts)
    let verified: Verified =
      tally.maxNVerified == 0 ? .no : tally.maxNVerified < tally.maxN ? .partly : .yes
    let ceiling = Tally.ceiling(gridWidth: run.gridWidth, gridHeight: run.gridHeight)
    return Row(
      site: record.deployment.site, opcode: record.deployment.opcode, recording: nil, label: label,
      tally: tally, maxNRecording: tally.maxNRecording.map { record.recordings[$0].name },
      maxNTime: time(of: tally, in: record), verified: verified,
      nearCeiling: ceiling > 0 && Double(tally.maxN) >= 0.75 * Double(ceiling))
  }

  /// The wall-clock time of MaxN.
  ///
  /// From the manifest's start of the deployment, else from the first recording's creation time,
  /// plus what `DeploymentTimeline` says lies between; a clock that was never set tells no time. Photos carry no offset from UTC: theirs is the site's
  /// time zone, and without one the time is written without an offset.
  private static func time(of tally: Tally, in record: DeploymentRecord) -> String? {
    guard let index = tally.maxNRecording, let frame = tally.maxNTime else { return nil }
    let clocks = record.recordings.map { $0.creationTime.flatMap { clock($0, record.timeZone) } }
      .map { $0.flatMap { DeploymentTimeline.isUnset($0) ? nil : $0 } }
    let recording = record.counts.recordings[index]
    let inFile = frame.seconds - recording.startSeconds
    let timeline = DeploymentTimeline(
      record.recordings.indices.map {
        DeploymentTimeline.Recording(
          name: record.recordings[$0].name, clock: clocks[$0],
          seconds: record.recordings[$0].seconds)
      })
    let sinceStart = timeline.starts[index]
    if let start = record.dateTime.flatMap({ WallClock(iso8601: $0) }) {
      return start.adding(seconds: sinceStart + inFile).iso8601
    }
    guard let first = clocks[0] ?? clocks[index] else { return nil }
    let base = clocks[0] == nil ? 0 : sinceStart
    let time = first.adding(seconds: record.clockOffsetSeconds + base + inFile).iso8601
    let isLocal = record.recordings[index].creationTime.flatMap { WallClock(iso8601: $0) } == nil
    return isLocal && record.timeZone == nil && time.hasSuffix("Z")
      ? String(time.dropLast()) : time
  }

  /// A camera's time; where it says no offset from UTC, the site's zone does: `±hh:mm`, or an IANA
  /// name with the offset that it has at that time of the year.
  private static func clock(_ text: String, _ zone: String?) -> WallClock? {
    guard let zone, WallClock(iso8601: text) == nil else {
      return WallClock(iso8601: text, defaultOffset: 0)
    }
    if let clock = WallClock(iso8601: text + zone) { return clock }
    guard let named = TimeZone(identifier: zone),
      let near = WallClock(iso8601: text, defaultOffset: named.secondsFromGMT(for: .distantPast))
    else { return nil }
    let offset = named.secondsFromGMT(for: Date(timeIntervalSince1970: near.unixSeconds))
    return WallClock(iso8601: text, defaultOffset: offset)
  }
}
