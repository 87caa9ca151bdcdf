/// The order in which a camera wrote its files, read from their names.
public enum RecordingName {
  /// The number of a GoPro recording and the chapter within it.
  ///
  /// `GX010042.MP4` and `GH010042.MP4` are chapter 1 of recording 42; `GOPR0042.MP4` is the first
  /// and `GP010042.MP4` the second chapter of recording 42 on older cameras.
  public static func goProChapter(_ name: String) -> (recording: Int, chapter: Int)? {
    let stem = Array((name.split(separator: "/").last ?? "").prefix { $0 != "." }.uppercased())
    guard stem.count == 8 else { return nil }
    let number = { (range: Range<Int>) -> Int? in
      let digits = stem[range]
      return digits.allSatisfy { $0.isASCII && $0.isNumber } ? Int(String(digits)) : nil
    }
    guard let recording = number(4..<8) else { return nil }
    switch String(stem[0..<2]) {
    case "GX", "GH", "GL":
      return number(2..<4).map { (recording, $0) }
    case "GP":
      return number(2..<4).map { (recording, $0 + 1) }
    case "GO":
      return String(stem[0..<4]) == "GOPR" ? (recording, 1) : nil
    default:
      return nil
    }
  }

  /// Whether one recording of a deployment comes before another.
  ///
  /// GoPro files by recording number, then chapter; others by name, in which digits count as
  /// numbers (`clip2` before `clip10`). A total order: names that only differ in case still differ.
  public static func precedes(_ a: String, _ b: String) -> Bool {
    let folder = { (path: String) in
      path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
    if folder(a) != folder(b) { return naturallyPrecedes(folder(a), folder(b)) }
    if let first = goProChapter(a), let second = goProChapter(b), first != second {
      return first < second
    }
    return naturallyPrecedes(a, b)
  }

  /// Whether a text comes before another when runs of digits count as numbers.
  static func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
    var (first, second) = (Substring(a.lowercased()), Substring(b.lowercased()))
    let isDigit = { (character: Character) in character.isASCII && character.isNumber }
    while let x = first.first, let y = second.first {
      if isDigit(x), isDigit(y) {
        let significant = { (text: Substring) in text.prefix(while: isDigit).drop { $0 == "0" } }
        let (p, q) = (significant(first), significant(second))
        if p.count != q.count { return p.count < q.count }
        if p != q { return p < q }
        first = first.drop(while: isDigit)
        second = second.drop(while: isDigit)
      } else {
        if x != y { return x < y }
        first.removeFirst()
        second.removeFirst()
      }
    }
    if first.isEmpty != second.isEmpty { return first.isEmpty }
    return a < b
  }
}
