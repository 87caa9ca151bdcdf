internal import Foundation
internal import SpeciesCatalog

/// Makes one score of the scores of an open set's members, and names what is found on it.
struct OpenSetReader {
  /// The labels outside the set in their order, and behind them the set: what peaks are found on.
  private(set) var units: ScoreGrid
  /// For each unit the place among the detections' labels; of the set that of its own label.
  let labelOfUnit: [Int]
  /// For each unit but the last the channel that it is.
  private let singles: [Int]
  /// For each member its channel, its place among the detections' labels (`nil` gives no name), and
  /// the share from which it names what is found.
  private let members: [(channel: Int, label: Int?, nameAbove: Double)]
  private let temperature: Double

  /// A reader of a grid's size, or `nil` for a card without open set.
  ///
  /// - Parameter channels: of each of the card's labels its channel.
  init?(_ card: ModelCard, channels: [Int], width: Int, height: Int) {
    guard let openSet = card.openSet else { return nil }
    let (inside, generic) = (Set(card.members), Set(card.genericMembers))
    var place = -1
    let places = card.labels.indices.map { index -> Int? in
      if generic.contains(index) { return nil }
      place += 1
      return place
    }
    let outside = card.labels.indices.filter { !inside.contains($0) }
    singles = outside.map { channels[$0] }
    labelOfUnit = outside.compactMap { places[$0] } + [place + 1]
    let shares = Dictionary(
      zip(openSet.labels, openSet.nameAbove), uniquingKeysWith: { first, _ in first })
    members = card.members.map { (channels[$0], places[$0], shares[card.labels[$0].label] ?? 1) }
    temperature = openSet.temperature
    units = ScoreGrid(width: width, height: height, channels: singles.count + 1)
  }

  /// Fills `units` from a grid of all channels.
  mutating func add(_ grid: ScoreGrid) {
    let count = units.channels
    for cell in 0..<grid.width * grid.height {
      let from = cell * grid.channels
      for (unit, channel) in singles.enumerated() {
        units.scores[cell * count + unit] = grid.scores[from + channel]
      }
      var sum: Float = 0
      for member in members { sum += grid.scores[from + member.channel] }
      units.scores[cell * count + count - 1] = sum
    }
  }

  /// The label of what was found on a unit: of the set that of the member with the highest share in
  /// the peak's cell, where that is large enough and a name.
  func label(of found: GridDetection, in grid: ScoreGrid) -> Int {
    let own = labelOfUnit[found.channel]
    guard found.channel == units.channels - 1 else { return own }
    var (sum, most, name) = (0.0, 0.0, Int?.none)
    var nameAbove = 1.0
    for member in members {
      let score = Double(grid[found.column, found.row, member.channel])
      let power = temperature == 1 ? score : pow(score, 1 / temperature)
      sum += power
      if power > most { (most, name, nameAbove) = (power, member.label, member.nameAbove) }
    }
    return most / sum >= nameAbove ? name ?? own : own
  }
}
