import Foundation
import ReviewServer
import SurveyStore
import TestSupport
import Testing

/// Who gets in, and what gets out.
@Suite(.enabled(if: ReviewFixture.ffmpeg != nil, "ffmpeg is not installed"), .serialized)
struct GateTests {
  @Test func nothingWithoutTheToken() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let paths = [
        "/", "/?token=", "/?token=wrong", "/deployments/1", "/assets/review.css", "/nowhere",
        "/?token=\(RunningServer.token)x", "/api/recordings/1/frames/1",
        "/deployments/1?token=\(RunningServer.token)", "/../../etc/passwd",
      ]
      for path in paths {
        for cookie in ["", "fishcam_\(server.port)=wrong", "fishcam_1=\(RunningServer.token)"] {
          let answer = try await RawHTTP.send(
            "GET", path, port: server.port, headers: [("Cookie", cookie)])
          #expect(answer.status == 403, "\(path) with “\(cookie)”")
          #expect(answer.body.isEmpty, "\(path) with “\(cookie)”")
        }
      }
    }
  }

  @Test func theAddressLetsABrowserIn() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      #expect(server.address == "http://127.0.0.1:\(server.port)/?token=\(RunningServer.token)")
      let first = try await RawHTTP.send(
        "GET", "/?token=\(RunningServer.token)", port: server.port)
      #expect(first.status == 303)
      #expect(first.headers["location"] == "/")
      let cookie = try #require(first.headers["set-cookie"])
      #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
      let page = try await server.get("/")
      #expect(page.status == 200)
      #expect(page.text.contains("North reef"))
    }
  }

  @Test func onlyByItsOwnName() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      for (host, status) in [
        ("127.0.0.1:\(server.port)", 200), ("localhost:\(server.port)", 200),
        ("LOCALHOST:\(server.port)", 200), ("evil.example:\(server.port)", 403),
        ("evil.example", 403), ("127.0.0.1", 403), ("127.0.0.1:1", 403),
        ("127.0.0.1.evil.example:\(server.port)", 403), ("10.0.0.1:\(server.port)", 403),
      ] {
        let answer = try await server.get("/", [("Host", host)])
        #expect(answer.status == status, "Host: \(host)")
        #expect(answer.body.isEmpty == (status != 200), "Host: \(host)")
      }
    }
  }

  @Test func noPathLeadsToFiles() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let climbs = [
        "/../reef.sqlite", "/assets/../reef.sqlite", "/assets/../../../../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd", "/assets/%2e%2e/%2e%2e/etc/passwd",
        "/assets/..%252f..%252fetc%252fpasswd", "/assets/..\\..\\etc\\passwd",
        "//etc/passwd", "/assets//etc/passwd", "/recordings/1/frames/../../../etc/passwd",
        "/assets/review.css%00.png", "/assets/", "/assets",
      ]
      for path in climbs {
        let answer = try await server.get(path)
        #expect(answer.status == 404 || answer.status == 400, "\(path)")
        #expect(!answer.text.contains("root:"), "\(path)")
        #expect(!answer.text.contains("SQLite format"), "\(path)")
      }
    }
  }

  @Test func otherOriginsCannotJudge() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let sighting = try fixture.busiestFrame(fixture.dive1)
      let frame = try fixture.store.reviewFrame(sighting.frameID, recording: fixture.recording)
      let path = "/api/recordings/\(fixture.recording)/frames/\(frame.id)/verdicts"
      let verdict = #"{"detection": \#(frame.detections[0].id), "kind": "reject"}"#
      for headers in [
        [("Origin", "http://evil.example")], [("Origin", "null")],
        [("Origin", "http://127.0.0.1:1")], [("Sec-Fetch-Site", "cross-site")],
        [("Sec-Fetch-Site", "same-site")],
      ] {
        let answer = try await server.post(path, verdict, headers)
        #expect(answer.status == 403, "\(headers)")
        #expect(answer.body.isEmpty, "\(headers)")
      }
      let form = try await RawHTTP.send(
        "POST", path, port: server.port,
        headers: [server.cookie, ("Content-Type", "text/plain")], body: Data(verdict.utf8))
      #expect(form.status == 415)
      #expect(try fixture.rows("SELECT * FROM verdict").isEmpty)
      let own = try await server.post(
        path, verdict, [("Origin", "http://127.0.0.1:\(server.port)")])
      #expect(own.status == 200)
      #expect(try fixture.rows("SELECT * FROM verdict").count == 1)
    }
  }

  @Test func aPortInUseIsExplained() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let second = try ReviewServer(
        .init(databasePath: "x", port: server.port, reviewer: "Ben", version: "0"),
        store: fixture.store)
      let error = await #expect(throws: ReviewServerError.self) {
        try await second.run { Issue.record("it says that it listens: \($0)") }
      }
      #expect(error?.description.contains("--port \(server.port): 127.0.0.1") == true)
    }
  }

  @Test func optionsThatCannotBe() throws {
    let fixture = try ReviewFixture()
    for (port, reviewer) in [(65_536, "Ana"), (-1, "Ana"), (0, ""), (0, "  ")] {
      #expect(throws: ReviewServerError.self, "\(port) “\(reviewer)”") {
        try ReviewServer(
          .init(databasePath: "x", port: port, reviewer: reviewer, version: "0"),
          store: fixture.store)
      }
    }
    let tokens = (0..<20).map { _ in
      ReviewServer.Options(databasePath: "x", reviewer: "Ana", version: "0").token
    }
    #expect(Set(tokens).count == 20)
    #expect(tokens.allSatisfy { $0.wholeMatch(of: /[A-Za-z0-9_-]{32}/) != nil })
  }

  @Test func everyAnswerIsLockedDown() async throws {
    let fixture = try ReviewFixture()
    try await RunningServer.with(fixture) { server in
      let paths = [
        "/", "/deployments/\(fixture.dive1.id)", "/assets/review.js", "/assets/review.css",
        "/nowhere", "/deployments/999", "/api/recordings/1/frames/999",
      ]
      for path in paths {
        let headers = try await server.get(path).headers
        let policy = headers["content-security-policy"] ?? ""
        #expect(policy.hasPrefix("default-src 'none';"), "\(path)")
        #expect(!policy.contains("unsafe"), "\(path)")
        #expect(headers["x-content-type-options"] == "nosniff", "\(path)")
        #expect(headers["referrer-policy"] == "no-referrer", "\(path)")
        let kept = headers["cache-control"] ?? ""
        #expect(kept == (path.hasPrefix("/assets/") ? "no-cache" : "no-store"), "\(path)")
      }
      let html = try await server.get("/").text
      #expect(!html.contains("style=") && !html.contains("onclick="))
    }
  }
}
