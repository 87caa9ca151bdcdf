/// A species, a taxon of higher rank, or a group that a model names.
public struct Taxon: Sendable, Hashable, Codable, Identifiable {
  /// What kind of name it is.
  public enum Rank: String, Sendable, Codable, CaseIterable {
    case kingdom, phylum, `class`, order, family, genus, species
    /// A group of everyday speech that is no taxon, such as “fish”; never has an identifier.
    case group
  }

  /// A statement of a source.
  public struct Source: Sendable, Hashable, Codable {
    /// What is said: `aphiaID`, `marks`, ….
    public var field: String
    /// Who says so.
    public var source: String
  }

  /// The name of the taxon's file without `.json`; model cards refer to it.
  public var id: String
  /// Accepted scientific name; absent for groups.
  public var scientificName: String?
  /// Author and year as the code of nomenclature writes them, brackets included.
  public var authority: String?
  /// English name.
  public var commonName: String
  /// Further English names.
  public var otherNames: [String]?
  /// Rank.
  public var rank: Rank
  /// WoRMS AphiaID; absent unless read in a source.
  public var aphiaID: Int?
  /// Family, genus and species epithet, as far as the rank has them.
  public var family: String?, genus: String?, epithet: String?
  /// FishBase species code, GBIF backbone key, CAAB code.
  public var fishBaseID: Int?, gbifKey: Int?, caabCode: String?
  /// IUCN Red List category.
  public var iucn: String?
  /// Names that are no longer accepted.
  public var synonyms: [String]?
  /// Greatest length in centimetres.
  public var maximumLengthCentimeters: Double?
  /// Depth range in metres, as FishBase gives it.
  public var minimumDepthMeters: Double?, maximumDepthMeters: Double?
  /// Where it lives.
  public var distribution: String?
  /// How it is recognised.
  public var marks: String?
  /// What it is confused with.
  public var lookAlikes: String?
  /// Who says what.
  public var sources: [Source]?

  /// The name that tallies print in their `species` column.
  public var tallyName: String { scientificName ?? commonName }

  /// The life science identifier that Darwin Core wants, where there is an AphiaID.
  public var lsid: String? { aphiaID.map { "urn:lsid:marinespecies.org:taxname:\($0)" } }
}
