public import ArgumentParser
public import Detection
public import Inference
public import Survey
public import SurveyExport
public import SurveyPipeline
public import SurveyStore

// How values of the modules are written on a command line.

extension CentroidDecoder: ExpressibleByArgument {}
extension SurveyJobOptions.Hashing: ExpressibleByArgument {}
extension KernelVariant: ExpressibleByArgument {}
extension Trim: ExpressibleByArgument {}
extension TallyTable.Grouping: ExpressibleByArgument {}

extension Sampling: ExpressibleByArgument {
  /// `all`, `keyframes`, or a period such as `1s`.
  public init?(argument: String) { self.init(argument) }

  /// The value as it is typed.
  public var defaultValueDescription: String {
    if case .period = self { return canonicalText + "s" }
    return canonicalText
  }
}

extension WindowSteps: ExpressibleByArgument {
  /// Reads `SIZE,STRIDE`.
  public init?(argument: String) {
    let parts = argument.split(separator: ",").compactMap { Int($0) }
    guard parts.count == 2, parts.allSatisfy({ (1...100_000).contains($0) }) else { return nil }
    self.init(size: parts[0], stride: parts[1])
  }

  /// What is wrong with windows and a decoder together.
  static let noDecoder = "--decoder reads a grid, and windows have none; leave one of them out."
}
