import ArgumentParser
import Foundation
import Media

/// The program: parses a command, runs it, prints, and gives the exit code.
@main
struct Fishcam: AsyncParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "fishcam",
    abstract:
      "Counts fish in dive and tank video: a folder of recordings in, species per site out.",
    discussion: """
      A survey is one SQLite file. `process` fills it from folders of video and photos, and goes on \
      where it was stopped; `tally` prints MaxN and its companions; `review` opens it in a browser.

      EXAMPLES
        fishcam process ~/dives/2024-05
        fishcam process GX010042.MP4 --site "Coral Garden" --sample 500ms
        fishcam tally --by site --format csv --output tally.csv
        fishcam review --reviewer "Ana Ruiz"

      EXIT CODES
        0 all done · 1 finished, but some recordings failed · 2 wrong usage or input
        3 stopped by an error such as a full disk · 130 interrupted; run again to go on
      """,
    version: version,
    subcommands: [
      Probe.self, Process.self, TallyCommand.self, Review.self, Detect.self, Classify.self,
      Evaluate.self,
      Model.self, Species.self,
    ])

  static func main() async {
    var status: Int32 = 0
    do {
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch let error as any CustomStringConvertible & Error where Failure.knows(error) {
      status = Failure.status(saying: error)
    } catch {
      let code = exitCode(for: error)
      let message = fullMessage(for: error)
      if code == .success {
        print(message)
      } else if !message.isEmpty {
        standardError(message)
      }
      status = code == .validationFailure ? 2 : code.rawValue
    }
    MediaLibraries.awaitLoading()
    if status != 0 { Foundation.exit(status) }
  }
}

/// Writes a line to standard error.
func standardError(_ line: String) {
  FileHandle.standardError.write(Data((line + "\n").utf8))
}
