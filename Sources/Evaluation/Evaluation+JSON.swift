internal import Detection
internal import Foundation
internal import SpeciesCatalog

/// A JSON value, for objects whose keys are names of data.
enum JSONValue: Encodable {
  case null
  case number(Double)
  case integer(Int)
  case text(String)
  case flag(Bool)
  case list([JSONValue])
  case object([String: JSONValue])

  /// A figure to six decimals; null where there is none.
  init(_ figure: Double?) {
    self = figure.map { .number(($0 * 1e6).rounded() / 1e6) } ?? .null
  }

  private struct Key: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: Key.self)
      for (key, value) in members { try container.encode(value, forKey: Key(stringValue: key)) }
    case .list(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    default:
      var container = encoder.singleValueContainer()
      switch self {
      case .number(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .text(let value): try container.encode(value)
      case .flag(let value): try container.encode(value)
      default: try container.encodeNil()
      }
    }
  }
}

extension Evaluation: Encodable {
  /// Encodes the report as an object.
  ///
  /// It has every `Figure` of everything together by its name, and `by_class`, `by_source`,
  /// `by_video`, `by_threshold`, `reliability`, `intervals` and what the figures depend on. A
  /// figure that nothing tells about is null.
  public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }

  private var json: JSONValue {
    var members = Self.members(all)
    members["model"] = .object([
      "name": .text(model.card.name), "version": .text(model.card.version),
      "file": .text(model.file.path), "sha256": .text(model.hash), "decoder": .text(decoder),
      "kernels": .text(kernels), "floor": JSONValue(floor),
    ])
    members["truth"] = .text(truth.file)
    members["dropped_boxes"] = .integer(truth.droppedBoxes)
    members["classes"] = .object(
      Dictionary(
        zip(truth.categories, classes.labels.map { $0.map { .text(name($0)) } ?? .null }),
        uniquingKeysWith: { first, _ in first }))
    members["margin_px"] = JSONValue(margin)
    members["threshold"] = JSONValue(commonThreshold)
    members["threshold_from"] = .text(choiceName)
    members["thresholds"] = .object(
      Dictionary(
        labels.map { (name($0), JSONValue(thresholds[$0])) }, uniquingKeysWith: { $1 }))
    members["best_threshold"] = JSONValue(bestThreshold)
    members["by_class"] = Self.groups(byClass.map { ($0.name, $0) })
    members["by_source"] = Self.groups(bySource.map { ($0.name, $0) })
    // Videos of different sources may have one name.
    let names = Dictionary(byVideo.map { ($0.name, 1) }, uniquingKeysWith: +)
    members["by_video"] = Self.groups(
      byVideo.map { video in
        let isAlone = names[video.name] == 1
        return (isAlone ? video.name : "\(video.source ?? ""): \(video.name)", video)
      })
    members["by_threshold"] = .list(
      byThreshold.map { point in
        var members = Self.members(point.figures, Self.sweptFigures)
        members["threshold"] = JSONValue(point.threshold)
        return .object(members)
      })
    members["reliability"] = .list(
      reliability.map {
        .object([
          "from": JSONValue($0.from), "to": JSONValue($0.to),
          "detections": .integer($0.detections), "right": .integer($0.right),
          "mean_score": JSONValue($0.meanScore), "right_share": JSONValue($0.rightShare),
        ])
      })
    members["named"] = naming.map(Self.members) ?? .null
    members["notes"] = .list(notes.map { .text($0) })
    return .object(members)
  }

  /// Where thresholds come from: `card`, `given` or `best`.
  public var choiceName: String {
    switch choice {
    case .card: "card"
    case .given: "given"
    case .best: "best"
    }
  }

  /// Figures that a sweep of thresholds gives.
  static let sweptFigures: [Figure] = [
    .precision, .recall, .f1, .macroF1, .countMAE, .countBias, .falsePositivesPerEmptyImage,
    .maxNMAE, .maxNBias, .maxNRelativeBias,
  ]

  private static func groups(_ groups: [(String, Group)]) -> JSONValue {
    .object(
      Dictionary(
        groups.map { ($0.0, .object(members($0.1))) }, uniquingKeysWith: { first, _ in first }))
  }

  private static func members(_ figures: Figures, _ chosen: [Figure]) -> [String: JSONValue] {
    Dictionary(chosen.map { ($0.rawValue, JSONValue(figures[$0])) }, uniquingKeysWith: { $1 })
  }

  private static func members(_ naming: Naming) -> JSONValue {
    let row = { (row: Naming.Row) -> [String: JSONValue] in
      [
        "boxes": .integer(row.boxes), "named": .integer(row.named), "right": .integer(row.right),
        "right_share": JSONValue(row.rightShare), "unidentified": .integer(row.unidentified),
      ]
    }
    var all = row(naming.all)
    all["any_name"] = .object(members(naming.anyName, [.f1, .precision, .recall]))
    all["by_class"] = .object(
      Dictionary(
        naming.byClass.map { ($0.label, .object(row($0))) }, uniquingKeysWith: { $1 }))
    return .object(all)
  }

  private static func members(_ group: Group) -> [String: JSONValue] {
    var members = members(group.figures, Figure.allCases)
    for (name, count) in group.numbers { members[name] = .integer(count) }
    if let source = group.source {
      members["source"] = .text(source)
    } else {
      members["intervals"] = .object(
        Dictionary(
          Figure.allCases.compactMap { figure in
            group.intervals[figure].map {
              (
                figure.rawValue, .list([JSONValue($0.lowerBound), JSONValue($0.upperBound)])
              )
            }
          }, uniquingKeysWith: { $1 }))
    }
    return members
  }
}

extension Evaluation.Group {
  /// What was counted, named as in JSON and CSV.
  ///
  /// `boxes`, `right`, `wrong` and `missed` are of complete frames; `max_n_true` and `max_n_found`
  /// are sums over videos.
  public var numbers: [(name: String, count: Int)] {
    [
      ("images", counts.images), ("complete_images", counts.complete),
      ("empty_images", counts.empty), ("videos", videoCount), ("boxes", counts.boxes),
      ("right", counts.right), ("wrong", counts.wrong),
      ("missed", counts.boxes - counts.right), ("incomplete_boxes", counts.boxesIncomplete),
      ("incomplete_right", counts.rightIncomplete),
      ("small_boxes", counts.boxesBySize[.small]), ("medium_boxes", counts.boxesBySize[.medium]),
      ("large_boxes", counts.boxesBySize[.large]), ("max_n_videos", counts.maxNVideos),
      ("max_n_true", counts.maxNTrue), ("max_n_found", counts.maxNFound),
    ]
  }
}
