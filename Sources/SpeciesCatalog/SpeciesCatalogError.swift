/// Why a catalogue or a model card cannot be used.
public enum SpeciesCatalogError: Error, Equatable, CustomStringConvertible {
  /// No `Species` folder was found near the program.
  case noCatalogue(searched: [String])
  /// A file cannot be read.
  case unreadable(file: String, reason: String)
  /// A file is not the JSON that it should be.
  case malformed(file: String, reason: String)
  /// A file's value is not what it should be.
  case invalid(file: String, property: String, expected: String)
  /// A file has a property that nothing reads.
  case unknownProperty(file: String, property: String)
  /// A card names a taxon that the catalogue lacks.
  case unknownTaxon(file: String, taxon: String)
  /// A model's file is not the one that its card describes.
  case wrongHash(file: String, expected: String, actual: String)
  /// No model has this name.
  case unknownModel(name: String, known: [String])
  /// No taxon has this name.
  case unknownSpecies(name: String, similar: [String])

  /// One sentence for a person.
  public var description: String {
    switch self {
    case .noCatalogue(let searched):
      "the species catalogue is missing: there is no Species folder in "
        + searched.joined(separator: ", ") + "; install again with Scripts/install"
    case .unreadable(let file, let reason): "\(file): cannot be read (\(reason))"
    case .malformed(let file, let reason): "\(file): not what it should be: \(reason)"
    case .invalid(let file, let property, let expected):
      "\(file): “\(property)” should hold \(expected)"
    case .unknownProperty(let file, let property):
      "\(file): there is no property “\(property)”; correct its name or take it out "
        + "(Species/README.md says what there is)"
    case .unknownTaxon(let file, let taxon):
      "\(file): there is no taxon “\(taxon)” in Species/taxa"
    case .wrongHash(let file, let expected, let actual):
      "\(file): its content (SHA-256 \(actual.prefix(12))…) is not what its card describes "
        + "(\(expected.prefix(12))…); copy model and card together again"
    case .unknownModel(let name, let known):
      "there is no model “\(name)”; use a .tflite file, or one of: "
        + known.joined(separator: ", ")
    case .unknownSpecies(let name, let similar):
      "there is no species “\(name)” in the catalogue"
        + (similar.isEmpty
          ? "; `fishcam species list` shows all"
          : "; did you mean " + similar.joined(separator: " or ") + "?")
    }
  }
}
