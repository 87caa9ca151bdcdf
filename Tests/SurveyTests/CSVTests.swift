import Survey
import Testing

@Suite struct CSVTests {
  @Test(arguments: [
    ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
    ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
    ("a,b\r1,", [["a", "b"], ["1", ""]]),
    ("\u{FEFF}a;b\n1,5;2", [["a", "b"], ["1,5", "2"]]),
    ("a\tb\n1\t2\n", [["a", "b"], ["1", "2"]]),
    ("\"x, \"\"y\"\"\",\"line\nbreak\"\n", [["x, \"y\"", "line\nbreak"]]),
    ("é,魚\n", [["é", "魚"]]),
    ("", []),
  ])
  func parsing(_ text: String, _ rows: [[String]]) throws {
    #expect(try CSV.parse(text) == rows)
  }

  @Test func errorsNameTheRow() {
    #expect(throws: CSVError.openQuote(row: 2)) { try CSV.parse("a\n\"b") }
    #expect(throws: CSVError.textAfterQuote(row: 1)) { try CSV.parse("\"a\"b,c\n") }
  }

  @Test(arguments: [
    ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""),
    ("two\nlines", "\"two\nlines\""), ("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"),
    ("-12.5", "-12.5"), ("-cmd", "'-cmd"), ("+3", "+3"), ("=a,b", "\"'=a,b\""),
  ])
  func writing(_ field: String, _ written: String) {
    #expect(CSV.row([field, "x"]) == written + ",x\r\n")
  }

  @Test func writtenRowsReadBack() throws {
    let fields = ["a b", "quote \" comma ,", "line\r\nbreak", "", "é"]
    #expect(try CSV.parse(CSV.row(fields)) == [fields])
  }
}
