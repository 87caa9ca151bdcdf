extension CentroidDecoder {
  /// Edge Impulse's FOMO post-processing, rule for rule.
  ///
  /// Cells at or above the threshold are taken row by row, label by label. The first box of the
  /// same label that touches the cell, at an edge or a corner, absorbs it: it grows to the right
  /// and downward, but to the left and upward it moves without widening. A second pass drops boxes
  /// that touch an earlier one: for this test the earlier one goes on growing by the same rule, but
  /// it is reported as it was. A box has its best cell's score.
  static func cubes(_ grid: ScoreGrid, background: Int?, thresholds: [Float]) -> [GridDetection] {
    var first: [Cube] = []
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        for channel in 0..<grid.channels where channel != background {
          let score = grid[column, row, channel]
          if score < thresholds[channel] { continue }
          absorb(
            Cube(
              channel: channel, score: score,
              box: CellBox(left: column, top: row, width: 1, height: 1)), into: &first)
        }
      }
    }
    var growing: [Cube] = []
    let kept = first.filter { absorb($0, into: &growing) }
    return kept.map { cube in
      GridDetection(
        channel: cube.channel, x: Double(cube.box.left) + Double(cube.box.width) / 2,
        y: Double(cube.box.top) + Double(cube.box.height) / 2, score: cube.score, box: cube.box)
    }
  }

  private struct Cube {
    var channel: Int
    var score: Float
    var box: CellBox
  }

  /// Whether two boxes share a cell, an edge or a corner.
  private static func touch(_ a: CellBox, _ b: CellBox) -> Bool {
    a.left + a.width >= b.left && a.top + a.height >= b.top && a.left <= b.left + b.width
      && a.top <= b.top + b.height
  }

  /// Lets the first box that touches it absorb a cell or box; if none does, it is added.
  ///
  /// - Returns: whether it was added.
  @discardableResult
  private static func absorb(_ cell: Cube, into cubes: inout [Cube]) -> Bool {
    let box = cell.box
    guard
      let index = cubes.firstIndex(where: { $0.channel == cell.channel && touch($0.box, box) })
    else {
      cubes.append(cell)
      return true
    }
    let own = cubes[index].box
    let left = min(own.left, box.left)
    let top = min(own.top, box.top)
    cubes[index].box = CellBox(
      left: left, top: top, width: max(own.width, box.left + box.width - left),
      height: max(own.height, box.top + box.height - top))
    cubes[index].score = max(cubes[index].score, cell.score)
    return false
  }
}
