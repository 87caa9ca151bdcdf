/// What a partner's `sites.csv` says of deployments, one row each.
///
/// The columns are the field's: `opcode, site, latitude_dd, longitude_dd, date_time, depth_m,
/// location, status, successful_count, observer_count, filename, clock_offset_s, time_zone,
/// comment`, and `usable_from_s, usable_to_s`. Further columns are kept as they are.
public struct Manifest: Sendable {
  /// The rows in file order.
  public var rows: [ManifestRow]

  /// A manifest of given rows.
  public init(rows: [ManifestRow]) { self.rows = rows }

  /// Reads a manifest from the text of a CSV file.
  ///
  /// - Throws: `ManifestError` naming row and column; rows are counted with the header as 1, as a
  ///   spreadsheet shows them.
  public init(csv text: String) throws(ManifestError) {
    let table: [[String]]
    do { table = try CSV.parse(text) } catch { throw .unreadable(String(describing: error)) }
    guard let header = table.first else { throw .unreadable("the file is empty") }
    let names = header.map { $0.trimmed.lowercased() }
    for (index, name) in names.enumerated() where !name.isEmpty && names[..<index].contains(name) {
      throw .repeatedColumn(name)
    }
    guard names.contains("opcode") || names.contains("filename") || names.contains("site") else {
      throw .unreadable("no column is named opcode, site or filename")
    }
    rows = []
    for (index, fields) in table.enumerated().dropFirst() {
      if fields.allSatisfy({ $0.trimmed.isEmpty }) { continue }
      guard fields.count <= names.count else {
        throw .extraFields(row: index + 1, count: fields.count, header: names.count)
      }
      var values: [String: String] = [:]
      for (name, field) in zip(names, fields) where !name.isEmpty { values[name] = field.trimmed }
      rows.append(try ManifestRow(values, row: index + 1))
    }
  }
}

/// One row of a manifest; empty fields are `nil`.
public struct ManifestRow: Sendable, Hashable {
  /// The row's number in the file, the header being 1.
  public var row: Int
  /// Name of the deployment.
  public var opcode: String?
  /// Name of the site.
  public var site: String?
  /// Decimal degrees north, WGS 84.
  public var latitude: Double?
  /// Decimal degrees east, WGS 84.
  public var longitude: Double?
  /// When the deployment started; the text keeps its own offset.
  public var dateTime: WallClock?
  /// Depth below the surface in metres.
  public var depthMeters: Double?
  /// The wider area.
  public var location: String?
  /// Protection status (fished, no-take, …).
  public var status: String?
  /// Whether counts of this deployment may be used; `false` keeps it out of tallies.
  public var successfulCount: Bool?
  /// Who observed.
  public var observerCount: String?
  /// File or folder that the row speaks of, relative to the survey's folder.
  public var filename: String?
  /// Seconds to add to the camera's clock.
  public var clockOffsetSeconds: Double?
  /// Time zone of the site: an IANA name or `±hh:mm`.
  public var timeZone: String?
  /// Seconds into the deployment from which its video is usable.
  public var usableFromSeconds: Double?
  /// Seconds into the deployment up to which its video is usable.
  public var usableToSeconds: Double?
  /// Remark.
  public var comment: String?
  /// Columns beyond the field's own, by lowercased name.
  public var other: [String: String] = [:]

  /// A row that says nothing yet.
  public init(row: Int) { self.row = row }

  init(_ values: [String: String], row: Int) throws(ManifestError) {
    self.row = row
    var rest = values
    func text(_ column: String) -> String? {
      guard let value = rest.removeValue(forKey: column), !value.isEmpty else { return nil }
      return value
    }
    func number(_ column: String, _ range: ClosedRange<Double>, expected: String? = nil)
      throws(ManifestError) -> Double?
    {
      guard let value = text(column) else { return nil }
      guard let parsed = Double(value), range.contains(parsed) else {
        throw .invalid(
          row: row, column: column, value: value,
          expected: expected
            ?? "a number from \(range.lowerBound) to \(range.upperBound), with a point")
      }
      return parsed
    }
    opcode = text("opcode")
    site = text("site")
    latitude = try number("latitude_dd", -90...90)
    longitude = try number("longitude_dd", -180...180)
    depthMeters = try number("depth_m", -100...12_000)
    clockOffsetSeconds = try number("clock_offset_s", -1e10...1e10)
    if let value = text("date_time") {
      guard let time = WallClock(iso8601: value) else {
        throw .invalid(
          row: row, column: "date_time", value: value,
          expected: "ISO 8601 with an offset, such as 2024-05-03T08:30:00+09:00")
      }
      dateTime = time
    }
    if let value = text("successful_count") {
      switch value.lowercased() {
      case "yes", "y", "true", "1": successfulCount = true
      case "no", "n", "false", "0": successfulCount = false
      default:
        throw .invalid(row: row, column: "successful_count", value: value, expected: "Yes or No")
      }
    }
    let seconds = "seconds into the deployment, a number such as 95 or 95.5"
    usableFromSeconds = try number("usable_from_s", 0...1e7, expected: seconds)
    usableToSeconds = try number("usable_to_s", 0...1e7, expected: seconds)
    if let from = usableFromSeconds, let to = usableToSeconds, from >= to {
      throw .invalid(
        row: row, column: "usable_to_s", value: values["usable_to_s"] ?? "",
        expected: "more than usable_from_s")
    }
    location = text("location")
    status = text("status")
    observerCount = text("observer_count")
    filename = text("filename")
    timeZone = text("time_zone")
    comment = text("comment")
    if opcode == nil && filename == nil && site == nil {
      throw .invalid(
        row: row, column: "opcode", value: "", expected: "an opcode, a site or a filename")
    }
    other = rest.filter { !$0.value.isEmpty }
  }

  /// What two rows of one deployment say differently, as column names.
  public func conflicts(with second: ManifestRow) -> [String] {
    var columns: [String] = []
    func compare<Value: Equatable>(_ column: String, _ a: Value?, _ b: Value?) {
      if let a, let b, a != b { columns.append(column) }
    }
    compare("site", site, second.site)
    compare("latitude_dd", latitude, second.latitude)
    compare("longitude_dd", longitude, second.longitude)
    compare("date_time", dateTime, second.dateTime)
    compare("depth_m", depthMeters, second.depthMeters)
    compare("successful_count", successfulCount, second.successfulCount)
    compare("clock_offset_s", clockOffsetSeconds, second.clockOffsetSeconds)
    compare("time_zone", timeZone, second.timeZone)
    compare("usable_from_s", usableFromSeconds, second.usableFromSeconds)
    compare("usable_to_s", usableToSeconds, second.usableToSeconds)
    return columns
  }
}

/// Why a manifest cannot be used.
public enum ManifestError: Error, Equatable, CustomStringConvertible {
  /// The file is not a CSV table of deployments.
  case unreadable(String)
  /// Two columns have one name.
  case repeatedColumn(String)
  /// A field does not hold what its column needs.
  case invalid(row: Int, column: String, value: String, expected: String)
  /// A row has more fields than the header.
  case extraFields(row: Int, count: Int, header: Int)
  /// Two rows speak differently of one deployment.
  case conflict(rows: Int, Int, opcode: String, columns: [String])

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .unreadable(let reason): "not a manifest: \(reason)"
    case .repeatedColumn(let name): "two columns are named \(name)"
    case .invalid(let row, let column, let value, let expected):
      "row \(row), column \(column): “\(value)” is not \(expected)"
    case .extraFields(let row, let count, let header):
      "row \(row) has \(count) fields, but the header names \(header); put text that holds a comma "
        + "in quotation marks"
    case .conflict(let first, let second, let opcode, let columns):
      "rows \(first) and \(second) give deployment \(opcode) different "
        + columns.joined(separator: ", ")
    }
  }
}

extension String {
  /// This text without white space at its ends.
  var trimmed: String {
    let kept = drop { $0.isWhitespace }
    guard let last = kept.lastIndex(where: { !$0.isWhitespace }) else { return "" }
    return String(kept[...last])
  }
}
