public import Foundation

#if canImport(Glibc)
  import Glibc
#endif

/// An HTTP answer.
public struct Answer: Sendable {
  /// Status code.
  public var status: Int
  /// By lowercased name.
  public var headers: [String: String]
  /// Body.
  public var body: Data

  /// The body as text.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The body as a JSON object.
  public func object() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: body) as? [String: Any] ?? [:]
  }
}

/// HTTP over a plain socket: paths and headers go out exactly as given, which URLSession refuses.
public enum RawHTTP {
  /// A request that got no answer.
  public struct Failure: Error {
    /// What failed.
    public var what: String

    /// A failure of something.
    public init(what: String) { self.what = what }
  }

  /// Sends one request on a connection of its own.
  public static func send(
    _ method: String = "GET", _ path: String, port: Int, headers: [(String, String)] = [],
    body: Data? = nil
  ) async throws -> Answer {
    try await withCheckedThrowingContinuation { continuation in
      // Blocking reads must not take one of the few threads that the server's tasks run on.
      DispatchQueue.global().async {
        continuation.resume(
          with: Result { try exchange(method, path, port: port, headers: headers, body: body) })
      }
    }
  }

  private static func exchange(
    _ method: String, _ path: String, port: Int, headers: [(String, String)], body: Data?
  ) throws -> Answer {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(what: "socket") }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure(what: "connect to port \(port)") }
    var text = "\(method) \(path) HTTP/1.1\r\nConnection: close\r\n"
    if !headers.contains(where: { $0.0 == "Host" }) { text += "Host: 127.0.0.1:\(port)\r\n" }
    for (name, value) in headers where !value.isEmpty { text += "\(name): \(value)\r\n" }
    if let body { text += "Content-Length: \(body.count)\r\n" }
    var bytes = [UInt8]((text + "\r\n").utf8) + [UInt8](body ?? Data())
    while !bytes.isEmpty {
      let sent = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      guard sent > 0 else { throw Failure(what: "send") }
      bytes.removeFirst(sent)
    }
    var received = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count > 0 else { break }
      received.append(contentsOf: buffer[..<count])
      if isWhole(received) { break }
    }
    return try parse(received)
  }

  /// Whether all of an answer with a stated length has come; some servers leave connections open.
  private static func isWhole(_ data: Data) -> Bool {
    guard let answer = try? parse(data), let length = answer.headers["content-length"] else {
      return false
    }
    return Int(length) == answer.body.count
  }

  private static func parse(_ data: Data) throws -> Answer {
    guard let end = data.range(of: Data("\r\n\r\n".utf8)) else {
      throw Failure(what: "no answer, only \(data.count) bytes")
    }
    let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    let parts = lines[0].split(separator: " ")
    guard parts.count > 1, let status = Int(parts[1]) else { throw Failure(what: lines[0]) }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] =
        line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    return Answer(status: status, headers: headers, body: Data(data[end.upperBound...]))
  }
}
