import ArgumentParser
import Foundation
import SpeciesCatalog
import SurveyExport

struct Species: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the species catalogue.", subcommands: [List.self, Show.self])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List species, higher taxa and groups.",
      discussion: """
        EXAMPLES
          fishcam species list
          fishcam species list --json
        """)

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let taxa = try loadCatalog().taxa
      if json {
        print(try fishcam.json(taxa, pretty: true))
        return
      }
      let rows = taxa.map {
        [
          $0.tallyName, $0.commonName, $0.rank.rawValue, $0.family ?? "",
          $0.aphiaID.map(String.init) ?? "", $0.id,
        ]
      }
      print(
        TextTable(
          header: ["Name", "Common name", "Rank", "Family", "AphiaID", "Key"], rows: rows,
          numeric: [4]
        ).text, terminator: "")
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show what is known of one species.",
      discussion: """
        EXAMPLES
          fishcam species show "Zebrasoma xanthurum"
          fishcam species show palette
          fishcam species show 219676
        """)

    @Argument(help: "Scientific or common name, key, synonym or AphiaID; a part is enough.")
    var name: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let taxon = try loadCatalog().taxon(named: name)
      if json {
        print(try fishcam.json(taxon, pretty: true))
        return
      }
      var lines = ["\(taxon.tallyName) \(taxon.authority ?? "")"]
      func add(_ name: String, _ value: String?) {
        if let value, !value.isEmpty {
          lines.append("  " + name.padding(toLength: 14, withPad: " ", startingAt: 0) + value)
        }
      }
      add("Common name", ([taxon.commonName] + (taxon.otherNames ?? [])).joined(separator: ", "))
      add("Rank", taxon.rank.rawValue)
      add("Family", taxon.family)
      add("AphiaID", taxon.aphiaID.map { "\($0) (\(taxon.lsid ?? ""))" })
      add("FishBase", taxon.fishBaseID.map(String.init))
      add("GBIF", taxon.gbifKey.map(String.init))
      add("CAAB", taxon.caabCode)
      add("IUCN", taxon.iucn)
      add("Length", taxon.maximumLengthCentimeters.map { String(format: "up to %g cm", $0) })
      if let from = taxon.minimumDepthMeters, let to = taxon.maximumDepthMeters {
        add("Depth", String(format: "%g–%g m", from, to))
      }
      add("Lives in", taxon.distribution)
      add("Marks", taxon.marks)
      add("Look-alikes", taxon.lookAlikes)
      add("Synonyms", taxon.synonyms?.joined(separator: ", "))
      for source in taxon.sources ?? [] { add("Source", "\(source.source) (\(source.field))") }
      print(lines.joined(separator: "\n"))
    }
  }
}
