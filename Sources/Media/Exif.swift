/// What a photo's Exif segment says of it.
struct Exif {
  /// How the stored pixels become upright.
  var orientation = Orientation.upright
  /// `DateTimeOriginal`, or `DateTime`, as written: `2024:05:03 08:30:00`.
  var dateTime: String?

  /// Reads a TIFF structure (CIPA DC-008); what is out of bounds is passed over.
  init(_ bytes: [UInt8]) {
    guard bytes.count >= 8 else { return }
    let little = bytes[0] == 0x49
    func number(_ offset: Int, _ size: Int) -> Int? {
      guard offset >= 0, offset <= bytes.count - size else { return nil }
      let part = bytes[offset..<offset + size]
      return (little ? Array(part.reversed()) : Array(part)).reduce(0) { $0 << 8 | Int($1) }
    }
    func directory(_ offset: Int, _ use: (_ tag: Int, _ count: Int, _ valueAt: Int) -> Void) {
      guard let entries = number(offset, 2) else { return }
      for entry in 0..<min(entries, 512) {
        let at = offset + 2 + entry * 12
        guard let tag = number(at, 2), let count = number(at + 4, 4) else { return }
        use(tag, count, at + 8)
      }
    }
    func text(_ count: Int, _ at: Int) -> String? {
      guard count > 4, count <= 64, let offset = number(at, 4), offset + count <= bytes.count
      else { return nil }
      return String(
        decoding: bytes[offset..<offset + count].prefix { $0 != 0 }, as: UTF8.self)
    }
    guard number(2, 2) == 42, let first = number(4, 4) else { return }
    var details: Int?
    directory(first) { tag, count, at in
      switch tag {
      case 0x0112: orientation = Orientation(exif: number(at, 2) ?? 1)
      case 0x0132: dateTime = text(count, at)
      case 0x8769: details = number(at, 4)
      default: break
      }
    }
    guard let details else { return }
    directory(details) { tag, count, at in
      if tag == 0x9003, let original = text(count, at) { dateTime = original }
    }
  }

  /// The time as ISO 8601 without an offset, which cameras do not write; `nil` if unset.
  var isoDateTime: String? {
    guard let dateTime, dateTime.count == 19, dateTime.first != "0", dateTime.first != " " else {
      return nil
    }
    let parts = dateTime.split(separator: " ")
    guard parts.count == 2 else { return nil }
    return parts[0].map { $0 == ":" ? "-" : String($0) }.joined() + "T" + parts[1]
  }
}
