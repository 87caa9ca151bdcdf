internal import Foundation
internal import Survey
internal import SurveyStore

/// A tally as pages show it and as JSON carries it.
struct TallyView: Encodable, Sendable {
  /// One label.
  struct Row: Encodable, Sendable {
    var label: String
    var name: String
    var scientific: String?
    var maxN: Int
    var maxNTime: String?
    var maxNHref: String?
    var meanCount: Double
    var meanCountText: String
    var thresholdText: String
    var filterHref: String
    var isZero: Bool
  }

  var rows: [Row]
  var frames: Int
  var detections: Int
  var reviewed: Int
  var framesText: String
  var effortText: String
  var reviewedText: String
  /// Names of the labels that were not seen.
  var unseenText: String?

  init(_ tally: ReviewTally, _ key: ReviewDesk.Key) {
    rows = tally.rows.map { row in
      let mean = tally.frames == 0 ? 0 : Double(row.individuals) / Double(tally.frames)
      let label = row.taxon.label.addressComponent
      return Row(
        label: row.taxon.label, name: row.taxon.shownName, scientific: row.taxon.scientificName,
        maxN: row.maxN, maxNTime: row.maxNSighting.map { clockText(seconds: $0.seconds) },
        maxNHref: row.maxNSighting.map { Address.frame($0.frameID, recording: $0.recordingID) },
        meanCount: mean,
        meanCountText: mean > 0 && mean < 0.005 ? "< 0.01" : String(format: "%.2f", mean),
        thresholdText: row.threshold.map { String(format: "%.2f", $0) } ?? "–",
        filterHref: Address.deployment(key) + "&label=" + label, isZero: row.maxN == 0)
    }
    frames = tally.frames
    detections = tally.detections
    reviewed = tally.reviewed
    framesText = counted(tally.frames, "frame", "frames")
    let minutes = tally.effortSeconds / 60
    effortText = String(format: minutes < 1 ? "%.2f min" : "%.1f min", minutes)
    reviewedText =
      tally.detections == 0
      ? "no detections"
      : "\(grouped(tally.reviewed)) of \(counted(tally.detections, "detection", "detections")) "
        + "reviewed"
    let unseen = rows.filter(\.isZero).map(\.name)
    unseenText = unseen.isEmpty ? nil : unseen.joined(separator: ", ")
  }
}

/// Addresses of pages and of what they load.
enum Address {
  static func survey(run: Int64) -> String { "/?run=\(run)" }

  static func deployment(_ key: ReviewDesk.Key) -> String {
    "/deployments/\(key.deployment)?run=\(key.run)"
  }

  static func frame(_ frame: Int64, recording: Int64) -> String {
    "/recordings/\(recording)/frames/\(frame)"
  }

  static func picture(
    _ frame: Int64, recording: Int64, _ size: PictureMaker.Size, salt: String
  ) -> String {
    "\(Self.frame(frame, recording: recording))/\(size.rawValue).jpg?v=\(salt)"
  }
}

extension ReviewTaxon {
  /// The name that people read first: of labels that are no species the label, which may say more than
  /// what they belong to (“fish, unidentified”).
  var shownName: String {
    guard let commonName else { return label }
    let saysMore = scientificName == nil && label.lowercased() != commonName.lowercased()
    return saysMore ? label : commonName
  }
}

extension String {
  /// The text as it may stand in an address's query.
  var addressComponent: String {
    let plain = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return addingPercentEncoding(withAllowedCharacters: plain) ?? ""
  }
}

/// A whole number with its thousands apart: `12,345`.
func grouped(_ number: Int) -> String {
  var text = ""
  for (index, digit) in String(abs(number)).reversed().enumerated() {
    if index > 0 && index % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return (number < 0 ? "-" : "") + String(text.reversed())
}

/// A number with its noun.
func counted(_ number: Int, _ one: String, _ many: String) -> String {
  "\(grouped(number)) \(number == 1 ? one : many)"
}
