import ArgumentParser
import Foundation
import Inference
import Survey
import SurveyExport
import TFLite

extension Model {
  struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Time one inference: median and 90th percentile after a warm-up.",
      discussion: """
        Several models make a table. Energy is read from the machine where it says so \
        (/sys/class/powercap, often for root alone), or reckoned from --watts, the power that the \
        machine draws under this load; --budget says what a supply such as a satellite's 10 W can do \
        in a day.

        EXAMPLES
          fishcam model bench fish
          fishcam model bench exported/fomo.tflite --threads 1 --json
          fishcam model bench mobilenet_*.tflite --watts 15 --budget 10W --csv sizes.csv
        """)

    @Argument(help: "Models' names or .tflite files.", completion: .file(extensions: ["tflite"]))
    var model: [String]

    @Option(help: "Threads that one inference may use.")
    var threads = 1

    @Option(help: "Kernels: \(KernelVariant.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kernels = KernelVariant.best

    @Option(help: "Seconds to time each model for.")
    var seconds = 1.0

    @Option(help: "Watts that the machine draws under this load, where it cannot be asked.")
    var watts: Double?

    @Option(help: "A power budget such as 10W, for inferences a day.")
    var budget: String?

    @Option(help: "A CSV file to write.", completion: .file())
    var csv: String?

    @Flag(help: "Print JSON: an object, or an array of several models.")
    var json = false

    func validate() throws {
      guard (1...64).contains(threads) else { throw ValidationError("--threads is from 1 to 64.") }
      guard seconds > 0, seconds <= 3600 else {
        throw ValidationError("--seconds is above 0 and at most 3600.")
      }
      if let watts, !(watts > 0 && watts < 1e6) {
        throw ValidationError("--watts is a power above 0.")
      }
      if budget != nil, budgetWatts == nil {
        throw ValidationError("--budget is a power such as 10W or 0.5W.")
      }
    }

    private var budgetWatts: Double? {
      guard let budget else { return nil }
      let number = budget.lowercased().hasSuffix("w") ? budget.dropLast() : Substring(budget)
      return Double(number).flatMap { $0 > 0 && $0 < 1e6 ? $0 : nil }
    }

    func run() throws {
      let results = try model.map(time)
      if let csv { try deliver(Self.csv(results), to: csv) }
      if json {
        print(
          results.count == 1
            ? try fishcam.json(results[0]) : try fishcam.json(results, pretty: true))
      } else {
        let rows = results.map { $0.cells.map { $0 ?? "–" } }
        print(
          TextTable(header: Result.columns, rows: rows, numeric: Set(1..<Result.columns.count))
            .text,
          terminator: "")
        print("\n\(results[0].kernels) kernels, \(threads) thread\(threads == 1 ? "" : "s")")
      }
    }

    private func time(_ nameOrPath: String) throws -> Result {
      let (file, graph) = try Model.graph(nameOrPath)
      let interpreter = try Interpreter(
        graph, options: InferenceOptions(threads: threads, kernels: kernels))
      let summary = ModelSummary(graph)
      for _ in 0..<3 { interpreter.run() }
      let clock = ContinuousClock()
      let meter = EnergyMeter()
      let energyBefore = meter?.joules()
      var times: [Double] = []
      let start = clock.now
      let end = start + .seconds(seconds)
      while clock.now < end || times.count < 5 {
        times.append(clock.measure { interpreter.run() } / .milliseconds(1))
      }
      let took = (clock.now - start) / .seconds(1)
      let energyAfter = meter?.joules()
      times.sort()
      let median = times[times.count / 2]
      var joules: Double?
      if let energyBefore, let energyAfter, energyAfter > energyBefore {
        joules = (energyAfter - energyBefore) / Double(times.count)
      } else if let watts {
        joules = watts * took / Double(times.count)
      }
      return Result(
        model: file.lastPathComponent, bytes: graph.byteCount, multiply_adds: summary.multiplyAdds,
        median_ms: median, p90_ms: times[min(times.count - 1, times.count * 9 / 10)],
        runs: times.count, multiply_adds_per_second: Double(summary.multiplyAdds) / median * 1e3,
        memory_bytes: interpreter.memoryBytes, kernels: interpreter.kernels, threads: threads,
        joules_per_inference: joules, inferences_per_joule: joules.map { 1 / $0 },
        inferences_per_day_at_budget: budgetWatts.flatMap { budget in
          joules.map { min(budget / $0, 1e3 / median) * 86_400 }
        })
    }

    private static func csv(_ results: [Result]) -> String {
      let header = [
        "model", "bytes", "multiply_adds", "median_ms", "p90_ms", "runs",
        "multiply_adds_per_second", "memory_bytes", "kernels", "threads", "joules_per_inference",
        "inferences_per_joule", "inferences_per_day_at_budget",
      ]
      let rows = results.map { result -> [String] in
        let energy = [
          result.joules_per_inference, result.inferences_per_joule,
          result.inferences_per_day_at_budget,
        ].map { $0.map { "\($0)" } ?? "" }
        let speed = ["\(result.median_ms)", "\(result.p90_ms)", "\(result.runs)"]
        return [result.model, "\(result.bytes)", "\(result.multiply_adds)"] + speed
          + ["\(result.multiply_adds_per_second)", "\(result.memory_bytes)"]
          + [result.kernels, "\(result.threads)"] + energy
      }
      return ([header] + rows).map(CSV.row).joined()
    }

    private struct Result: Encodable {
      var model: String, bytes: Int, multiply_adds: Int, median_ms: Double, p90_ms: Double
      var runs: Int, multiply_adds_per_second: Double, memory_bytes: Int, kernels: String
      var threads: Int, joules_per_inference: Double?, inferences_per_joule: Double?
      var inferences_per_day_at_budget: Double?

      static let columns = [
        "Model", "kB", "M mult-adds", "median ms", "p90 ms", "G mult-adds/s", "memory kB",
        "mJ each", "per joule", "per day",
      ]

      var cells: [String?] {
        let number = { (value: Double, digits: Int) in String(format: "%.\(digits)f", value) }
        return [
          model, number(Double(bytes) / 1e3, 0), number(Double(multiply_adds) / 1e6, 1),
          number(median_ms, 3), number(p90_ms, 3), number(multiply_adds_per_second / 1e9, 1),
          number(Double(memory_bytes) / 1e3, 0), joules_per_inference.map { number($0 * 1e3, 2) },
          inferences_per_joule.map { number($0, 1) },
          inferences_per_day_at_budget.map { grouped(Int($0)) },
        ]
      }
    }
  }
}

/// The processor packages' energy counters, where Linux's powercap shows them to this user.
private struct EnergyMeter {
  private let zones: [String]

  init?() {
    let root = "/sys/class/powercap"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    // intel-rapl:N is a package; intel-rapl:N:M is a part of one. AMD's are named the same.
    zones = names.filter { $0.hasPrefix("intel-rapl:") && $0.filter { $0 == ":" }.count == 1 }
      .compactMap { name in
        let energy = "\(root)/\(name)/energy_uj"
        guard Self.number(energy) != nil else { return nil as String? }
        return energy
      }
    if zones.isEmpty { return nil }
  }

  /// Joules since some moment; goes back to 0 now and then.
  func joules() -> Double? {
    let values = zones.compactMap(Self.number)
    return values.count == zones.count ? values.reduce(0, +) / 1e6 : nil
  }

  private static func number(_ path: String) -> Double? {
    (try? String(contentsOfFile: path, encoding: .utf8))
      .flatMap { Double($0.filter { $0.isNumber }) }
  }
}
