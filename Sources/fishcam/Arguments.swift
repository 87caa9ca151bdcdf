public import ArgumentParser
public import Detection
public import Inference
public import Survey
public import SurveyExport
public import SurveyPipeline

// How values of the modules are written on a command line.

extension CentroidDecoder: ExpressibleByArgument {}
extension SurveyJobOptions.Hashing: ExpressibleByArgument {}
extension KernelVariant: ExpressibleByArgument {}
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
