/// The secret that lets a browser in.
enum Token {
  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

  /// A new one: 192 random bits as 32 characters that an address can hold.
  static func random() -> String {
    var generator = SystemRandomNumberGenerator()
    return String((0..<32).compactMap { _ in alphabet.randomElement(using: &generator) })
  }

  /// Whether two texts are the same, in a time that tells only whether their lengths are.
  static func isEqual(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
    let (first, second) = (Array(a.utf8), Array(b.utf8))
    guard first.count == second.count else { return false }
    return zip(first, second).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }
}
