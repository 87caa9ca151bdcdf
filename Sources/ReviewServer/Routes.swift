internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import Survey
internal import SurveyStore

/// Which address is answered by what.
struct Routes: Sendable {
  let desk: ReviewDesk

  /// The router; every request passes the gate first.
  func router(behind gate: Gate) -> Router<ReviewContext> {
    let router = Router(context: ReviewContext.self)
    router.add(middleware: gate)
    router.add(middleware: Apologies(desk: desk))
    addPages(to: router)
    addFiles(to: router)
    addAPI(to: router)
    return router
  }

  private func addPages(to router: Router<ReviewContext>) {
    router.get("/") { request, _ in
      let run = request.query("run")
      return try await page { try ("survey", $0.surveyPage(run: run)) }
    }
    router.get("/deployments/:id") { request, context in
      let id = try number("id", context)
      let (run, label) = (request.query("run"), request.query("label"))
      let index = request.query("page").flatMap(Int.init) ?? 1
      return try await page {
        try ("deployment", $0.deploymentPage(id, run: run, label: label, page: index))
      }
    }
    // A part of the survey's page, fetched when counting it would have kept the page waiting.
    router.get("/deployments/:id/tally") { request, context in
      let id = try number("id", context)
      let run = request.query("run")
      return try await page { desk in
        guard let run = try desk.run(run).run else {
          throw ReviewServerError.unknown(what: "run", value: run ?? "")
        }
        let key = ReviewDesk.Key(run: run.id, deployment: id)
        return ("tally", TallyFragment(tally: TallyView(try desk.tally(key), key)))
      }
    }
    router.get("/recordings/:recording/frames/:id") { _, context in
      let (id, recording) = (try number("id", context), try number("recording", context))
      return try await page { try ("frame", $0.framePage(id, recording: recording)) }
    }
  }

  private func addFiles(to router: Router<ReviewContext>) {
    router.get("/assets/:name") { _, context in
      let name = context.parameters.get("name") ?? ""
      guard let file = Templates.file(name) else { throw HTTPError(.notFound) }
      return Response(
        status: .ok, headers: [.contentType: file.type, .cacheControl: "no-cache"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
    for size in [PictureMaker.Size.picture, .thumbnail] {
      router.get("/recordings/:recording/frames/:id/\(size.rawValue).jpg") { _, context in
        let (id, recording) = (try number("id", context), try number("recording", context))
        let (frame, files, evidence) = try await desk.work.run { [store = desk.store] in
          let frame = try store.reviewFrame(id, recording: recording)
          let files = try store.reviewFiles(media: frame.mediaID)
          let isThere = PictureMaker.present(files) != nil
          return (frame, files, isThere ? nil : try store.evidence(frame: id))
        }
        let bytes = try await desk.pictures.jpeg(
          of: frame, files: files, evidence: evidence, size: size)
        return Response(
          status: .ok,
          headers: [
            .contentType: "image/jpeg", .cacheControl: "private, max-age=86400, immutable",
          ], body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
      }
    }
  }

  private func addAPI(to router: Router<ReviewContext>) {
    router.get("/api/recordings/:recording/frames/:id") { _, context in
      let (id, recording) = (try number("id", context), try number("recording", context))
      return try await json { try $0.frameState(id, recording: recording) }
    }
    router.post("/api/recordings/:recording/frames/:id/verdicts") { request, context in
      let (id, recording) = (try number("id", context), try number("recording", context))
      guard request.headers[.contentType]?.hasPrefix("application/json") == true else {
        throw HTTPError(.unsupportedMediaType, message: "a verdict is JSON")
      }
      let said = try await request.decode(as: Said.self, context: context)
      guard let kind = VerdictKind(rawValue: said.kind) else {
        throw ReviewServerError.unknown(what: "verdict", value: said.kind)
      }
      return try await json {
        try $0.judge(said.detection, in: id, recording: recording, kind, label: said.label)
      }
    }
  }

  /// A verdict as the page sends it.
  private struct Said: Decodable {
    var detection: Int64
    var kind: String
    var label: String?
  }

  private struct TallyFragment: Sendable {
    var tally: TallyView
  }

  private func number(_ name: String, _ context: ReviewContext) throws -> Int64 {
    guard let id = context.parameters.get(name).flatMap(Int64.init) else {
      throw HTTPError(.notFound)
    }
    return id
  }

  private func page<Page: Sendable>(
    _ make: @escaping @Sendable (ReviewDesk) throws -> (template: String, page: Page)
  ) async throws -> Response {
    let text = try await desk.work.run { [desk] in
      let made = try make(desk)
      return try desk.templates.render(made.page, with: made.template)
    }
    return Response(html: text, status: .ok)
  }

  private func json<Value: Encodable & Sendable>(
    _ make: @escaping @Sendable (ReviewDesk) throws -> Value
  ) async throws -> Response {
    let data = try await desk.work.run { [desk] in try JSONEncoder().encode(make(desk)) }
    return Response(json: data, status: .ok)
  }
}

extension Request {
  /// A value of the address's query.
  fileprivate func query(_ name: String) -> String? {
    uri.queryParameters[Substring(name)].map(String.init)
  }
}

extension Response {
  init(html: String, status: HTTPResponse.Status) {
    self.init(
      status: status, headers: [.contentType: "text/html; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
  }

  init(json: Data, status: HTTPResponse.Status) {
    self.init(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
  }
}
