internal import Mustache

/// The pages' templates, and the files that browsers fetch beside them.
struct Templates: Sendable {
  private let library: MustacheLibrary

  /// Parses all templates.
  ///
  /// - Throws: `ReviewServerError.brokenAsset`.
  init() throws {
    let sources = [
      ("head", PackageResources.head_mustache), ("foot", PackageResources.foot_mustache),
      ("survey", PackageResources.survey_mustache),
      ("deployment", PackageResources.deployment_mustache),
      ("card", PackageResources.card_mustache), ("frame", PackageResources.frame_mustache),
      ("tally", PackageResources.tally_mustache), ("problem", PackageResources.problem_mustache),
    ]
    var library = MustacheLibrary()
    for (name, bytes) in sources {
      do {
        try library.register(String(decoding: bytes, as: UTF8.self), named: name)
      } catch {
        throw ReviewServerError.brokenAsset(
          name: "\(name).mustache", reason: String(describing: error))
      }
    }
    self.library = library
  }

  /// Fills a template; text is escaped for HTML.
  func render(_ page: some Sendable, with name: String) throws -> String {
    guard let text = library.render(page, withTemplate: name) else {
      throw ReviewServerError.brokenAsset(name: "\(name).mustache", reason: "it is not there")
    }
    return text
  }

  /// A file that browsers fetch, with its media type.
  static func file(_ name: String) -> (bytes: [UInt8], type: String)? {
    switch name {
    case "review.css": (PackageResources.review_css, "text/css; charset=utf-8")
    case "review.js": (PackageResources.review_js, "text/javascript; charset=utf-8")
    case "icon.svg": (PackageResources.icon_svg, "image/svg+xml")
    default: nil
    }
  }
}

/// What every page has.
struct Chrome: Sendable {
  var title: String
  var survey: String
  var reviewer: String
  var version: String

  init(_ title: String, _ options: ReviewServer.Options) {
    self.title = title
    survey = options.databasePath.split(separator: "/").last.map(String.init) ?? "survey"
    reviewer = options.reviewer
    version = options.version
  }
}
