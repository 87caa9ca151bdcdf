extension CentroidDecoder {
  /// Edge Impulse's FOMO post-processing, rule for rule.
  ///
  /// Cells at or above the threshold are taken row by row, label by label. The first box of the
  /// same label that touches the cell, at an edge or a corner, absorbs it: it grows to the right
  /// and downward, but to the left and upward it moves without widening. A second pass merges
  /// boxes into earlier ones by the same rule and drops them. A box has its best cell's score.
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
    var merged: [Cube] = []
    for cube in first { absorb(cube, into: &merged) }
    return merged.map { cube in
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

  private static func absorb(_ cube: Cube, into cubes: inout [Cube]) {
    let box = cube.box
    for index in cubes.indices where cubes[index].channel == cube.channel {
      let own = cubes[index].box
      let apart =
        own.left + own.width < box.left || own.top + own.height < box.top
        || own.left > box.left + box.width || own.top > box.top + box.height
      if apart { continue }
      cubes[index].box.left = min(own.left, box.left)
      cubes[index].box.top = min(own.top, box.top)
      let right = box.left + box.width
      let bottom = box.top + box.height
      cubes[index].box.width = max(own.width, right - cubes[index].box.left)
      cubes[index].box.height = max(own.height, bottom - cubes[index].box.top)
      cubes[index].score = max(cubes[index].score, cube.score)
      return
    }
    cubes.append(cube)
  }
}
