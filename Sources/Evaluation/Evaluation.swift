public import Detection
internal import SpeciesCatalog

/// How good a model is on a truth: the figures, and what they depend on.
public struct Evaluation: Sendable {
  /// Which scores count.
  public enum Threshold: Sendable, Equatable {
    /// Each label's own, as the model's card says.
    case card
    /// One for all labels.
    case given(Double)
    /// For each label the one with the highest F1 on this very truth.
    case best
  }

  /// Figures of a part of the truth.
  public struct Group: Sendable {
    /// Name of the label, source or video.
    public var name: String
    /// Source of a video.
    public var source: String?
    /// What was counted.
    var counts: Counts
    /// Videos that take part.
    var videoCount: Int
    /// The figures.
    public var figures: Figures
    /// 95 % intervals, where several videos allow them.
    public var intervals: [Figure: ClosedRange<Double>] = [:]
  }

  /// Figures at one threshold for all labels.
  public struct Point: Sendable {
    /// The threshold.
    public var threshold: Double
    /// All labels together.
    public var figures: Figures
    /// Label by label, as `labels` lists them.
    public var byLabel: [Figures]
  }

  /// One frame's counts at the thresholds.
  public struct Row: Sendable {
    /// Picture, or frame of the clip.
    public var name: String
    /// Its video and source.
    public var video: String, source: String
    /// Whether every individual has a box.
    public var isComplete: Bool
    /// True individuals; judged detections; and right ones.
    public var boxes: Int, found: Int, right: Int
    /// Individuals that were missed, and where all have boxes detections that are wrong.
    var errors: Int { boxes - right + (isComplete ? found - right : 0) }
  }

  /// The model with its card.
  public let model: LoadedModel
  /// Name of the decoder and of the kernels.
  public let decoder: String, kernels: String
  /// The truth.
  public let truth: TruthSet
  /// Which label each class of the truth is.
  public let classes: ClassMap
  /// What the model's detections are called.
  public let names: [String]
  /// Labels that take part: those that a class of the truth is, and where one of an open set is, all
  /// of it.
  public let labels: [Int]
  /// Where thresholds come from.
  public let choice: Threshold
  /// Threshold of each of the model's labels.
  public let thresholds: [Double]
  /// How far beside a box a centroid may lie, in pixels as annotated; `nil` is half an output cell.
  public let margin: Double?
  /// Score from which there are detections.
  public let floor: Double

  /// Everything together.
  public private(set) var all: Group
  /// By label, source and video.
  public private(set) var byClass: [Group], bySource: [Group], byVideo: [Group]
  /// Figures from the floor up; empty where the decoder allows one threshold only.
  public private(set) var byThreshold: [Point]
  /// Precision over recall of each of `labels`.
  public private(set) var curves: [[(recall: Double, precision: Double)]]
  /// Scores against the share of right ones.
  public private(set) var reliability: [ReliabilityBin]
  /// How well fish are named; `nil` without an open set that takes part.
  public private(set) var naming: Naming?
  /// Frame by frame.
  public private(set) var rows: [Row]
  /// The frames with most errors, worst first, at most `worstCount`.
  private(set) var worst: [JudgedFrame]
  /// What a reader of the figures should know.
  public private(set) var notes: [String]

  /// Name of a label.
  public func name(_ label: Int) -> String { names[label] }

  /// Measures a model.
  ///
  /// - Throws: `EvaluationError`, `DetectionError`, `MediaError`.
  public init(_ look: Look, _ truth: TruthSet, _ classes: ClassMap, threshold: Threshold) throws {
    var look = look
    if case .given(let value) = threshold { look.options.threshold = value }
    let finder = try look.model.finder(look.options)
    let sweeps = finder.thresholdUse == .counting
    if threshold == .best, !sweeps {
      throw EvaluationError.noSweep(decoder: finder.decoderName)
    }
    let seen = try look.look(at: truth)
    let names = finder.labels.map(\.label)
    self.names = names
    let count = names.count
    var labels = Set(classes.labels.compactMap { $0 })
    let openSet = labels.isDisjoint(with: finder.openSet) ? [] : finder.openSet
    labels.formUnion(openSet)
    let videos = zip(truth.videos, seen).map { video, seen in
      zip(video.frames, seen.frames).map {
        ScoredFrame($0, $1, classes: classes, labelCount: count, openSet: openSet)
      }
    }
    model = look.model
    decoder = finder.decoderName
    kernels = finder.kernels
    self.truth = truth
    self.classes = classes
    choice = threshold
    margin = look.margin
    floor = finder.floor
    let chosen = labels.sorted()
    self.labels = chosen
    byThreshold = sweeps ? Self.sweep(videos, chosen, count, from: finder.floor) : []
    var thresholds = finder.thresholds
    if threshold == .best {
      for (index, label) in chosen.enumerated() {
        thresholds[label] =
          Self.best(byThreshold.map { ($0.threshold, $0.byLabel[index][.f1]) })
          ?? thresholds[label]
      }
      if let last = openSet.last {
        // Members count from one threshold, whatever they are named.
        let together = Self.sweep(videos, [count], count + 1, from: finder.floor)
        let best = Self.best(together.map { ($0.threshold, $0.figures[.f1]) })
        for label in openSet { thresholds[label] = best ?? finder.thresholds[last] }
      }
    }
    self.thresholds = thresholds
    let parts = Parts(
      videos, labels: chosen, openSet: openSet, thresholds: thresholds, sweeps: sweeps)
    naming =
      openSet.isEmpty
      ? nil
      : Naming(
        truth, seen, videos, classes: classes, names: names, openSet: openSet,
        thresholds: thresholds)
    let everything = Array(truth.videos.indices)
    all = parts.group("all", everything, parts.allLabels)
    byClass = chosen.indices.map { index in
      parts.group(names[chosen[index]], everything, [index])
    }
    bySource = Set(truth.videos.map(\.source)).sorted().map { source in
      let own = everything.filter { truth.videos[$0].source == source }
      return parts.group(source, own, parts.allLabels)
    }
    byVideo = everything.map { index in
      var group = parts.group(truth.videos[index].name, [index], parts.allLabels)
      group.source = truth.videos[index].source
      return group
    }
    curves = sweeps ? parts.curves.map { $0.points() } : chosen.map { _ in [] }
    reliability = sweeps ? PrecisionCurve.reliability(parts.scoreCurves(parts.allLabels)) : []
    rows = zip(truth.videos, videos).flatMap { video, frames in
      zip(video.frames, frames).map { frame, scored in
        let tally = scored.tally(labels: chosen, thresholds: thresholds)
        return Row(
          name: frame.name, video: video.name, source: video.source,
          isComplete: frame.isComplete, boxes: tally.boxes, found: tally.found,
          right: tally.right)
      }
    }
    let frames = zip(truth.videos, seen).flatMap { video, seen in
      zip(video.frames, seen.frames).map { (video.name, $0, $1) }
    }
    worst = zip(rows, frames).filter { $0.0.errors > 0 }.enumerated()
      .sorted { ($1.element.0.errors, $0.offset) < ($0.element.0.errors, $1.offset) }
      .prefix(Self.worstCount).map { _, entry in
        let (video, frame, seen) = entry.1
        return JudgedFrame(
          frame, seen, video: video, classes: classes, labels: chosen, thresholds: thresholds)
      }
    notes = truth.notes + classes.notes + seen.flatMap(\.remarks)
    let others = names.indices.filter { !labels.contains($0) }
    if !others.isEmpty {
      notes.append(
        "No class of the truth is "
          + others.map { names[$0] }.joined(separator: ", ")
          + ": such detections take no part.")
    }
  }

  /// The one threshold of all labels that take part; `nil` where they differ.
  public var commonThreshold: Double? {
    let used = Set(labels.map { thresholds[$0] })
    return used.count == 1 ? used.first : nil
  }

  /// The common threshold with the highest F1 on this truth.
  public var bestThreshold: Double? {
    Self.best(byThreshold.map { ($0.threshold, $0.figures[.f1]) })
  }

  /// The threshold with the highest figure; of equal neighbours the middle one.
  static func best(_ points: [(threshold: Double, figure: Double?)]) -> Double? {
    guard let most = points.compactMap(\.figure).max(),
      let first = points.firstIndex(where: { $0.figure == most })
    else { return nil }
    let run = points[first...].prefix { $0.figure == most }
    return points[first + (run.count - 1) / 2].threshold
  }

  private static func sweep(
    _ videos: [[ScoredFrame]], _ labels: [Int], _ count: Int, from floor: Double
  ) -> [Point] {
    let first = max(1, Int((floor * 100 - 1e-6).rounded(.up)))
    guard first <= 99 else { return [] }
    return (first...99).map { hundredths in
      let threshold = Double(hundredths) / 100
      let thresholds = [Double](repeating: threshold, count: count)
      let figures = { (chosen: [Int]) -> Figures in
        var sum = Counts()
        for frames in videos { sum.add(Counts(frames, labels: chosen, thresholds: thresholds)) }
        return Figures(sum)
      }
      var (together, apart) = (figures(labels), labels.map { figures([$0]) })
      let macro = apart.filter { $0[.recallComplete] != nil }.compactMap { $0[.f1] }
      together[.macroF1] = macro.isEmpty ? nil : macro.reduce(0, +) / Double(macro.count)
      for index in apart.indices { apart[index][.macroF1] = apart[index][.f1] }
      return Point(threshold: threshold, figures: together, byLabel: apart)
    }
  }
}

/// Counts by video, and curves, from which figures of any group are made.
private struct Parts {
  let labels: [Int]
  /// Of all labels together, by video.
  let together: [Counts]
  /// By label and video.
  let apart: [[Counts]]
  let curves: [PrecisionCurve]
  let overlapCurves: [PrecisionCurve]
  /// Labels of the open set, and the curve of what is found of it, whatever it is named.
  let openSet: Set<Int>
  let openCurve: PrecisionCurve?
  let sweeps: Bool

  var allLabels: [Int] { Array(labels.indices) }

  init(
    _ videos: [[ScoredFrame]], labels: [Int], openSet: [Int], thresholds: [Double], sweeps: Bool
  ) {
    self.labels = labels
    self.openSet = Set(openSet)
    openCurve =
      openSet.isEmpty ? nil : PrecisionCurve(videos, label: thresholds.count, by: \.inBox)
    self.sweeps = sweeps
    together = videos.map { Counts($0, labels: labels, thresholds: thresholds) }
    apart = labels.map { label in
      videos.map { Counts($0, labels: [label], thresholds: thresholds) }
    }
    curves = labels.map { PrecisionCurve(videos, label: $0, by: \.inBox) }
    let found = videos.joined().flatMap { frame in labels.map { frame.labels[$0] } }
      .filter { !$0.scores.isEmpty }
    let haveBoxes =
      !found.isEmpty && found.allSatisfy { $0.overlap.right.count == $0.scores.count + 1 }
    overlapCurves =
      haveBoxes ? labels.map { PrecisionCurve(videos, label: $0, by: \.overlap) } : []
  }

  /// Curves by which scores are probabilities: a score of the open set says that there is one of it,
  /// and not which.
  func scoreCurves(_ chosen: [Int]) -> [PrecisionCurve] {
    let single = chosen.filter { !openSet.contains(labels[$0]) }.map { curves[$0] }
    guard chosen.count == labels.count, let openCurve else { return single }
    return single + [openCurve]
  }

  /// Figures of some videos and labels (numbers within `labels`), with intervals.
  func group(_ name: String, _ videos: [Int], _ chosen: [Int]) -> Evaluation.Group {
    var weights = [Int](repeating: 0, count: together.count)
    for video in videos { weights[video] = 1 }
    let parts = chosen.count == labels.count ? together : apart[chosen[0]]
    var figures = figures(weights, chosen)
    if sweeps {
      let own = scoreCurves(chosen).map { $0.only(Set(videos)) }
      figures[.calibrationError] = ReliabilityBin.error(PrecisionCurve.reliability(own))
    }
    return Evaluation.Group(
      name: name, counts: Self.sum(parts, weights), videoCount: videos.count, figures: figures,
      intervals: Resampling.intervals(videos, of: together.count) { self.figures($0, chosen) })
  }

  private static func sum(_ counts: [Counts], _ weights: [Int]) -> Counts {
    var sum = Counts()
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum.add(counts[index], times: weight)
    }
    return sum
  }

  private func figures(_ weights: [Int], _ chosen: [Int]) -> Figures {
    let parts = chosen.count == labels.count ? together : apart[chosen[0]]
    var figures = Figures(Self.sum(parts, weights))
    let single = chosen.compactMap { index -> Double? in
      let counts = Self.sum(apart[index], weights)
      return counts.boxes > 0 ? Figures(counts)[.f1] : nil
    }
    figures[.macroF1] = Self.mean(single)
    if sweeps {
      figures[.averagePrecision] = Self.mean(
        chosen.compactMap { curves[$0].average(weights: weights) })
      if !overlapCurves.isEmpty {
        figures[.averagePrecisionIoU50] = Self.mean(
          chosen.compactMap { overlapCurves[$0].average(weights: weights) })
      }
    }
    return figures
  }

  private static func mean(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }
}
