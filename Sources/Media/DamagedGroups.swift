/// Where damage lies in a stream's groups of a keyframe and what follows it, by the packets' numbers in the file.
///
/// From a damaged packet on, all of its group may be predicted from it.
struct DamagedGroups {
  private struct Group {
    var first: Int64
    var damaged: Int64?
  }

  /// No decoder holds more frames back than this.
  private static let kept = 64

  private var groups: [Group] = []
  private var count: Int64 = 0

  /// Counts a packet in.
  ///
  /// - Returns: its number, from 1.
  mutating func add(isKey: Bool, isDamaged: Bool) -> Int64 {
    count += 1
    if isKey || groups.isEmpty {
      groups.append(Group(first: count))
      if groups.count > Self.kept { groups.removeFirst() }
    }
    if isDamaged { damage(at: count) }
    return count
  }

  /// Notes that a packet's frame is damaged or lost.
  mutating func damage(at number: Int64) {
    guard let index = group(of: number) else { return }
    groups[index].damaged = min(groups[index].damaged ?? number, number)
  }

  /// Whether a packet's frame is damaged, or may be predicted from one that is.
  func isDamaged(_ number: Int64) -> Bool {
    group(of: number).flatMap { groups[$0].damaged }.map { $0 <= number } ?? false
  }

  private func group(of number: Int64) -> Int? { groups.lastIndex { $0.first <= number } }
}
