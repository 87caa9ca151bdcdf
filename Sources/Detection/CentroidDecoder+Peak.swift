internal import Foundation

extension CentroidDecoder {
  /// A peak's scores fall off around its individual as a Gaussian: its sigma is this share of the
  /// individual's side, 1.3 times that of the Gaussians that models are trained on.
  private static let spread = 1.3 / 6

  /// The least sigma, in cells.
  private static let narrowest = 0.65

  /// Local maxima of each label's scores over the eight neighbouring cells and, where sizes are
  /// known, individuals that touch them.
  ///
  /// A cell stands for the label that scores highest in it, so that one individual never counts as
  /// two labels. Of neighbours with equal scores the first, row by row, is the maximum. The
  /// centroid is the mean of the nine cells' middles weighted by score, at most half a cell away.
  ///
  /// A cell beside a maximum is an individual of its own as far as its score is not explained: the
  /// score is what is left of the cell's, less the most that the Gaussian of a stronger maximum, or
  /// of another such cell, gives there. The thresholds decide of each whether it is kept, and of
  /// nothing else.
  static func peaks(
    _ grid: ScoreGrid, background: Int?, thresholds: [Float], sizes: [Float]
  ) -> [GridDetection] {
    var maxima: [GridDetection] = []
    for row in 0..<grid.height {
      for column in 0..<grid.width {
        guard let channel = best(grid, column, row, background, thresholds),
          isMaximum(grid, column, row, channel)
        else { continue }
        maxima.append(individual(grid, column, row, channel))
      }
    }
    guard !sizes.isEmpty, !maxima.isEmpty else { return maxima }
    var found = maxima + beside(maxima, grid, background, thresholds)
    let count = maxima.count
    let order = found.indices.sorted { first, second in
      let (one, other) = (found[first], found[second])
      if one.score != other.score { return one.score > other.score }
      return (one.row, one.column) < (other.row, other.column)
    }
    var placeOfCell: [Int: Int] = [:]
    for place in order {
      let one = found[place]
      if place >= count {
        let explained = neighbours(of: one, in: grid).map { cell -> Double in
          guard let other = placeOfCell[cell], found[other].channel == one.channel else { return 0 }
          return share(of: found[other], grid, sizes, column: one.column, row: one.row)
        }
        found[place].score = Float(max(0, Double(one.score) - (explained.max() ?? 0)))
      }
      placeOfCell[one.row * grid.width + one.column] = place
    }
    return found.filter { $0.score > 0 && $0.score >= thresholds[$0.channel] }
      .sorted { ($0.row, $0.column) < ($1.row, $1.column) }
  }

  /// The label that a cell stands for, if its score is high enough.
  private static func best(
    _ grid: ScoreGrid, _ column: Int, _ row: Int, _ background: Int?, _ thresholds: [Float]
  ) -> Int? {
    var best: Int?
    for channel in 0..<grid.channels where channel != background {
      if grid[column, row, channel] > best.map({ grid[column, row, $0] }) ?? 0 { best = channel }
    }
    return best.flatMap { grid[column, row, $0] >= thresholds[$0] ? $0 : nil }
  }

  private static func isMaximum(_ grid: ScoreGrid, _ column: Int, _ row: Int, _ channel: Int)
    -> Bool
  {
    let score = grid[column, row, channel]
    for y in max(0, row - 1)...min(grid.height - 1, row + 1) {
      for x in max(0, column - 1)...min(grid.width - 1, column + 1) {
        let other = grid[x, y, channel]
        let isEarlier = y < row || (y == row && x < column)
        if other > score || (isEarlier && other == score) { return false }
      }
    }
    return true
  }

  /// What a cell stands for, with the cell's score.
  private static func individual(_ grid: ScoreGrid, _ column: Int, _ row: Int, _ channel: Int)
    -> GridDetection
  {
    var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
    for y in max(0, row - 1)...min(grid.height - 1, row + 1) {
      for x in max(0, column - 1)...min(grid.width - 1, column + 1) {
        let score = Double(grid[x, y, channel])
        sum += score
        sumX += score * Double(x - column)
        sumY += score * Double(y - row)
      }
    }
    let held = { (value: Double) in min(0.5, max(-0.5, value)) }
    return GridDetection(
      channel: channel, x: Double(column) + 0.5 + held(sumX / sum),
      y: Double(row) + 0.5 + held(sumY / sum), score: grid[column, row, channel], column: column,
      row: row)
  }

  /// The cells beside maxima that stand for the same label and are none.
  private static func beside(
    _ maxima: [GridDetection], _ grid: ScoreGrid, _ background: Int?, _ thresholds: [Float]
  ) -> [GridDetection] {
    var taken = Set(maxima.map { $0.row * grid.width + $0.column })
    var found: [GridDetection] = []
    for maximum in maxima {
      for cell in neighbours(of: maximum, in: grid) where !taken.contains(cell) {
        let (row, column) = cell.quotientAndRemainder(dividingBy: grid.width)
        guard best(grid, column, row, background, thresholds) == maximum.channel else { continue }
        taken.insert(cell)
        found.append(individual(grid, column, row, maximum.channel))
      }
    }
    return found
  }

  /// The up to eight cells around an individual's, counted row by row.
  private static func neighbours(of found: GridDetection, in grid: ScoreGrid) -> [Int] {
    (max(0, found.row - 1)...min(grid.height - 1, found.row + 1)).flatMap { row in
      (max(0, found.column - 1)...min(grid.width - 1, found.column + 1)).compactMap { column in
        row == found.row && column == found.column ? nil : row * grid.width + column
      }
    }
  }

  /// The score that an individual gives in a cell.
  private static func share(
    of found: GridDetection, _ grid: ScoreGrid, _ sizes: [Float], column: Int, row: Int
  ) -> Double {
    let place = (found.row * grid.width + found.column) * 2
    let away = (Double(column) + 0.5 - found.x, Double(row) + 0.5 - found.y)
    let squared = { (away: Double, size: Float) in
      // A side that is not a number leaves the narrowest.
      let sigma = max(narrowest, size.isFinite ? spread * pow(2, Double(size)) : 0)
      return away * away / (sigma * sigma)
    }
    let exponent = squared(away.0, sizes[place]) + squared(away.1, sizes[place + 1])
    return Double(found.score) * exp(-exponent / 2)
  }
}
