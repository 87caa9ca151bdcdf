import Survey
import Testing

@Suite struct ManifestTests {
  @Test func readsTheFieldsColumns() throws {
    let manifest = try Manifest(
      csv: """
        opcode,site,latitude_dd,longitude_dd,date_time,depth_m,successful_count,visibility
        CG-01,"Garden, north",-17.5,177.25,2024-05-03T08:30:00+12:00,8.5,Yes,12 m
        CG-02,,,,,,No,

        """)
    #expect(manifest.rows.count == 2)
    let first = manifest.rows[0]
    #expect(first.row == 2)
    #expect(first.site == "Garden, north")
    #expect(first.latitude == -17.5)
    #expect(first.dateTime?.iso8601 == "2024-05-03T08:30:00+12:00")
    #expect(first.successfulCount == true)
    #expect(first.other == ["visibility": "12 m"])
    #expect(manifest.rows[1].successfulCount == false)
    #expect(manifest.rows[1].site == nil)
  }

  @Test(arguments: [
    ("opcode,latitude_dd\nA,91\n", "row 2, column latitude_dd"),
    ("opcode,latitude_dd\nA,1\nB,12°\n", "row 3, column latitude_dd"),
    ("opcode,date_time\nA,03.05.2024\n", "row 2, column date_time"),
    ("opcode,date_time\nA,2024-05-03T08:30:00\n", "row 2, column date_time"),
    ("opcode,successful_count\nA,maybe\n", "row 2, column successful_count"),
    ("opcode,opcode\nA,B\n", "two columns are named opcode"),
    ("name,depth\nA,1\n", "no column is named"),
    ("opcode\nA,B\n", "row 2 has 2 fields"),
    ("opcode,site\n\"A,B\n", "row 2"),
    ("opcode,usable_from_s\nA,0:02:00\n", "row 2, column usable_from_s: “0:02:00” is not seconds"),
    ("opcode,usable_from_s,usable_to_s\nA,60,60\n", "column usable_to_s: “60” is not more than"),
    ("", "empty"),
  ])
  func errorsNameRowAndColumn(_ text: String, _ expected: String) {
    let error = #expect(throws: ManifestError.self) { try Manifest(csv: text) }
    #expect(error?.description.contains(expected) == true, "\(String(describing: error))")
  }

  @Test func conflictsOfRows() throws {
    let rows = try Manifest(csv: "opcode,depth_m,site\nA,1,X\nA,2,X\nA,,X\n").rows
    #expect(rows[0].conflicts(with: rows[1]) == ["depth_m"])
    #expect(rows[0].conflicts(with: rows[2]).isEmpty)
    let windows = try Manifest(csv: "opcode,usable_from_s,usable_to_s\nA,60,\nA,90,300\n").rows
    #expect(windows[0].conflicts(with: windows[1]) == ["usable_from_s"])
    #expect(windows[1].usableToSeconds == 300)
  }
}

@Suite struct WallClockTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0.0), ("2024-05-03T08:30:00+09:00", 1_714_692_600),
    ("2024-02-29T23:59:59.5Z", 1_709_251_199.5), ("2000-01-01T00:00-0330", 946_697_400),
  ])
  func reading(_ text: String, _ seconds: Double) {
    #expect(WallClock(iso8601: text)?.unixSeconds == seconds)
  }

  @Test(arguments: [
    "2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-05-03", "2024-05-03T25:00:00Z",
    "2024-05-03T08:30:00", "2024-05-03T08:30:00Zx", "noon",
  ])
  func refusing(_ text: String) { #expect(WallClock(iso8601: text) == nil) }

  @Test func writingKeepsTheOffset() {
    let clock = WallClock(iso8601: "2024-12-31T23:59:30-05:30")
    #expect(clock?.adding(seconds: 45.25).iso8601 == "2025-01-01T00:00:15.250-05:30")
  }

  @Test func clockText() {
    #expect(Survey.clockText(seconds: 3_723.0456) == "1:02:03.046")
    #expect(Survey.clockText(seconds: -0.25) == "-0:00:00.250")
  }
}

@Suite struct FrameFitTests {
  @Test(arguments: FrameFit.allCases)
  func cornersAndMiddleComeBack(_ fit: FrameFit) {
    for (width, height) in [(640.0, 360.0), (360.0, 640.0), (100.0, 100.0), (1921.0, 1083.0)] {
      let placement = fit.placement(
        frameWidth: width, frameHeight: height, inputWidth: 96, inputHeight: 96)
      let left = Double(placement.left)
      let top = Double(placement.top)
      let first = placement.framePoint(x: left, y: top)
      #expect(first.x == placement.cropLeft && first.y == placement.cropTop)
      let middle = placement.framePoint(
        x: left + Double(placement.width) / 2, y: top + Double(placement.height) / 2)
      #expect(abs(middle.x - 0.5) < 1e-9 && abs(middle.y - 0.5) < 1e-9)
    }
  }

  @Test func letterboxKeepsTheShape() {
    let placement = FrameFit.letterbox.placement(
      frameWidth: 640, frameHeight: 360, inputWidth: 320, inputHeight: 192)
    #expect((placement.left, placement.top) == (0, 6))
    #expect((placement.width, placement.height) == (320, 180))
  }

  @Test func cropTakesTheMiddle() {
    let placement = FrameFit.crop.placement(
      frameWidth: 640, frameHeight: 320, inputWidth: 96, inputHeight: 96)
    #expect(placement.cropWidth == 0.5)
    #expect(placement.framePoint(x: 0, y: 0).x == 0.25)
    #expect(placement.framePoint(x: 96, y: 0).x == 0.75)
  }
}
