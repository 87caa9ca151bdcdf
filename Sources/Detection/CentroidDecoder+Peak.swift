extension CentroidDecoder {
  /// Local maxima of each label's scores over the eight neighbouring cells.
  ///
  /// A cell stands for the label that scores highest in it, so that one individual never counts as
  /// two labels. Of neighbours with equal scores the first, row by row, is the maximum. The
  /// centroid is the mean of the nine cells' middles weighted by score, at most half a cell away.
  static func peaks(_ grid: ScoreGrid, background: Int?, thresholds: [Float]) -> [GridDetection] {
    var found: [GridDetection] = []
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        var best: Int?
        for channel in 0..<grid.channels where channel != background {
          if grid[column, row, channel] > best.map({ grid[column, row, $0] }) ?? 0 {
            best = channel
          }
        }
        guard let best, grid[column, row, best] >= thresholds[best],
          let detection = peak(grid, column, row, best)
        else { continue }
        found.append(detection)
      }
    }
    return found
  }

  private static func peak(_ grid: ScoreGrid, _ column: Int, _ row: Int, _ channel: Int)
    -> GridDetection?
  {
    let score = grid[column, row, channel]
    var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
    for y in max(0, row - 1)...min(grid.height - 1, row + 1) {
      for x in max(0, column - 1)...min(grid.width - 1, column + 1) {
        let other = grid[x, y, channel]
        let isEarlier = y < row || (y == row && x < column)
        if other > score || (isEarlier && other == score) { return nil }
        sum += Double(other)
        sumX += Double(other) * Double(x - column)
        sumY += Double(other) * Double(y - row)
      }
    }
    let held = { (value: Double) in min(0.5, max(-0.5, value)) }
    return GridDetection(
      channel: channel, x: Double(column) + 0.5 + held(sumX / sum),
      y: Double(row) + 0.5 + held(sumY / sum), score: score, column: column, row: row)
  }
}
