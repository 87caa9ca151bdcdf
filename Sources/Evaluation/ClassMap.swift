internal import Foundation
internal import Survey

/// Which label of the model each class of a truth should be found as.
public struct ClassMap: Sendable, Equatable {
  /// For each category of the truth the label's index; `nil` is background.
  public var labels: [Int?]
  /// How the table came about, where that needs saying.
  public var notes: [String] = []

  /// Classes with the names of labels.
  ///
  /// Where none has, a model of one label takes all classes for it. Upper and lower case are the
  /// same where no name is equal.
  ///
  /// - Throws: `EvaluationError.nothingToFind`.
  public init(_ truth: TruthSet, labels names: [String]) throws(EvaluationError) {
    labels = truth.categories.map { names.firstIndex(of: $0) }
    if labels.allSatisfy({ $0 == nil }) {
      let lowered = names.map { $0.lowercased() }
      labels = truth.categories.map { lowered.firstIndex(of: $0.lowercased()) }
    }
    if labels.allSatisfy({ $0 == nil }), names.count == 1, !truth.categories.isEmpty {
      labels = truth.categories.map { _ in 0 }
      notes.append(
        "No class is named “\(names[0])”, so all are taken for it; --classes says otherwise.")
    }
    try check(truth, names)
  }

  /// A table with the columns `truth` and `label`, and others that say what they like; classes that
  /// it leaves out, or gives no label, are background.
  ///
  /// - Throws: `EvaluationError`.
  public init(file: String, _ truth: TruthSet, labels names: [String]) throws(EvaluationError) {
    let text = String(decoding: try TruthFile.read(file), as: UTF8.self)
    let rows: [[String]]
    do { rows = try CSV.parse(text) } catch {
      throw .classes(file: file, problem: error.description)
    }
    let trimmed = rows.map { $0.map { $0.trimmingCharacters(in: .whitespaces) } }
    guard let header = trimmed.first, let from = header.firstIndex(of: "truth"),
      let to = header.firstIndex(of: "label")
    else {
      throw .classes(file: file, problem: "its first row should name the columns truth,label")
    }
    guard header.lastIndex(of: "truth") == from, header.lastIndex(of: "label") == to else {
      throw .classes(file: file, problem: "its first row names truth or label twice")
    }
    var table: [String: Int?] = [:]
    for (index, row) in trimmed.enumerated().dropFirst() where row != [""] {
      guard row.count > max(from, to), !row[from].isEmpty else {
        throw .classes(file: file, problem: "row \(index + 1): expected a class and its label")
      }
      guard row.count <= header.count else {
        throw .classes(
          file: file,
          problem: "row \(index + 1) has more columns than the first row; "
            + "a name with a comma stands in quotation marks")
      }
      let label = names.firstIndex(of: row[to])
      guard label != nil || row[to].isEmpty else {
        throw .classes(
          file: file,
          problem: "row \(index + 1): the model has no label “\(row[to])”; it has "
            + names.joined(separator: ", "))
      }
      guard table.updateValue(label, forKey: row[from]) == nil else {
        throw .classes(
          file: file, problem: "row \(index + 1): the class “\(row[from])” stands there twice")
      }
    }
    labels = truth.categories.map { table[$0] ?? nil }
    let strangers = table.keys.filter { !truth.categories.contains($0) }.sorted()
    if !strangers.isEmpty {
      notes.append(
        "\((file as NSString).lastPathComponent) names classes that the truth does not have: "
          + strangers.joined(separator: ", ") + ".")
    }
    try check(truth, names)
  }

  /// A table that is made up.
  init(unchecked labels: [Int?]) { self.labels = labels }

  private func check(_ truth: TruthSet, _ names: [String]) throws(EvaluationError) {
    guard labels.contains(where: { $0 != nil }) else {
      throw .nothingToFind(file: truth.file, classes: truth.categories, labels: names)
    }
  }
}
