internal import Survey
internal import SurveyStore

extension TallyTable {
  /// The table for a terminal: what a person looks at first.
  ///
  /// CSV and JSON carry all columns.
  public var text: String {
    if rows.isEmpty {
      return "Nothing to count: run \(run.id) (\(run.model)) has finished no recording.\n"
    }
    let place = grouping == .recording ? "Recording" : "Deployment"
    let header =
      [
        "Site", place, "Species", "MaxN", "MaxN at", "First seen", "MeanCount", "Frames",
        "Effort min",
      ]
      + ["Verified"]
    let cells = rows.map { row -> [String] in
      let tally = row.tally
      return [
        row.site, row.recording.map { "\(row.opcode)/\($0)" } ?? row.opcode, name(row),
        String(tally.maxN) + (row.nearCeiling ? "+" : ""),
        tally.maxNSeconds.map { clockText(seconds: $0) } ?? "–",
        tally.firstSeenSeconds.map { clockText(seconds: $0) } ?? "–",
        tally.meanCount > 0 && tally.meanCount < 0.005 ? "<0.01" : decimal(tally.meanCount, 2),
        String(tally.frames), decimal(tally.effortSeconds / 60, 2),
        row.verified.rawValue,
      ]
    }
    var text = TextTable(header: header, rows: cells, numeric: [3, 4, 5, 6, 7, 8]).text
    let thresholds = rows.map { decimal($0.label.threshold, 3) }
    let first = thresholds.first ?? ""
    text += "\nModel \(run.model), run \(run.id), sampled "
    text += run.sample == "all" || run.sample == "keyframes" ? run.sample : "every \(run.sample) s"
    text += thresholds.allSatisfy { $0 == first } ? ", threshold \(first)" : ", thresholds by label"
    text += ". Times are into the deployment's video.\n"
    if rows.contains(where: \.nearCeiling) {
      text += "+ near the most that the decoder can tell apart: more may have been there.\n"
    }
    return text
  }

  private func name(_ row: Row) -> String {
    guard let common = row.label.commonName, common.lowercased() != row.species.lowercased() else {
      return row.species
    }
    return "\(row.species) (\(common))"
  }
}
