/// One-to-one assignment of rows to columns: as many pairs as possible, and of those ways the one
/// with the least sum of costs (Kuhn 1955, as shortest augmenting paths with potentials).
///
/// Rows are added one after the other, and after each the assignment is the best of those so far.
/// Adding a row takes the square of the number of rows and columns.
struct OneToOne {
  /// The column of each row so far; `nil` where it has none.
  var columns: [Int?] {
    var result = [Int?](repeating: nil, count: rows)
    for column in 1...max(1, columnCount) where column <= columnCount && rowOf[column] > 0 {
      result[rowOf[column] - 1] = column - 1
    }
    return result
  }
  /// How many rows have a column.
  var pairCount: Int { (1..<columnCount + 1).count { rowOf[$0] > 0 } }

  private let costs: [[Double?]]
  private let columnCount: Int
  /// What a row costs that gets no column: more than any set of pairs.
  private let alone: Double
  private var rows = 0
  /// The row, counted from 1, in each column, also counted from 1; 0 is none.
  ///
  /// Behind the real
  /// columns stands one for each row to be alone in.
  private var rowOf: [Int]
  private var rowPotential: [Double]
  private var columnPotential: [Double]

  /// An assignment to which no row has been added.
  ///
  /// - Parameter costs: for each row the cost of each column, from 0 up; `nil` where the two are
  ///   no pair.
  init(_ costs: [[Double?]]) {
    self.costs = costs
    columnCount = costs.first?.count ?? 0
    let greatest = costs.lazy.flatMap { $0 }.compactMap { $0 }.max() ?? 0
    alone = 1 + (Double(costs.count) + 1) * greatest
    rowOf = [Int](repeating: 0, count: columnCount + costs.count + 1)
    columnPotential = [Double](repeating: 0, count: rowOf.count)
    rowPotential = [Double](repeating: 0, count: costs.count + 1)
  }

  /// Adds the next row.
  mutating func addRow() {
    rows += 1
    let count = rowOf.count - 1
    var least = [Double](repeating: .infinity, count: count + 1)
    var before = [Int](repeating: 0, count: count + 1)
    var visited = [Bool](repeating: false, count: count + 1)
    var column = 0
    rowOf[0] = rows
    repeat {
      visited[column] = true
      let row = rowOf[column]
      var (step, next) = (Double.infinity, 0)
      for other in 1...count where !visited[other] {
        let reduced = cost(row, other) - rowPotential[row] - columnPotential[other]
        if reduced < least[other] {
          least[other] = reduced
          before[other] = column
        }
        if least[other] < step {
          step = least[other]
          next = other
        }
      }
      for other in 0...count {
        if visited[other] {
          rowPotential[rowOf[other]] += step
          columnPotential[other] -= step
        } else {
          least[other] -= step
        }
      }
      column = next
    } while rowOf[column] != 0
    while column != 0 {
      rowOf[column] = rowOf[before[column]]
      column = before[column]
    }
    rowOf[0] = 0
  }

  private func cost(_ row: Int, _ column: Int) -> Double {
    guard column <= columnCount else { return alone }
    return costs[row - 1][column - 1] ?? 3 * alone
  }
}
