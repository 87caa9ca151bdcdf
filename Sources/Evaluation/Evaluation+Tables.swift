internal import Foundation
internal import Survey

/// A table of figures for people or files.
public struct FigureTable: Sendable, Equatable {
  /// Headings.
  public var header: [String]
  /// Cells, as many a row as there are headings.
  public var rows: [[String]]

  /// The table as CSV.
  public var csv: String { CSV.row(header) + rows.map(CSV.row).joined() }
}

extension Evaluation {
  /// A short table for a terminal: everything, then each source, and each label where there are
  /// several.
  public var summaryTable: FigureTable {
    var groups = [("all", all)]
    if bySource.count > 1 { groups += bySource.map { ("source " + $0.name, $0) } }
    if byClass.count > 1 { groups += byClass.map { ("class " + $0.name, $0) } }
    return FigureTable(
      header: [
        "", "Videos", "Images", "Fish", "F1", "95 %", "Precision", "Recall", "AP", "Count error",
        "bias", "False/empty", "MaxN error", "relative",
      ],
      rows: groups.map { name, group in
        let figures = group.figures
        let interval = group.intervals[.f1].map {
          String(format: "%.2f–%.2f", $0.lowerBound, $0.upperBound)
        }
        return [
          name, String(group.videoCount), String(group.counts.images),
          String(group.counts.boxes + group.counts.boxesIncomplete),
          Self.text(figures[.f1], "%.3f"), interval ?? "–",
          Self.text(figures[.precision], "%.3f"), Self.text(figures[.recall], "%.3f"),
          Self.text(figures[.averagePrecision], "%.3f"), Self.text(figures[.countMAE], "%.2f"),
          Self.text(figures[.countBias], "%+.2f"),
          Self.text(figures[.falsePositivesPerEmptyImage], "%.2f"),
          Self.text(figures[.maxNMAE], "%.2f"),
          figures[.maxNRelativeBias].map { String(format: "%+.0f %%", $0 * 100) } ?? "–",
        ]
      })
  }

  /// A table of videos for a terminal, the worst F1 first.
  public var videoTable: FigureTable {
    let order = byVideo.sorted {
      ($0.figures[.f1] ?? 2, $0.source ?? "", $0.name)
        < ($1.figures[.f1] ?? 2, $1.source ?? "", $1.name)
    }
    return FigureTable(
      header: [
        "Video", "Source", "Images", "Fish", "F1", "Precision", "Recall", "Count error", "MaxN",
        "found",
      ],
      rows: order.map { video in
        let hasCounts = video.counts.maxNVideos > 0
        return [
          video.name, video.source ?? "", String(video.counts.images),
          String(video.counts.boxes + video.counts.boxesIncomplete),
          Self.text(video.figures[.f1], "%.2f"), Self.text(video.figures[.precision], "%.2f"),
          Self.text(video.figures[.recall], "%.2f"), Self.text(video.figures[.countMAE], "%.2f"),
          hasCounts ? String(video.counts.maxNTrue) : "–",
          hasCounts ? String(video.counts.maxNFound) : "–",
        ]
      })
  }

  /// Every figure of every group, with the bounds of its interval.
  public var figureTable: FigureTable {
    let numbers = all.numbers.map(\.name)
    let header =
      ["group", "name", "source"] + numbers
      + Figure.allCases.flatMap { [$0.rawValue, $0.rawValue + "_low", $0.rawValue + "_high"] }
    let row = { (kind: String, group: Group) -> [String] in
      let figures = Figure.allCases.flatMap { figure in
        [
          group.figures[figure], group.intervals[figure]?.lowerBound,
          group.intervals[figure]?.upperBound,
        ].map { Self.text($0, "%.6f", none: "") }
      }
      return [kind, group.name, group.source ?? ""] + group.numbers.map { String($0.count) }
        + figures
    }
    return FigureTable(
      header: header,
      rows: [row("all", all)] + byClass.map { row("class", $0) }
        + bySource.map { row("source", $0) }
        + byVideo.map { row("video", $0) })
  }

  /// Figures by threshold, of all labels together (`all`) and of each.
  public var thresholdTable: FigureTable {
    let figures = Self.sweptFigures
    let row = { (label: String, threshold: Double, values: Figures) in
      [label, String(format: "%.2f", threshold)]
        + figures.map { Self.text(values[$0], "%.6f", none: "") }
    }
    return FigureTable(
      header: ["label", "threshold"] + figures.map(\.rawValue),
      rows: byThreshold.map { row("all", $0.threshold, $0.figures) }
        + labels.indices.flatMap { index in
          byThreshold.map { row(name(labels[index]), $0.threshold, $0.byLabel[index]) }
        })
  }

  /// Counts of each frame.
  public var imageTable: FigureTable {
    FigureTable(
      header: [
        "image", "video", "source", "complete", "true", "found", "right", "wrong", "missed",
      ],
      rows: rows.map { row in
        [
          row.name, row.video, row.source, row.isComplete ? "yes" : "no", String(row.boxes),
          row.isComplete ? String(row.found) : "", String(row.right),
          row.isComplete ? String(row.found - row.right) : "", String(row.boxes - row.right),
        ]
      })
  }

  private static func text(_ value: Double?, _ format: String, none: String = "–") -> String {
    value.map { String(format: format, $0) } ?? none
  }
}
