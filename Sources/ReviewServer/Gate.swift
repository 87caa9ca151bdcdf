internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// Lets requests in that know the token and come from the pages themselves; all others get an
/// empty answer.
///
/// A page of another origin can make a browser send requests here. So the token's cookie is
/// `SameSite=Strict`; requests that change something must name this origin, because other ports of
/// one machine are the same site; and the Host must be this machine's own name, because a foreign
/// name can be made to resolve to it.
struct Gate: RouterMiddleware {
  typealias Context = ReviewContext

  /// The address that the server listens on.
  let host: String
  let token: String

  /// The host in addresses for people.
  var shownHost: String {
    if Self.wildcards.contains(host) { return "127.0.0.1" }
    return host.contains(":") ? "[\(host)]" : host
  }

  private static let wildcards: Set = ["0.0.0.0", "::", "*"]

  func handle(
    _ request: Request, context: ReviewContext,
    next: (Request, ReviewContext) async throws -> Response
  ) async throws -> Response {
    var response = try await answer(request, context, next)
    let policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
      + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    let headers = [
      ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"),
      ("Referrer-Policy", "no-referrer"), ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Cross-Origin-Opener-Policy", "same-origin"), ("X-Frame-Options", "DENY"),
    ]
    for (name, value) in headers {
      if let field = HTTPField.Name(name) { response.headers[field] = value }
    }
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    return response
  }

  private func answer(
    _ request: Request, _ context: ReviewContext,
    _ next: (Request, ReviewContext) async throws -> Response
  ) async throws -> Response {
    let authority = request.head.authority?.lowercased() ?? ""
    guard isOwn(authority, port: context.localPort) else { return Response(status: .forbidden) }
    // Browsers send a host's cookies to all its ports.
    let cookie = "fishcam_\(context.localPort)"
    if request.uri.path == "/", let given = request.uri.queryParameters["token"] {
      guard Token.isEqual(given, token) else { return Response(status: .forbidden) }
      return Response(
        status: .seeOther,
        headers: [
          .location: "/", .setCookie: "\(cookie)=\(token); Path=/; HttpOnly; SameSite=Strict",
        ])
    }
    let given = request.cookies[cookie]?.value ?? ""
    guard Token.isEqual(given, token) else { return Response(status: .forbidden) }
    if request.method != .get && request.method != .head {
      guard isSameOrigin(request, authority: authority) else {
        return Response(status: .forbidden)
      }
    }
    return try await next(request, context)
  }

  private func isOwn(_ authority: String, port: Int) -> Bool {
    var name = authority
    let suffix = ":\(port)"
    if name.hasSuffix(suffix) {
      name.removeLast(suffix.count)
    } else if port != 80 {
      return false
    }
    if ["127.0.0.1", "localhost", "[::1]", shownHost.lowercased()].contains(name) { return true }
    // Listening on all addresses: an address as such cannot be made to resolve elsewhere.
    guard Self.wildcards.contains(host) else { return false }
    let isIPv6 = name.hasPrefix("[") && name.hasSuffix("]")
    return isIPv6
      || name.split(separator: ".").count == 4
        && name.allSatisfy { $0 == "." || ("0"..."9").contains($0) }
  }

  /// Whether a browser says that a page of this server sent the request, or no browser sent it.
  private func isSameOrigin(_ request: Request, authority: String) -> Bool {
    if let origin = request.headers[.origin] {
      return origin.lowercased() == "http://\(authority)"
    }
    guard let name = HTTPField.Name("Sec-Fetch-Site"), let site = request.headers[name] else {
      return true
    }
    return site == "same-origin"
  }
}

/// A request's context, with the port that it came in on.
struct ReviewContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The port that the server listens on.
  let localPort: Int
  /// Bodies are verdicts; those are short.
  var maxUploadSize: Int { 1 << 16 }

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    localPort = source.channel.localAddress?.port ?? 0
  }
}
