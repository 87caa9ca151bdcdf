internal import Foundation
internal import Survey
internal import SurveyStore

extension TallyTable {
  /// The columns of the tally table; `recording` is there when rows are of recordings.
  public var columns: [String] {
    let place = grouping == .recording ? ["site", "opcode", "recording"] : ["site", "opcode"]
    let measures = [
      "species", "common_name", "aphia_id", "max_n", "max_n_recording", "max_n_pts_s",
      "max_n_time", "first_seen_s", "mean_count", "mean_n", "tot_n", "frames", "effort_min",
      "threshold", "sample_period_s", "model", "verified",
    ]
    return place + measures
  }

  /// RFC 4180, UTF-8, one header.
  public var csv: String {
    CSV.row(columns) + rows.map { CSV.row(fields($0)) }.joined()
  }

  /// A row's values as text, in the order of `columns`; empty where there is none.
  func fields(_ row: Row) -> [String] {
    let tally = row.tally
    var fields = [row.site, row.opcode]
    if let recording = row.recording { fields.append(recording) }
    fields += [row.species, row.label.commonName ?? ""]
    fields += [row.label.aphiaID.map(String.init) ?? "", String(tally.maxN)]
    fields += [row.maxNRecording ?? "", tally.maxNTime.map { decimal($0.seconds, 3) } ?? ""]
    fields += [row.maxNTime ?? "", tally.firstSeenSeconds.map { decimal($0, 3) } ?? ""]
    fields += [decimal(tally.meanCount, 4), decimal(tally.meanN, 4), String(tally.totN)]
    fields += [String(tally.frames), decimal(tally.effortSeconds / 60, 3)]
    fields += [decimal(row.label.threshold, 3), run.sample, run.model, row.verified.rawValue]
    return fields
  }
}

extension TallyTable.Row {
  /// The scientific name, or the label where it is no taxon.
  public var species: String { label.scientificName ?? label.label }
}

/// A number with at most so many digits after the point, and no trailing zeros.
func decimal(_ value: Double, _ digits: Int) -> String {
  var text = String(format: "%.\(digits)f", value)
  if text.contains(".") {
    while text.hasSuffix("0") { text.removeLast() }
    if text.hasSuffix(".") { text.removeLast() }
  }
  return text == "-0" ? "0" : text
}
