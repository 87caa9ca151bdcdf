internal import Foundation
internal import Survey
internal import SurveyStore

extension DeploymentWindow {
  /// Less of a deployment is dark or turbid everywhere.
  private static let notable = 0.05

  /// What a person should know of it, a sentence each.
  var sentences: [String] {
    var result: [String] = []
    if let from = counted.from, from >= seconds {
      result.append(
        "nothing of it is counted: usable_from_s is \(Int(from)) s, and its video ends at "
          + Self.clock(seconds))
    } else if !counted.isWhole {
      result.append(
        "counted \(Self.text(counted, seconds)) of \(Self.clock(seconds)) "
          + (isGiven ? "(usable_from_s, usable_to_s)" : "(--trim auto)"))
    } else if !found.isWhole {
      result.append(
        "the camera seems to stand \(Self.text(found, seconds)) of \(Self.clock(seconds)); all of it "
          + "is counted: `--trim auto` leaves the rest out")
    }
    if isLookedFor, found.isWhole {
      result.append("neither descent nor retrieval was found (--trim auto)")
    }
    let parts = [(dark, "dark"), (turbid, "turbid")].filter { $0.0 >= Self.notable }.map {
      "\(Int(($0.0 * 100).rounded())) % of what is counted is \($0.1)"
    }
    if !parts.isEmpty { result.append(parts.joined(separator: ", ")) }
    return result
  }

  private static func text(_ window: UsableWindow, _ seconds: Double) -> String {
    "from \(clock(window.from ?? 0)) to \(clock(min(seconds, window.to ?? seconds)))"
  }

  /// `h:mm:ss`.
  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    return String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }
}
