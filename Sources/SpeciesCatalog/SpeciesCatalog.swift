internal import Crypto
public import Foundation

/// The taxa and models of a `Species` folder, checked as a whole when it is loaded.
public struct SpeciesCatalog: Sendable {
  /// The folder.
  public let folder: URL
  /// All taxa: species first, then groups and higher ranks, by name.
  public let taxa: [Taxon]
  private let byID: [String: Taxon]

  /// Loads `taxa/*.json`.
  ///
  /// - Throws: `SpeciesCatalogError`, which names file and property.
  public init(folder: URL) throws(SpeciesCatalogError) {
    self.folder = folder
    let taxaFolder = folder.appending(path: "taxa")
    var loaded: [Taxon] = []
    for name in try Self.names(in: taxaFolder) where name.hasSuffix(".json") {
      let file = taxaFolder.appending(path: name)
      let taxon: Taxon = try Self.decode(file)
      if let (property, expected) = Self.problem(of: taxon, fileName: name) {
        throw .invalid(file: file.path, property: property, expected: expected)
      }
      if let id = taxon.aphiaID, let other = loaded.first(where: { $0.aphiaID == id }) {
        throw .invalid(
          file: file.path, property: "aphiaID",
          expected: "an identifier of its own (\(other.id) has the same)")
      }
      loaded.append(taxon)
    }
    if loaded.isEmpty { throw .noCatalogue(searched: [folder.path]) }
    let order = { (taxon: Taxon) in (taxon.rank == .species ? 0 : 1, taxon.tallyName) }
    taxa = loaded.sorted { order($0) < order($1) }
    byID = Dictionary(loaded.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Finds the folder near a program: in a parent folder of a checkout's build, or in
  /// `share/fishcam` beside an installed program's `bin`.
  ///
  /// - Parameter program: the program's own path, links resolved.
  /// - Throws: `SpeciesCatalogError.noCatalogue` with the places that were searched.
  public static func folder(near program: URL) throws(SpeciesCatalogError) -> URL {
    var searched: [String] = []
    var parent = program.deletingLastPathComponent()
    let installed = parent.deletingLastPathComponent().appending(path: "share/fishcam")
    var places = [installed]
    for _ in 0..<6 {
      places.append(parent)
      parent = parent.deletingLastPathComponent()
    }
    for place in places {
      let folder = place.appending(path: "Species")
      searched.append(place.path)
      if FileManager.default.fileExists(atPath: folder.appending(path: "taxa").path) {
        return folder
      }
    }
    throw .noCatalogue(searched: searched)
  }

  /// The taxon with this key.
  public func taxon(id: String) -> Taxon? { byID[id] }

  /// The taxon that a person means: by key, scientific or English name, synonym or AphiaID.
  public func taxon(named text: String) throws(SpeciesCatalogError) -> Taxon {
    let wanted = text.lowercased()
    let names = { (taxon: Taxon) in
      ([taxon.id, taxon.scientificName, taxon.commonName, taxon.aphiaID.map(String.init)]
        .compactMap { $0 } + (taxon.otherNames ?? []) + (taxon.synonyms ?? []))
        .map { $0.lowercased() }
    }
    if let exact = taxa.first(where: { names($0).contains(wanted) }) { return exact }
    let similar = taxa.filter { names($0).contains { $0.contains(wanted) } }
    if similar.count == 1 { return similar[0] }
    throw .unknownSpecies(name: text, similar: similar.map(\.tallyName))
  }

  /// Names of the models in `models/`.
  public func modelNames() throws(SpeciesCatalogError) -> [String] {
    let models = folder.appending(path: "models")
    return try Self.names(in: models).filter {
      FileManager.default.fileExists(atPath: models.appending(path: "\($0)/card.json").path)
    }
  }

  /// The folder of a model of the catalogue.
  public func modelFolder(_ name: String) throws(SpeciesCatalogError) -> URL {
    let known = try modelNames()
    guard known.contains(name) else { throw .unknownModel(name: name, known: known) }
    return folder.appending(path: "models/\(name)")
  }

  /// Reads and checks a `card.json`, its taxa against this catalogue.
  ///
  /// - Parameter decoders: names of the decoders that the program has.
  public func card(_ file: URL, decoders: Set<String>) throws(SpeciesCatalogError) -> ModelCard {
    let card: ModelCard = try Self.decode(file)
    if let (property, expected) = card.problem(decoders: decoders) {
      throw .invalid(file: file.path, property: property, expected: expected)
    }
    for label in card.labels {
      if let taxon = label.taxon, byID[taxon] == nil {
        throw .unknownTaxon(file: file.path, taxon: taxon)
      }
    }
    if let key = card.openSet?.taxon {
      guard let taxon = byID[key] else { throw .unknownTaxon(file: file.path, taxon: key) }
      guard taxon.rank != .species else {
        throw .invalid(
          file: file.path, property: "openSet.taxon",
          expected: "a group or a rank above species, since its individuals are of no known one")
      }
    }
    return card
  }

  /// SHA-256 of bytes in hexadecimal.
  public static func sha256(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func problem(of taxon: Taxon, fileName: String) -> (String, String)? {
    if taxon.id + ".json" != fileName { return ("id", "the file's name without .json") }
    if taxon.commonName.isEmpty { return ("commonName", "a name") }
    if taxon.rank == .group {
      if taxon.scientificName != nil || taxon.aphiaID != nil {
        return ("rank", "a rank, since it has a scientific name or identifier")
      }
      return nil
    }
    guard let name = taxon.scientificName, !name.isEmpty else {
      return ("scientificName", "a name, since it is no group")
    }
    if let id = taxon.aphiaID, id <= 0 { return ("aphiaID", "a number above 0") }
    guard taxon.rank == .species else { return nil }
    guard let family = taxon.family, !family.isEmpty else { return ("family", "a family") }
    guard let genus = taxon.genus, let epithet = taxon.epithet, name == "\(genus) \(epithet)"
    else { return ("scientificName", "genus and epithet as given beside it") }
    return nil
  }

  private static func names(in folder: URL) throws(SpeciesCatalogError) -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    } catch {
      throw .unreadable(file: folder.path, reason: "no such folder")
    }
  }

  /// Reads a file that holds a value's properties and no others: one that is misspelt, or that this
  /// version does not know, would else silently not hold.
  private static func decode<Value: Codable>(_ file: URL) throws(SpeciesCatalogError) -> Value {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw .unreadable(file: file.path, reason: "missing, or no permission")
    }
    let value: Value
    let unknown: String?
    do {
      value = try JSONDecoder().decode(Value.self, from: data)
      unknown = firstUnknown(
        try JSONSerialization.jsonObject(with: data),
        try JSONSerialization.jsonObject(with: JSONEncoder().encode(value)))
    } catch {
      throw .malformed(file: file.path, reason: Self.text(of: error))
    }
    if let unknown { throw .unknownProperty(file: file.path, property: unknown) }
    return value
  }

  /// The first property, by name, of a JSON value that another one lacks; `null` is no property.
  private static func firstUnknown(_ given: Any, _ known: Any) -> String? {
    if let given = given as? [String: Any], let known = known as? [String: Any] {
      for (name, value) in given.sorted(by: { $0.key < $1.key }) where !(value is NSNull) {
        guard let other = known[name] else { return name }
        if let inner = firstUnknown(value, other) { return "\(name).\(inner)" }
      }
    } else if let given = given as? [Any], let known = known as? [Any] {
      return zip(given, known).lazy.compactMap(firstUnknown).first
    }
    return nil
  }

  /// What JSON has for a type.
  private static func kind(_ type: any Any.Type) -> String {
    if type is String.Type { return "a text" }
    if type is Bool.Type { return "true or false" }
    if type is any Numeric.Type { return "a number" }
    let name = "\(type)"
    return name.hasPrefix("Array") || name.hasPrefix("Unkeyed") ? "a list" : "an object"
  }

  private static func text(of error: any Error) -> String {
    guard let error = error as? DecodingError else { return "not JSON" }
    let path = { (context: DecodingError.Context) in
      context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? $0.stringValue }
        .joined(separator: ".")
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "“\(path(context).isEmpty ? "" : path(context) + ".")\(key.stringValue)” is missing"
    case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
      return "“\(path(context))” should hold \(kind(type))"
    case .dataCorrupted(let context):
      return context.codingPath.isEmpty
        ? "not JSON" : "“\(path(context))”: \(context.debugDescription)"
    @unknown default: return "not JSON"
    }
  }
}
