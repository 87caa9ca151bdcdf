/// What the folders above a recording say of its site and deployment.
public struct FolderNaming: Hashable, Sendable {
  /// Name of the site.
  public var site: String
  /// The deployment's operation code, unique within a survey's site.
  public var opcode: String

  /// Reads `<root>/<site>/<deployment>/file` and every shallower form of it.
  ///
  /// A file in the root itself belongs to a site and deployment named after the root; one folder
  /// below it names both; the first of several names the site, the others the deployment. Folders
  /// that cameras make (`DCIM`, `100GOPRO`, …) name nothing.
  ///
  /// - Parameters:
  ///   - root: name of the folder that was given as input.
  ///   - folders: names of the folders between the root and the file, outermost first.
  public init(root: String, folders: [String]) {
    let named = folders.filter { !Self.isCameraFolder($0) }
    site = named.first ?? root
    opcode = named.count <= 1 ? site : named.dropFirst().joined(separator: "/")
  }

  /// Whether a folder's name was given by a camera (DCF, XDCAM, AVCHD), not by a person.
  public static func isCameraFolder(_ name: String) -> Bool {
    let upper = name.uppercased()
    let fixed: Set = [
      "DCIM", "PRIVATE", "M4ROOT", "AVCHD", "BDMV", "STREAM", "CLIP", "MP_ROOT", "MISC", "XDROOT",
    ]
    if fixed.contains(upper) { return true }
    let characters = Array(upper)
    return characters.count == 8
      && characters[0..<3].allSatisfy { $0.isASCII && $0.isNumber } && characters[0] != "0"
      && ["GOPRO", "MEDIA", "CANON", "NIKON", "MSDCF", "OLYMP", "_PANA", "ND750"].contains(
        String(characters[3...]))
  }
}
