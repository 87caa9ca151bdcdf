import ArgumentParser
import Foundation
import SurveyExport
import SurveyStore

struct TallyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tally",
    abstract: "Print MaxN, MeanCount and effort per species and deployment.",
    discussion: """
      Every label of the model gets a row in every processed deployment, zero where none was seen. \
      MaxN is the most individuals in one frame. Reviewers' verdicts count; another threshold \
      needs no second run of `process`.

      EXAMPLES
        fishcam tally
        fishcam tally --by site --format csv --output tally.csv
        fishcam tally --database may.sqlite --threshold 0.6 --format json
      """)

  @OptionGroup var database: DatabaseOption

  @Option(help: "A row for each deployment, site or recording.")
  var by = TallyTable.Grouping.deployment

  @Option(help: "table, csv or json.")
  var format = Format.table

  @Option(help: "Score from which a detection counts; each label's own unless given.")
  var threshold: Double?

  @Option(
    name: .customLong("run"),
    help: "Number of a run, where the survey has several; the last unless given.")
  var runNumber: Int64?

  @Option(help: "A file to write, instead of standard output.", completion: .file())
  var output: String?

  enum Format: String, CaseIterable, ExpressibleByArgument {
    case table, csv, json
  }

  func validate() throws {
    if let threshold, !(threshold > 0 && threshold <= 1) {
      throw ValidationError("--threshold \(threshold): a score is above 0 and at most 1.")
    }
  }

  func run() throws {
    let store = try SurveyStore(path: database.database)
    let table = try TallyTable(store, run: runNumber, by: by, threshold: threshold)
    switch format {
    case .table: try deliver(table.text, to: output)
    case .csv: try deliver(table.csv, to: output)
    case .json: try deliver(try table.json(), to: output)
    }
    let others = try store.runs().filter { $0.id != table.run.id }
    if runNumber == nil, !others.isEmpty {
      standardError("This is run \(table.run.id). Others, for --run:")
      for other in others {
        standardError("  \(other.id)  \(other.model), sampled \(other.sample), \(other.decoder)")
      }
    }
    let leftOut = try store.deploymentsLeftOut()
    if !leftOut.isEmpty {
      standardError(
        "Left out, since the manifest says successful_count No: "
          + leftOut.map { "\($0.site)/\($0.opcode)" }.joined(separator: ", "))
    }
    let missing = try store.recordingProblems(run: table.run.id)
    if !missing.isEmpty { standardError("Not, or not wholly, in these figures:") }
    for problem in missing {
      standardError("  " + TextTable.printable("\(problem.path): \(problem.reason)"))
    }
  }
}
