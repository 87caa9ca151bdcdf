internal import Foundation
internal import Survey

/// The deployment that a file belongs to, as its folders and a manifest say.
struct PlacedFile {
  /// The file.
  var file: FoundFile
  /// Name of the site.
  var site: String
  /// Name of the deployment.
  var opcode: String
  /// Absolute path of the deployment's folder.
  var folder: String
  /// Path relative to that folder.
  var name: String
  /// The manifest's row, if one speaks of it.
  var row: ManifestRow?
}

/// Sorts files into deployments.
enum Placing {
  /// The files with their deployments, and remarks on rows that speak of no file.
  ///
  /// - Parameters:
  ///   - files: what was found.
  ///   - manifest: file name and rows, if there is one.
  ///   - site: overrides what folders and manifest say.
  static func place(
    _ files: [FoundFile], manifest: (file: String, rows: [ManifestRow])?, site: String?
  )
    throws(SurveyPipelineError) -> (files: [PlacedFile], warnings: [String])
  {
    var used: Set<Int> = []
    var rowOfDeployment: [String: ManifestRow] = [:]
    var placed: [PlacedFile] = []
    for file in files {
      let naming = FolderNaming(root: file.root, folders: file.folders)
      let row = manifest.flatMap { Self.row(for: file, naming, in: $0.rows) }
      if let row { used.insert(row.row) }
      let named = file.folders.lastIndex { !FolderNaming.isCameraFolder($0) }.map { $0 + 1 } ?? 0
      let name = (file.folders[named...] + [file.name]).joined(separator: "/")
      let item = PlacedFile(
        file: file, site: site ?? row?.site ?? naming.site, opcode: row?.opcode ?? naming.opcode,
        folder: String(file.path.dropLast(name.count + 1)), name: name, row: row)
      if let row, let manifest {
        let key = item.site + "\u{0}" + item.opcode
        if let other = rowOfDeployment[key], other.row != row.row {
          let columns = other.conflicts(with: row)
          if !columns.isEmpty {
            throw .manifest(
              file: manifest.file,
              error: .conflict(rows: other.row, row.row, opcode: item.opcode, columns: columns))
          }
        }
        rowOfDeployment[key] = rowOfDeployment[key] ?? row
      }
      placed.append(item)
    }
    let unused = (manifest?.rows ?? []).filter { !used.contains($0.row) }
    let warnings = unused.map { row in
      "\(manifest?.file ?? ""): row \(row.row) (\(row.opcode ?? row.filename ?? row.site ?? "")) "
        + "speaks of no recording that was found, or only of some that an earlier row speaks of"
    }
    return (placed, warnings)
  }

  /// The row that speaks of a file: by its own name or folder's, by opcode (and site where several
  /// rows have that opcode), or by site alone.
  private static func row(for file: FoundFile, _ naming: FolderNaming, in rows: [ManifestRow])
    -> ManifestRow?
  {
    let isSame = { (a: String?, b: String) in a?.lowercased() == b.lowercased() }
    let named = rows.first { row in
      guard let filename = row.filename else { return false }
      let wanted = filename.split(separator: "/").joined(separator: "/")
      return file.relativePath == wanted || file.relativePath.hasPrefix(wanted + "/")
        || (!wanted.contains("/") && file.name == wanted)
    }
    if let named { return named }
    let unnamed = rows.filter { $0.filename == nil }
    let ofOpcode = unnamed.filter { isSame($0.opcode, naming.opcode) }
    if ofOpcode.count == 1 { return ofOpcode[0] }
    return ofOpcode.first { isSame($0.site, naming.site) }
      ?? unnamed.first { $0.opcode == nil && isSame($0.site, naming.site) }
  }
}
