import Foundation
import TestSupport
import Testing

/// The program's own review of the sample survey, in a real headless Chromium.
@Suite(.enabled(if: WebDriver.chromedriver != nil, "chromedriver is not installed"))
struct ReviewTests {
  @Test(.timeLimit(.minutes(5)))
  func aVerdictOnTheSampleSurveyChangesItsTallies() async throws {
    let folder = try TemporaryFolder()
    let database = folder.path + "/samples.sqlite"
    let processed = try FishcamProgram.run([
      "process", Repository.path("Samples"), "--database", database, "--quiet",
    ])
    #expect(processed.code == 0)
    let before = try maxN(database)
    #expect(Set(before.keys) == ["CG-01", "CG-02", "OW-01"])
    let most = try #require(before["CG-02"])
    #expect(most > 5)

    let output = try folder.write(Data(), to: "output")
    let errors = try folder.write(Data(), to: "errors")
    let review = try Tool.start(
      FishcamProgram.path, ["review", "--database", database, "--reviewer", "Ana Ruiz"],
      output: output, errors: errors)
    defer {
      kill(review.processIdentifier, SIGKILL)
      review.waitUntilExit()
    }
    let address = try await address(in: output)
    let own = String(address.prefix { $0 != "?" })

    try await WebDriver.with { browser in
      try await browser.open(address)
      let sites = "[...document.querySelectorAll('h2')].map(e => e.innerText).join('|')"
      let shown = try await browser.evaluate(sites)
      #expect(shown.contains("Coral Garden") && shown.contains("Outer Wall"))
      try await browser.screenshot("samples-1-survey")
      let link = "[...document.querySelectorAll('a')].find(a => a.innerText.trim() == 'CG-02')"
      try await browser.open(try await browser.evaluate("\(link).href"))
      let row = #"document.querySelector('tr[data-label="fish"] [data-maxn]').textContent"#
      try await browser.wait(for: row, "\(most)")
      let thumbnail = "document.querySelector('.card img')"
      try await browser.wait(
        for: "\(thumbnail).complete && \(thumbnail).naturalWidth > 0", "true")
      try await browser.screenshot("samples-2-deployment")

      // Every frame that shows as many as MaxN does loses one.
      var rejected = 0
      while try maxN(database)["CG-02"] == most, rejected < 20 {
        try await browser.click(".card.peak a")
        let picture = "document.querySelector('[data-picture]')"
        try await browser.wait(
          for: "\(picture)?.complete && \(picture).naturalWidth", "640")
        try await browser.press("x")
        rejected += 1
        try await browser.wait(
          for: "document.querySelectorAll('g.mark.reject').length > 0", "true")
        if rejected == 1 { try await browser.screenshot("samples-3-frame") }
        if try maxN(database)["CG-02"] != most { break }
        try await browser.open(own)
        try await browser.open(try await browser.evaluate("\(link).href"))
      }
      try await browser.wait(for: row, "\(most - 1)")
      #expect(try maxN(database)["CG-02"] == most - 1)
      #expect(try maxN(database)["CG-01"] == before["CG-01"])
      try await browser.reload()
      try await browser.wait(for: row, "\(most - 1)")
      try await browser.screenshot("samples-4-rejected")

      #expect(try await browser.console() == [])
      let requests = try await browser.requests()
      let elsewhere = requests.filter { !$0.hasPrefix(own) && !$0.hasPrefix("data:") }
      #expect(elsewhere == [])
    }
    let verdict = try Tool.succeed(
      "sqlite3", [database, "SELECT DISTINCT kind, reviewer, created_at LIKE '20%Z' FROM verdict"])
    #expect(verdict.text == "reject|Ana Ruiz|1\n")

    let port = try #require(URL(string: address)?.port)
    for path in ["/", "/../README.md", "/%2e%2e/%2e%2e/etc/passwd", "/assets/review.css", "/api/"] {
      let answer = try await RawHTTP.send("GET", path, port: port)
      #expect(answer.status >= 400 && answer.body.isEmpty, "\(path): \(answer.status)")
    }
    review.interrupt()
    review.waitUntilExit()
    #expect(review.terminationReason == .exit)
  }

  /// MaxN of fish by deployment, as `fishcam tally` prints it.
  private func maxN(_ database: String) throws -> [String: Int] {
    let result = try FishcamProgram.run(["tally", "--database", database, "--format", "json"])
    let rows = try JSONSerialization.jsonObject(with: result.output) as? [[String: Any]] ?? []
    return Dictionary(
      rows.map { ($0["opcode"] as? String ?? "", $0["max_n"] as? Int ?? -1) },
      uniquingKeysWith: max)
  }

  /// The address that the program prints when it serves.
  private func address(in output: String) async throws -> String {
    for _ in 0..<200 {
      let text = try String(contentsOfFile: output, encoding: .utf8)
      if let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Open http") }),
        text.contains("Ctrl-C")
      {
        return String(line.dropFirst(5))
      }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw WebDriver.Failure(description: "fishcam review printed no address")
  }
}
