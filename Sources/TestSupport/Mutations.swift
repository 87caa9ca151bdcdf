public import Foundation

/// Files as a failing card or a broken copy leaves them, the same for the same seed.
public enum Mutations {
  /// Of the file's bytes: every fifth cut off, every fifth with a hole of zeros, one empty, the
  /// others with bits flipped, in the header as often as in the rest.
  public static func of(_ data: Data, count: Int, seed: UInt64) -> [Data] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { round in
      var mutated = data
      switch round % 5 {
      case 0 where round == 0: return Data()
      case 0: return mutated.prefix(.random(in: 1..<data.count, using: &generator))
      case 1:
        let start = Int.random(in: 0..<data.count, using: &generator)
        let end = min(data.count, start + .random(in: 1...4096, using: &generator))
        mutated.replaceSubrange(start..<end, with: Data(count: end - start))
      default:
        let end = Bool.random(using: &generator) ? min(2048, data.count) : data.count
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
          mutated[.random(in: 0..<end, using: &generator)] ^=
            1 << UInt8.random(in: 0..<8, using: &generator)
        }
      }
      return mutated
    }
  }
}
