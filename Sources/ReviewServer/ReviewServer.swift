internal import Hummingbird
internal import Logging
internal import NIOCore
public import SurveyStore

/// Serves the review page of one survey, to browsers that know its token.
///
/// `/` lists sites and deployments, `/deployments/ID` a deployment's frames, and
/// `/recordings/ID/frames/ID` one frame with its detections; `/api/` holds the JSON that the pages
/// work with. Everything it serves is in the program; nothing is fetched from elsewhere.
public struct ReviewServer: Sendable {
  /// What a server is started with.
  public struct Options: Sendable {
    /// The survey's file, as shown on the pages.
    public var databasePath: String
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port to listen on; 0 takes any free one.
    public var port = 0
    /// Who reviews; written with each verdict.
    public var reviewer: String
    /// The secret in the printed address.
    public var token: String
    /// Names offered for renaming, beside the run's own labels.
    public var taxa: [ReviewTaxon]
    /// The program's version, as shown on the pages.
    public var version: String

    /// Options with a new random token.
    public init(
      databasePath: String, host: String = "127.0.0.1", port: Int = 0, reviewer: String,
      token: String? = nil, taxa: [ReviewTaxon] = [], version: String
    ) {
      self.databasePath = databasePath
      self.host = host
      self.port = port
      self.reviewer = reviewer
      self.token = token ?? Token.random()
      self.taxa = taxa
      self.version = version
    }
  }

  private let options: Options
  private let desk: ReviewDesk

  /// A server of an open survey.
  ///
  /// - Throws: `ReviewServerError.invalidOption`, `brokenAsset`.
  public init(_ options: Options, store: SurveyStore) throws {
    guard (0...65_535).contains(options.port) else {
      throw ReviewServerError.invalidOption(
        name: "port", value: String(options.port), expected: "a number from 0 to 65535")
    }
    guard options.reviewer.contains(where: { !$0.isWhitespace }) else {
      throw ReviewServerError.invalidOption(
        name: "reviewer", value: options.reviewer, expected: "a name")
    }
    self.options = options
    desk = try ReviewDesk(options, store: store)
  }

  /// Serves until the task is cancelled.
  ///
  /// - Parameter onReady: called once, with the address to open, when requests are answered.
  /// - Throws: `ReviewServerError.cannotListen`.
  public func run(onReady: @escaping @Sendable (_ address: String) -> Void) async throws {
    let gate = Gate(host: options.host, token: options.token)
    let (shownHost, token) = (gate.shownHost, options.token)
    let isReady = Flag()
    // Below this it reports connections that ended with the server; requests that fail are reported
    // by `Apologies`.
    var logger = Logger(label: "fishcam.review.connections")
    logger.logLevel = .critical
    let application = Application(
      router: Routes(desk: desk).router(behind: gate),
      configuration: ApplicationConfiguration(
        address: .hostname(options.host, port: options.port)),
      onServerRunning: { channel in
        isReady.set()
        onReady("http://\(shownHost):\(channel.localAddress?.port ?? 0)/?token=\(token)")
      },
      logger: logger)
    do {
      try await application.run()
    } catch is CancellationError {
      return
    } catch {
      if Task.isCancelled { return }
      if isReady.isSet { throw error }
      throw ReviewServerError.cannotListen(
        host: options.host, port: options.port, reason: String(describing: error))
    }
  }
}
