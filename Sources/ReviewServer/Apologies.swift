internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import Media
internal import NIOCore
internal import SurveyStore

/// Answers requests that fail: with a page, or below `/api/` with JSON.
struct Apologies: RouterMiddleware {
  typealias Context = ReviewContext

  let desk: ReviewDesk
  private let logger = Logger(label: "fishcam.review")

  init(desk: ReviewDesk) { self.desk = desk }

  struct Page: Sendable {
    var chrome: Chrome
    var heading: String
    var words: String
  }

  private struct Words: Encodable {
    var error: String
  }

  func handle(
    _ request: Request, context: ReviewContext,
    next: (Request, ReviewContext) async throws -> Response
  ) async throws -> Response {
    do { return try await next(request, context) } catch {
      let (status, words) = Self.explain(error)
      if status == .internalServerError {
        logger.error("\(request.uri.path): \(words)")
      }
      if request.uri.path.hasPrefix("/api/") {
        return Response(json: try JSONEncoder().encode(Words(error: words)), status: status)
      }
      if request.uri.path.hasSuffix(".jpg") {
        return Response(
          status: status, headers: [.contentType: "text/plain; charset=utf-8"],
          body: ResponseBody(byteBuffer: ByteBuffer(string: words)))
      }
      let heading = status == .notFound ? "There is no such page" : "This did not work"
      let page = Page(
        chrome: Chrome(heading, desk.options), heading: heading, words: words)
      return Response(html: try desk.templates.render(page, with: "problem"), status: status)
    }
  }

  static func explain(_ error: any Error) -> (HTTPResponse.Status, String) {
    switch error {
    case ReviewServerError.unknown(let what, _) where what == "verdict" || what == "label":
      (.unprocessableContent, String(describing: error))
    case let error as ReviewServerError:
      switch error {
      case .unknown, .videoMissing, .frameMissing: (.notFound, error.description)
      default: (.internalServerError, error.description)
      }
    case SurveyStoreError.missing: (.notFound, String(describing: error))
    case let error as SurveyStoreError: (.internalServerError, error.description)
    case let error as MediaError: (.notFound, error.description)
    case let error as HTTPError:
      (error.status, error.body ?? "The address leads nowhere.")
    default: (.internalServerError, String(describing: error))
    }
  }
}
