internal import Foundation
internal import Survey
internal import SurveyStore

extension TallyTable {
  /// An array of objects with the CSV's columns as keys; absent values are null.
  ///
  /// `near_ceiling` says that MaxN is near the most that the decoder can surely tell apart.
  ///
  /// - Throws: an encoding error, which no table gives.
  public func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(rows.map(values)), as: UTF8.self) + "\n"
  }

  private func values(_ row: Row) -> [String: Value] {
    let tally = row.tally
    var values: [String: Value] = [
      "site": .text(row.site), "opcode": .text(row.opcode), "species": .text(row.species),
      "common_name": .text(row.label.commonName), "aphia_id": .integer(row.label.aphiaID),
      "max_n": .integer(tally.maxN), "max_n_recording": .text(row.maxNRecording),
      "max_n_pts_s": .number(tally.maxNTime?.seconds, digits: 3),
      "max_n_time": .text(row.maxNTime),
      "first_seen_s": .number(tally.firstSeenSeconds, digits: 3),
      "mean_count": .number(tally.meanCount, digits: 4),
      "mean_n": .number(tally.meanN, digits: 4), "tot_n": .integer(tally.totN),
      "frames": .integer(tally.frames),
      "effort_min": .number(tally.effortSeconds / 60, digits: 3),
      "threshold": .number(row.label.threshold, digits: 3), "sample_period_s": .text(run.sample),
      "model": .text(run.model), "verified": .text(row.verified.rawValue),
      "near_ceiling": .truth(row.nearCeiling),
    ]
    if let recording = row.recording { values["recording"] = .text(recording) }
    return values
  }

  private enum Value: Encodable {
    case text(String?)
    case integer(Int?)
    case number(Double?, digits: Int)
    case truth(Bool)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .integer(let integer): try container.encode(integer)
      case .number(let number, let digits):
        try container.encode(number.flatMap { Double(decimal($0, digits)) })
      case .truth(let truth): try container.encode(truth)
      }
    }
  }
}
