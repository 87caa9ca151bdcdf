internal import CKernels
internal import TFLite

/// How a step walks through images, one output row after the other.
struct RowAccess {
  /// Output rows, and work units in each.
  var rows: Int
  var unitsPerRow: Int
  /// For each input, which rows an output row reads; nil for an input that is read as a whole.
  var inputs: [Reach?]

  /// Rows `row * stride - before ..< row * stride - before + size`, as far as they exist.
  struct Reach {
    var stride = 1
    var before = 0
    var size = 1
    var height: Int
  }
}

extension RowAccess {
  /// Nil for several images.
  init?(_ window: fk_window, inputs count: Int = 1) {
    guard window.batch == 1 else { return nil }
    rows = Int(window.out_h)
    unitsPerRow = 1
    inputs = Array(repeating: nil, count: count)
    inputs[0] = Reach(
      stride: Int(window.stride_h), before: Int(window.pad_top),
      size: (Int(window.k_h) - 1) * Int(window.dilation_h) + 1, height: Int(window.in_h))
  }

  /// Element by element, on images of one shape; nil for anything else.
  init?(elementwise shape: [Int], units: Int, inputs: [Bool]) {
    guard shape.count == 4, shape[0] == 1, shape[1] > 0 else { return nil }
    rows = shape[1]
    unitsPerRow = units / shape[1]
    self.inputs = inputs.map { $0 ? Reach(height: shape[1]) : nil }
  }
}

extension RowAccess.Reach {
  /// First row that output row `row` reads.
  func first(_ row: Int) -> Int { max(0, min(height, row * stride - before)) }
  /// Row behind the last one that output rows before `row` read.
  func end(_ row: Int) -> Int {
    row == 0 ? 0 : max(0, min(height, (row - 1) * stride - before + size))
  }
}

/// When which rows of which step are computed, and which values are never whole.
///
/// Steps that follow each other are interleaved in strips of rows, so that what one writes is still in
/// the cache when the next reads it. A value that only such neighbours read needs no more memory than
/// for a strip and the rows that the next one reads again: a `Ring`.
struct Schedule {
  /// A step, or a part of it.
  struct Call {
    var step: Int
    var rows: Range<Int>?
    /// For each value in a ring, the first row that it holds.
    var bases: [Int: Int] = [:]
  }

  /// In order.
  private(set) var calls: [Call] = []
  /// Bytes that the rows take of which a value's ring holds as many at once.
  private(set) var ringBytes: [Int: Int] = [:]
  /// Bytes of one of its rows.
  private(set) var rowBytes: [Int: Int] = [:]
  /// For each step, the steps between which it runs.
  private(set) var spans: [ClosedRange<Int>] = []

  /// Values below this are in the cache anyway.
  private static let smallValue = 96 << 10
  private static let cacheBudget = 512 << 10

  /// Every step as a whole.
  init(wholeStepsOf preparation: Preparation) {
    spans = preparation.steps.indices.map { $0...$0 }
    calls = preparation.steps.indices.map { Call(step: $0) }
  }

  init(_ preparation: Preparation, threads: Int) {
    let steps = preparation.steps
    spans = steps.indices.map { $0...$0 }
    var index = 0
    while index < steps.count {
      var end = index
      var bytes = 0
      while end < steps.count, Self.isLarge(steps[end], preparation) {
        bytes += steps[end].writes.reduce(0) { $0 + preparation.values[$1].byteCount }
        end += 1
      }
      if end - index >= 2, bytes > Self.cacheBudget {
        appendStrips(index..<end, preparation, threads: threads)
        index = end
      } else {
        calls.append(Call(step: index))
        index += 1
      }
    }
  }

  private static func isLarge(_ step: Preparation.Step, _ preparation: Preparation) -> Bool {
    guard let rows = step.rows, rows.rows > 1, step.writes.count == 1, step.units > 0 else {
      return false
    }
    let ids = step.writes + zip(step.reads, rows.inputs).filter { $1 != nil }.map(\.0)
    return ids.contains { preparation.values[$0].byteCount >= smallValue }
  }

  private mutating func appendStrips(
    _ range: Range<Int>, _ preparation: Preparation, threads: Int
  ) {
    for step in range { spans[step] = range.lowerBound...range.upperBound - 1 }
    let plan = StripPlan(range, preparation)
    // As many rows of the last step at once as the cache has room for. Threads wait for each other at
    // every call, so that several of them take few and long strips.
    var strip = threads > 1 ? (plan.rows + 4) / 5 : 1
    let budget = Self.cacheBudget * threads
    while strip < plan.rows {
      let next = min(plan.rows, strip * 2)
      guard plan.byteCount(strip: next) <= budget else { break }
      strip = next
    }
    for (id, rows) in plan.windows(strip: strip) {
      guard let size = plan.rowBytes[id] else { continue }
      ringBytes[id] = rows * size
      rowBytes[id] = size
    }
    var bases: [Int: Int] = [:]
    plan.simulate(strip: strip) { event in
      switch event {
      case .keep(let id, let from): bases[id] = from
      case .compute(let step, let rows):
        calls.append(Call(step: step, rows: rows, bases: bases))
      }
    }
  }
}

/// The order of strips through neighbouring steps, for any height of a strip.
private struct StripPlan {
  enum Event {
    /// Rows before `from` are no longer needed.
    case keep(value: Int, from: Int)
    case compute(step: Int, rows: Range<Int>)
  }

  let range: Range<Int>
  let steps: [Preparation.Step]
  /// For each value that only these steps know, the step that computes it.
  private var producers: [Int: Int] = [:]
  /// Readers within the range: step, and how it reads.
  private var readers: [Int: [(step: Int, reach: RowAccess.Reach)]] = [:]
  private(set) var rowBytes: [Int: Int] = [:]
  var rows: Int { steps[range.upperBound - 1].rows?.rows ?? 1 }

  init(_ range: Range<Int>, _ preparation: Preparation) {
    self.range = range
    steps = preparation.steps
    var known: [Int: Int] = [:]
    for step in range { known[preparation.resolve(steps[step].writes[0])] = step }
    var outside = Set(preparation.model.outputs.map(preparation.resolve))
    for (index, step) in steps.enumerated() where !range.contains(index) {
      outside.formUnion(step.reads.map(preparation.resolve))
    }
    for step in range {
      guard let access = steps[step].rows else { continue }
      for (read, reach) in zip(steps[step].reads, access.inputs) {
        let id = preparation.resolve(read)
        guard known[id] != nil else { continue }
        if let reach {
          readers[id, default: []].append((step, reach))
        } else {
          outside.insert(id)
        }
      }
    }
    for (id, step) in known where !outside.contains(id) && readers[id] != nil {
      producers[id] = step
      rowBytes[id] = preparation.values[id].byteCount / (steps[step].rows?.rows ?? 1)
    }
    self.preparation = preparation
  }

  private let preparation: Preparation

  /// Goes through the strips in order.
  func simulate(strip: Int, _ body: (Event) -> Void) {
    var done = Array(repeating: 0, count: range.count)
    var last = 0
    while last < rows {
      last = min(rows, last + strip)
      var needed = Array(repeating: 0, count: range.count)
      needed[range.count - 1] = last
      for step in range.reversed() {
        let id = preparation.resolve(steps[step].writes[0])
        for (reader, reach) in readers[id] ?? [] {
          needed[step - range.lowerBound] = max(
            needed[step - range.lowerBound], reach.end(needed[reader - range.lowerBound]))
        }
        // Rows that nobody here reads are still part of the result.
        if last == rows { needed[step - range.lowerBound] = steps[step].rows?.rows ?? 1 }
      }
      for (id, step) in producers.sorted(by: { $0.key < $1.key }) {
        let existing = done[step - range.lowerBound]
        let from =
          (readers[id] ?? []).map { $0.reach.first(done[$0.step - range.lowerBound]) }.min() ?? 0
        body(.keep(value: id, from: min(from, existing)))
      }
      for step in range {
        let local = step - range.lowerBound
        if needed[local] > done[local] {
          body(.compute(step: step, rows: done[local]..<needed[local]))
          done[local] = needed[local]
        }
      }
    }
  }

  /// Rows of memory that each value needs.
  func windows(strip: Int) -> [Int: Int] {
    var firsts: [Int: Int] = [:]
    var windows: [Int: Int] = [:]
    simulate(strip: strip) { event in
      switch event {
      case .keep(let id, let from): firsts[id] = from
      case .compute(let step, let rows):
        let id = preparation.resolve(steps[step].writes[0])
        guard producers[id] != nil else { return }
        windows[id] = max(windows[id] ?? 0, rows.upperBound - (firsts[id] ?? 0))
      }
    }
    return windows
  }

  func byteCount(strip: Int) -> Int {
    windows(strip: strip).reduce(0) { $0 + $1.value * (rowBytes[$1.key] ?? 0) }
  }
}
