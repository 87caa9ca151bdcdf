internal import Detection
internal import Foundation
internal import SpeciesCatalog

extension Evaluation {
  /// Plots as SVG by file name.
  ///
  /// They show precision over recall, F1 by threshold, found over true counts, and right ones by
  /// score. Those that the decoder does not allow are left out.
  public var plots: [(file: String, svg: String)] {
    var plots = [("counts.svg", countPlot)]
    if !byThreshold.isEmpty {
      plots += [
        ("precision-recall.svg", curvePlot), ("f1-by-threshold.svg", thresholdPlot),
        ("reliability.svg", reliabilityPlot),
      ]
    }
    return plots
  }

  private var subtitle: String {
    "\(model.card.name) \(model.card.statedVersion) on \(all.counts.complete) images of "
      + "\(all.counts.maxNVideos) videos, \(all.counts.boxes) fish"
  }

  private var curvePlot: String {
    let one = labels.count == 1
    let colours = labels.indices.map { one ? nil : Self.colour($0, of: labels.count) }
    let legend = byClass.enumerated().prefix(one ? 0 : 16).map { index, group in
      let average = group.figures[.averagePrecision].map { String(format: ", AP %.2f", $0) } ?? ""
      return SVGChart.Meaning(words: group.name + average, ink: .first, colour: colours[index])
    }
    var chart = SVGChart(
      title: "How many fish are found, and how many finds are fish",
      subtitle: subtitle,
      legend: legend, x: 0...1, y: 0...1.0001, xTitle: "Recall: share of the fish that is found",
      yTitle: "Precision: share of finds that are fish")
    for (index, points) in curves.enumerated() {
      chart.line(points.map { ($0.recall, $0.precision) }, ink: .first, colour: colours[index])
    }
    for (index, group) in byClass.enumerated() {
      let figures = group.figures
      guard let recall = figures[.recallComplete], let precision = figures[.precision] else {
        continue
      }
      let threshold = String(format: "%.2f", thresholds[labels[index]])
      chart.dot(
        recall, precision, radius: 6, ink: one ? .second : .first, colour: colours[index],
        hint: "\(group.name) at threshold \(threshold): precision "
          + String(format: "%.3f, recall %.3f", precision, recall))
      if one { chart.label("threshold \(threshold)", recall + 0.015, precision + 0.025) }
    }
    return chart.svg
  }

  private var thresholdPlot: String {
    var legend = [
      SVGChart.Meaning(words: "F1", ink: .first),
      SVGChart.Meaning(words: "precision", ink: .second),
      SVGChart.Meaning(words: "recall", ink: .third),
    ]
    if commonThreshold != nil {
      legend.append(SVGChart.Meaning(words: "threshold used", ink: .faint, mark: .dashes))
    }
    var chart = SVGChart(
      title: "What the threshold does", subtitle: subtitle, legend: legend, x: 0...1, y: 0...1.0001,
      xTitle: "Threshold: score from which a detection counts", yTitle: "Share")
    let line = { (figure: Figure) in
      byThreshold.compactMap { point in
        point.figures[figure].map { (x: point.threshold, y: $0) }
      }
    }
    chart.line(line(.precision), ink: .second)
    chart.line(line(.recallComplete), ink: .third)
    chart.line(line(.f1), ink: .first)
    if let commonThreshold {
      chart.line([(commonThreshold, 0), (commonThreshold, 1)], ink: .faint, dashed: true)
      chart.label(String(format: "%.2f", commonThreshold), commonThreshold + 0.01, 0.965)
    }
    return chart.svg
  }

  private var countPlot: String {
    let judged = rows.filter(\.isComplete)
    let most = max(
      5, judged.map { max($0.boxes, $0.found) }.max() ?? 0,
      byVideo.map { max($0.counts.maxNTrue, $0.counts.maxNFound) }.max() ?? 0)
    let end = Double(most) * 1.06 + 0.3
    // The MaxN of one frame is its count.
    let videos = byVideo.filter { $0.counts.complete > 1 }
    let legend =
      [SVGChart.Meaning(words: "frames (area: how many)", ink: .first, mark: .dot)]
      + (videos.isEmpty
        ? [] : [SVGChart.Meaning(words: "MaxN of a video", ink: .second, mark: .ring)])
      + [SVGChart.Meaning(words: "right counts", ink: .faint, mark: .dashes)]
    var chart = SVGChart(
      title: "Counts against the truth", subtitle: subtitle, legend: legend, x: -0.5...end,
      y: -0.5...end,
      xTitle: "Fish in the frame, by the labels", yTitle: "Fish that the model counts",
      whole: true)
    chart.line([(-0.5, -0.5), (end, end)], ink: .faint, dashed: true)
    var frames: [[Int]: Int] = [:]
    for row in judged { frames[[row.boxes, row.found], default: 0] += 1 }
    let largest = Double(frames.values.max() ?? 1).squareRoot()
    let scale = min(1.6, 15.5 / largest)
    for (counts, number) in frames.sorted(by: {
      ($1.value, $0.key[0], $0.key[1]) < ($0.value, $1.key[0], $1.key[1])
    }) {
      chart.dot(
        Double(counts[0]), Double(counts[1]),
        radius: 2.5 + scale * Double(number).squareRoot(), ink: .first,
        hint: "\(number) frames with \(counts[0]) fish, counted as \(counts[1])")
    }
    for video in videos {
      chart.dot(
        Double(video.counts.maxNTrue), Double(video.counts.maxNFound), radius: 5, ink: .second,
        hollow: true,
        hint: "\(video.name): MaxN \(video.counts.maxNTrue), found \(video.counts.maxNFound)")
    }
    return chart.svg
  }

  private var reliabilityPlot: String {
    let judged = reliability.reduce(0) { $0 + $1.detections }
    let legend = [
      SVGChart.Meaning(words: "detections (numbers: how many)", ink: .first, mark: .dot),
      SVGChart.Meaning(words: "scores that are shares", ink: .faint, mark: .dashes),
    ]
    var chart = SVGChart(
      title: "Whether scores mean what they say",
      subtitle: "\(model.card.name) \(model.card.statedVersion), \(judged) detections from score "
        + String(format: "%.2f up", floor), legend: legend, x: 0...1, y: 0...1.0001,
      xTitle: "Score",
      yTitle: "Share of right detections")
    for bin in reliability {
      guard let share = bin.rightShare, let score = bin.meanScore else { continue }
      let hint =
        "\(bin.right) of \(bin.detections) right, "
        + String(format: "mean score %.2f", score)
      chart.bar(from: bin.from, to: bin.to, height: share, hint: hint)
      chart.dot(score, share, radius: 4, ink: .first, hint: hint)
      chart.label(
        String(bin.detections), (bin.from + bin.to) / 2, max(0.02, min(share + 0.025, 0.96)),
        anchor: "middle")
    }
    chart.line([(0, 0), (1, 1)], ink: .faint, dashed: true)
    return chart.svg
  }

  /// One of several colours around the circle that stand out on light and dark.
  private static func colour(_ index: Int, of count: Int) -> String {
    "hsl(\((index * 360 / max(1, count) + 205) % 360) 62% 50%)"
  }
}
