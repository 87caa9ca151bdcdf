import ArgumentParser
import Foundation
import ReviewServer
import SpeciesCatalog
import SurveyStore

struct Review: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Look at detections in a browser, and confirm, reject or rename them.",
    discussion: """
      Prints an address that only this machine answers, and only with the token in it. Verdicts are \
      added to the survey with name and time, never written over; tallies follow at once. Ctrl-C \
      ends it.

      EXAMPLES
        fishcam review
        fishcam review --database may.sqlite --reviewer "Ana Ruiz" --port 8080
      """)

  @OptionGroup var database: DatabaseOption

  @Option(help: "The port to listen on; any free one unless given.")
  var port = 0

  @Option(help: "The address to listen on.")
  var host = "127.0.0.1"

  @Option(help: "Who reviews; written with each verdict.")
  var reviewer = NSUserName()

  func run() async throws {
    let catalog = try loadCatalog()
    let store = try SurveyStore(path: database.database)
    if !["127.0.0.1", "localhost", "::1"].contains(host) {
      standardError("warning: --host \(host) lets other machines in, if they know the token.")
    }
    let taxa = catalog.taxa.map {
      ReviewTaxon(
        label: $0.scientificName ?? $0.id, scientificName: $0.scientificName,
        commonName: $0.commonName,
        aphiaID: $0.aphiaID)
    }
    let server = try ReviewServer(
      ReviewServer.Options(
        databasePath: database.database, host: host, port: port, reviewer: reviewer, taxa: taxa,
        version: Fishcam.version),
      store: store)
    let task = Task {
      try await server.run { address in
        FileHandle.standardOutput.write(
          Data("Open \(address)\nReviewer: \(reviewer). Ctrl-C ends the review.\n".utf8))
      }
    }
    let signals = StopSignals { task.cancel() }
    defer { signals.end() }
    do { try await task.value } catch is CancellationError {}
  }
}
