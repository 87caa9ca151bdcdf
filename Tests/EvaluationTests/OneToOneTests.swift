import TestSupport
import Testing

@testable import Evaluation

@Suite struct OneToOneTests {
  /// The most pairs, and the least cost of so many, by trying everything.
  private func bruteForce(_ costs: [[Double?]]) -> (pairs: Int, cost: Double) {
    func best(_ row: Int, _ free: Set<Int>) -> (pairs: Int, cost: Double) {
      guard row < costs.count else { return (0, 0) }
      var result = best(row + 1, free)
      for column in free {
        guard let cost = costs[row][column] else { continue }
        let rest = best(row + 1, free.subtracting([column]))
        if (-rest.pairs - 1, rest.cost + cost) < (-result.pairs, result.cost) {
          result = (rest.pairs + 1, rest.cost + cost)
        }
      }
      return result
    }
    return best(0, Set(0..<(costs.first?.count ?? 0)))
  }

  @Test(arguments: 0..<300)
  func asGoodAsTryingEverything(_ seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let (rows, columns) = (
      Int.random(in: 1...6, using: &random), Int.random(in: 0...6, using: &random)
    )
    let density = Double.random(in: 0.1...1, using: &random)
    // Whole costs make ties, which is where an assignment goes wrong first.
    let costs = (0..<rows).map { _ in
      (0..<columns).map { _ -> Double? in
        guard Double.random(in: 0...1, using: &random) < density else { return nil }
        return Double(Int.random(in: 0...9, using: &random))
      }
    }
    var matching = OneToOne(costs)
    for count in 1...rows {
      matching.addRow()
      let taken = matching.columns
      let pairs = taken.enumerated().compactMap { row, column in column.map { (row, $0) } }
      #expect(Set(pairs.map(\.1)).count == pairs.count, "a column is taken twice: \(costs)")
      #expect(pairs.allSatisfy { costs[$0.0][$0.1] != nil }, "no pair: \(costs)")
      let wanted = bruteForce(Array(costs.prefix(count)))
      #expect(pairs.count == wanted.pairs, "\(costs)")
      let cost = pairs.reduce(0.0) { $0 + (costs[$1.0][$1.1] ?? 0) }
      #expect(abs(cost - wanted.cost) < 1e-9, "\(costs)")
    }
  }

  /// Each taking its nearest, the second would be left alone.
  @Test func pairsComeBeforeNearness() {
    var matching = OneToOne([[1, 50], [2, nil]])
    matching.addRow()
    #expect(matching.columns == [0])
    matching.addRow()
    #expect(matching.columns == [1, 0])
  }

  @Test func manyOnMany() {
    var random = SeededGenerator(seed: 7)
    let costs = (0..<150).map { _ in
      (0..<150).map { _ -> Double? in Double.random(in: 0...1000, using: &random) }
    }
    var matching = OneToOne(costs)
    for _ in costs { matching.addRow() }
    #expect(matching.columns.compactMap { $0 }.count == 150)
  }
}
