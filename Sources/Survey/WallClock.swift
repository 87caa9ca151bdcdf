/// An instant on the calendar with the offset that it is written in.
public struct WallClock: Hashable, Sendable {
  /// Seconds since 1970-01-01T00:00:00Z.
  public var unixSeconds: Double
  /// Offset from UTC, in seconds east, for writing.
  public var offsetSeconds: Int

  /// An instant in an offset.
  public init(unixSeconds: Double, offsetSeconds: Int = 0) {
    self.unixSeconds = unixSeconds
    self.offsetSeconds = offsetSeconds
  }

  /// Reads ISO 8601: `2024-05-03T08:30:00+09:00`, with `Z`, `±hh:mm` or `±hhmm`; seconds and their
  /// fraction may be absent.
  ///
  /// - Parameter defaultOffset: the offset of a text that has none; `nil` refuses such a text.
  public init?(iso8601 text: String, defaultOffset: Int? = nil) {
    var rest = Substring(text)
    func number(_ digits: Int) -> Int? {
      let part = rest.prefix(digits)
      guard part.count == digits, part.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
      rest = rest.dropFirst(digits)
      return Int(part)
    }
    func take(_ options: String) -> Bool {
      guard let first = rest.first, options.contains(first) else { return false }
      rest = rest.dropFirst()
      return true
    }
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2),
      take("T ")
    else { return nil }
    guard let hour = number(2), take(":"), let minute = number(2) else { return nil }
    var second = 0.0
    if take(":") {
      guard let whole = number(2) else { return nil }
      second = Double(whole)
      if take(".,") {
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        guard let fraction = Double("0." + digits) else { return nil }
        second += fraction
        rest = rest.dropFirst(digits.count)
      }
    }
    var offset: Int
    if rest.isEmpty {
      guard let defaultOffset else { return nil }
      offset = defaultOffset
    } else if take("Zz") {
      offset = 0
    } else {
      guard let sign = rest.first, take("+-"), let hours = number(2) else { return nil }
      _ = take(":")
      let minutes = rest.isEmpty ? 0 : number(2)
      guard let minutes, hours <= 14, minutes < 60 else { return nil }
      offset = (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
    }
    let monthDays = [31, Self.isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard rest.isEmpty, (1...12).contains(month), day >= 1, day <= monthDays[month - 1],
      hour < 24, minute < 60, second < 61
    else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    unixSeconds = Double(days * 86_400 + hour * 3600 + minute * 60 - offset) + second
    offsetSeconds = offset
  }

  /// This instant `seconds` later.
  public func adding(seconds: Double) -> WallClock {
    WallClock(unixSeconds: unixSeconds + seconds, offsetSeconds: offsetSeconds)
  }

  /// ISO 8601 with milliseconds where they are not zero: `2024-05-03T08:30:00.250+09:00`.
  public var iso8601: String {
    let milliseconds = Int64((unixSeconds * 1000).rounded()) + Int64(offsetSeconds) * 1000
    let days = Int(milliseconds.floorDivided(by: 86_400_000))
    let inDay = milliseconds - Int64(days) * 86_400_000
    let (year, month, day) = Self.date(days: days)
    let text = { (value: Int, digits: Int) -> String in
      String(repeating: "0", count: max(0, digits - String(value).count)) + String(value)
    }
    var result = "\(text(year, 4))-\(text(month, 2))-\(text(day, 2))T"
    result += text(Int(inDay / 3_600_000), 2) + ":" + text(Int(inDay / 60_000 % 60), 2) + ":"
    result += text(Int(inDay / 1000 % 60), 2)
    if inDay % 1000 != 0 { result += "." + text(Int(inDay % 1000), 3) }
    if offsetSeconds == 0 { return result + "Z" }
    let minutes = abs(offsetSeconds) / 60
    return result + (offsetSeconds < 0 ? "-" : "+") + text(minutes / 60, 2) + ":"
      + text(minutes % 60, 2)
  }

  private static func isLeap(_ year: Int) -> Bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  }

  /// Days since 1970-01-01 of a Gregorian date, after Hinnant, "chrono-Compatible Low-Level
  /// Date Algorithms".
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// The inverse of `days(year:month:day:)`.
  private static func date(days: Int) -> (Int, Int, Int) {
    let z = days + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }
}

extension Int64 {
  fileprivate func floorDivided(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
