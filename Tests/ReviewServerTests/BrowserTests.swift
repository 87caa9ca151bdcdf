import Foundation
import SurveyStore
import TestSupport
import Testing

/// The pages in a real headless Chromium.
@Suite(
  .enabled(if: ReviewFixture.ffmpeg != nil, "ffmpeg is not installed"),
  .enabled(if: WebDriver.chromedriver != nil, "chromedriver is not installed"), .serialized,
  .timeLimit(.minutes(3)))
struct BrowserTests {
  private let fishRow = #"document.querySelector('tr[data-label="fish"] [data-maxn]').textContent"#
  private let status = "document.querySelector('[data-status]').textContent"

  @Test func fromTheSurveyToAVerdict() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      try await WebDriver.with { browser in
        try await browser.open(server.address)
        #expect(try await browser.evaluate("location.href") == "http://127.0.0.1:\(server.port)/")
        #expect(try await browser.evaluate("document.title") == "Survey · Fishcam")
        try await browser.screenshot("1-survey")

        try await browser.click(#"a[href^="/deployments/\#(fixture.dive1.id)?"]"#)
        try await browser.wait(for: "document.querySelector('h1').textContent", "dive 1")
        #expect(try await browser.evaluate(fishRow) == "3")
        let first = "document.querySelector('.card img')"
        try await browser.wait(for: "\(first).complete && \(first).naturalWidth", "320")
        try await browser.screenshot("2-deployment")

        try await browser.click(".card.peak a")
        let picture = "document.querySelector('[data-picture]')"
        try await browser.wait(for: "\(picture)?.complete && \(picture).naturalWidth", "640")
        #expect(try await browser.evaluate(fishRow) == "3")
        try await browser.screenshot("3-frame")

        try await browser.press("x")
        try await browser.wait(for: fishRow, "2")
        #expect(try await browser.evaluate(status) == "1 rejected. MaxN of fish: 3 → 2.")
        #expect(
          try await browser.evaluate("document.querySelectorAll('g.mark.reject').length") == "1")
        #expect(try fixture.maxN("dive 1")["fish"] == 2)
        try await browser.screenshot("4-rejected")

        try await browser.reload()
        try await browser.wait(for: "document.querySelectorAll('g.mark.reject').length", "1")
        #expect(try await browser.evaluate(fishRow) == "2")
        try await expectQuiet(browser, server)
      }
    }
  }

  @Test func keysMoveConfirmRenameAndUndo() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      try await WebDriver.with { browser in
        let sighting = try fixture.busiestFrame(fixture.dive1)
        let path = "/recordings/\(fixture.recording)/frames/\(sighting.frameID)"
        try await browser.open(server.address)
        try await browser.open("http://127.0.0.1:\(server.port)\(path)")
        let chosen = "document.querySelector('li.selected .number')?.textContent"
        try await browser.wait(for: chosen, "1")
        try await browser.press("n")
        try await browser.wait(for: chosen, "2")
        try await browser.press("c")
        try await browser.wait(for: status, "2 confirmed. ")
        #expect(try fixture.rows("SELECT kind FROM verdict") == [["confirm"]])

        // The faint one is passed over until it is shown; confirming it makes it count.
        try await browser.press("nn")
        try await browser.wait(for: chosen, "1")
        try await browser.press("bp")
        try await browser.wait(for: chosen, "4")
        try await browser.press("c")
        try await browser.wait(for: fishRow, "4")

        try await browser.press("r")
        try await browser.wait(for: "document.querySelector('dialog').open", "true")
        try await browser.press("unicorn")
        try await browser.screenshot("5-rename")
        try await browser.press("\u{E007}")
        let other = #"document.querySelector('tr[data-label="naso_brevirostris"]')?.innerText"#
        try await browser.wait(
          for: "\(other)?.replace(/\\s+/g, ' ')",
          "Spotted unicornfish 1 0:00:01.000 0.05")
        #expect(try await browser.evaluate(fishRow) == "3")
        #expect(try fixture.maxN("dive 1")["fish"] == 3)
        try await browser.screenshot("6-renamed")

        try await browser.press("u")
        try await browser.wait(for: "\(other) === undefined", "true")
        #expect(
          try fixture.rows("SELECT kind FROM verdict ORDER BY id").map { $0[0] }
            == ["confirm", "confirm", "rename", "undo"])

        try await browser.press("j")
        try await browser.wait(
          for: "document.querySelector('h1').textContent.trim()", "0:00:01.200")
        try await browser.press("\u{E012}")
        try await browser.wait(
          for: "document.querySelector('h1').textContent.trim()", "0:00:01.000")

        let reject = "li[data-detection]:nth-child(3) [data-act=reject]"
        try await browser.wait(for: chosen, "1")
        try await browser.click(reject)
        try await browser.wait(for: fishRow, "2")
        try await expectQuiet(browser, server)
      }
    }
  }

  @Test func aMissingVideoLeavesAWorkingPage() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      try await WebDriver.with(width: 820, height: 1180) { browser in
        let sighting = try fixture.busiestFrame(fixture.dropA)
        let path = "/recordings/\(fixture.goneRecording)/frames/\(sighting.frameID)"
        try await browser.open(server.address)
        try await browser.screenshot("7-survey-tablet")
        try await browser.open("http://127.0.0.1:\(server.port)\(path)")
        let words = "document.querySelector('.gone').innerText"
        #expect(try await browser.evaluate("\(words).includes('GX010009.MP4')") == "true")
        try await browser.press("x")
        try await browser.wait(for: fishRow, "2")
        try await browser.screenshot("8-missing-tablet")
        try await expectQuiet(browser, server)
      }
    }
  }

  /// No word on the console, and no request to anywhere else.
  private func expectQuiet(_ browser: WebDriver, _ server: RunningServer) async throws {
    #expect(try await browser.console() == [])
    let requests = try await browser.requests()
    #expect(requests.count > 5)
    let own = "http://127.0.0.1:\(server.port)/"
    #expect(requests.filter { !$0.hasPrefix(own) && !$0.hasPrefix("data:") } == [])
  }
}
