import Foundation

/// A real browser, driven through chromedriver's HTTP (W3C WebDriver).
public final class WebDriver: Sendable {
  /// Where chromedriver is; `nil` where it is not installed.
  public static let chromedriver = Tool.path(of: "chromedriver")

  /// The browser or its driver did not do what was asked.
  public struct Failure: Error, CustomStringConvertible {
    /// What it said.
    public var description: String

    /// A failure in words.
    public init(description: String) { self.description = description }
  }

  private let process: Process
  private let port: Int
  private let session: String
  private let profile: URL

  private init(process: Process, port: Int, session: String, profile: URL) {
    self.process = process
    self.port = port
    self.session = session
    self.profile = profile
  }

  /// Runs a test with a headless browser, and ends the browser afterwards.
  public static func with(
    width: Int = 1280, height: Int = 800, _ body: (WebDriver) async throws -> Void
  ) async throws {
    let driver = try await start(width: width, height: height)
    do {
      // The window's size holds the browser's own bars; this is the page's.
      try await driver.call(
        "POST", "/goog/cdp/execute",
        [
          "cmd": "Emulation.setDeviceMetricsOverride",
          "params": [
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false,
          ] as [String: Any],
        ])
      // What Chromium loads for its own first page is no request of ours.
      try await driver.open("about:blank")
      _ = try await driver.requests()
      try await body(driver)
    } catch {
      try? await driver.quit()
      throw error
    }
    try await driver.quit()
  }

  private static func start(width: Int, height: Int) async throws -> WebDriver {
    let process = Process()
    process.executableURL = URL(filePath: chromedriver ?? "chromedriver")
    process.arguments = ["--port=0"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    let (lines, continuation) = AsyncStream.makeStream(of: String.self)
    output.fileHandleForReading.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty {
        handle.readabilityHandler = nil
        continuation.finish()
      } else {
        continuation.yield(String(decoding: data, as: UTF8.self))
      }
    }
    try process.run()
    var said = ""
    for await text in lines {
      said += text
      guard let match = said.firstMatch(of: /successfully on port (\d+)/), let port = Int(match.1)
      else {
        continue
      }
      let profile = FileManager.default.temporaryDirectory
        .appending(path: "fishcam-browser-\(UUID().uuidString)")
      var arguments = [
        "--headless=new", "--window-size=\(width),\(height)", "--hide-scrollbars",
        "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--user-data-dir=\(profile.path)",
      ]
      // Chromium's sandbox does not work for root.
      if geteuid() == 0 { arguments.append("--no-sandbox") }
      do {
        let value = try await call(
          port, "POST", "/session",
          [
            "capabilities": [
              "alwaysMatch": [
                "goog:chromeOptions": ["args": arguments],
                "goog:loggingPrefs": ["browser": "ALL", "performance": "ALL"],
              ]
            ]
          ])
        guard let session = (value as? [String: Any])?["sessionId"] as? String else {
          throw Failure(description: "chromedriver gives no session: \(value)")
        }
        return WebDriver(process: process, port: port, session: session, profile: profile)
      } catch {
        end(process)
        throw error
      }
    }
    end(process)
    throw Failure(description: "chromedriver did not start: \(said)")
  }

  /// Ends chromedriver; it inherits a thread's blocked signals, so that asking politely is not heard.
  private static func end(_ process: Process) {
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  private func quit() async throws {
    _ = try? await Self.call(port, "DELETE", "/session/\(session)", nil)
    Self.end(process)
    try? FileManager.default.removeItem(at: profile)
  }

  private static func call(
    _ port: Int, _ method: String, _ path: String, _ body: [String: Any]?
  ) async throws -> Any {
    let data = try body.map { try JSONSerialization.data(withJSONObject: $0) }
    let answer = try await RawHTTP.send(
      method, path, port: port, headers: [("Content-Type", "application/json")], body: data)
    let value = try answer.object()["value"]
    guard answer.status == 200 else {
      throw Failure(description: "\(method) \(path): \(value ?? answer.text)")
    }
    return value ?? NSNull()
  }

  @discardableResult
  private func call(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws
    -> Any
  {
    try await Self.call(port, method, "/session/\(session)\(path)", body)
  }

  /// Opens an address.
  public func open(_ address: String) async throws {
    try await call("POST", "/url", ["url": address])
  }

  /// Loads the page again.
  public func reload() async throws { try await call("POST", "/refresh", [:]) }

  /// Presses keys, one after the other, wherever the focus is.
  public func press(_ keys: String) async throws {
    let actions = keys.flatMap { key in
      [["type": "keyDown", "value": String(key)], ["type": "keyUp", "value": String(key)]]
    }
    try await call(
      "POST", "/actions", ["actions": [["type": "key", "id": "keyboard", "actions": actions]]])
  }

  /// Clicks on the first element of a CSS selector, as a person would.
  public func click(_ selector: String) async throws {
    let found = try await call(
      "POST", "/element", ["using": "css selector", "value": selector])
    guard let id = (found as? [String: String])?.values.first else {
      throw Failure(description: "no element \(selector)")
    }
    try await call("POST", "/element/\(id)/click", [:])
  }

  /// The value of a JavaScript expression, as text.
  public func evaluate(_ expression: String) async throws -> String {
    let value = try await call(
      "POST", "/execute/sync", ["script": "return String(\(expression))", "args": [Any]()])
    return value as? String ?? "\(value)"
  }

  /// Waits until a JavaScript expression has a value.
  ///
  /// - Throws: `Failure` after ten seconds, with the value that it has then.
  public func wait(for expression: String, _ wanted: String) async throws {
    var last = ""
    let end = ContinuousClock.now + .seconds(10)
    while ContinuousClock.now < end {
      last = try await evaluate(expression)
      if last == wanted { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    throw Failure(description: "\(expression) is “\(last)”, not “\(wanted)”")
  }

  /// Saves what the window shows, where `FISHCAM_SCREENSHOTS` names a folder.
  public func screenshot(_ name: String) async throws {
    guard let folder = ProcessInfo.processInfo.environment["FISHCAM_SCREENSHOTS"] else { return }
    let value = try await call("GET", "/screenshot")
    guard let text = value as? String, let data = Data(base64Encoded: text) else { return }
    let place = URL(filePath: folder)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try data.write(to: place.appending(path: "\(name).png"))
  }

  /// What the console says since the last call.
  public func console() async throws -> [String] {
    let entries = try await call("POST", "/se/log", ["type": "browser"]) as? [[String: Any]]
    return (entries ?? []).map { "\($0["level"] ?? ""): \($0["message"] ?? "")" }
  }

  /// The addresses of all requests since the last call.
  public func requests() async throws -> [String] {
    let entries = try await call("POST", "/se/log", ["type": "performance"]) as? [[String: Any]]
    return try (entries ?? []).compactMap { entry in
      let text = entry["message"] as? String ?? "{}"
      let outer = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
      guard let message = outer?["message"] as? [String: Any],
        message["method"] as? String == "Network.requestWillBeSent",
        let parameters = message["params"] as? [String: Any],
        let request = parameters["request"] as? [String: Any]
      else { return nil }
      return request["url"] as? String
    }
  }
}
