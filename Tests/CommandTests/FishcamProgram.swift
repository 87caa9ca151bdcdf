import Foundation
import TestSupport

/// The built program.
enum FishcamProgram {
  /// Beside the test bundle in the build folder.
  static let path: String = {
    let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
    let folder = URL(filePath: bundle).deletingLastPathComponent()
    let beside = folder.appending(path: "fishcam").path
    return FileManager.default.isExecutableFile(atPath: beside)
      ? beside : Repository.path(".build/debug/fishcam")
  }()

  /// Runs it to its end.
  static func run(_ arguments: [String], in folder: String? = nil) throws -> Tool.Result {
    try Tool.run(path, arguments, in: folder)
  }

  /// The last line of standard output as a JSON object.
  static func summary(_ result: Tool.Result) throws -> [String: Any] {
    let line = result.text.split(separator: "\n").last ?? ""
    return try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
  }
}

/// A model and videos whose fish are known, for the program.
struct ProgramFolder {
  let folder: TemporaryFolder
  let model: String

  init() throws {
    folder = try TemporaryFolder()
    model = try folder.write(Data(BlobModel.file(width: 192, height: 96)), to: "model/blobs.tflite")
    try folder.write(Data(BlobModel.labels.utf8), to: "model/labels.txt")
  }

  /// SHA-256 of the model's file.
  var hash: String {
    get throws { String(try Tool.succeed("sha256sum", [model]).text.prefix(64)) }
  }

  /// A video of red fish: one more each second.
  @discardableResult
  func video(_ name: String, seconds: Int = 6, options: [String] = []) throws -> String {
    let path = try folder.file(name)
    var fish: [(colour: String, x: Int, y: Int, from: Double, to: Double)] = []
    for second in 1..<seconds {
      let (x, y) = (16 + second % 5 * 32, 16 + second / 5 % 2 * 32)
      fish.append(("red", x, y, Double(second), Double(seconds)))
    }
    try Tool.ffmpeg(
      [
        "-f", "lavfi", "-i", "color=gray:s=192x96:r=10:d=\(seconds)", "-vf", BlobModel.filter(fish),
        "-c:v", "libx264", "-qp", "12",
      ] + options + [path])
    return path
  }
}
