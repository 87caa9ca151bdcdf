import Foundation
import TestSupport

/// Drawn pictures and a clip whose fish are known, with a model that finds them by colour.
struct EvaluateFolder {
  let program: ProgramFolder
  var folder: TemporaryFolder { program.folder }
  var annotations: String { folder.path + "/reef/coco.json" }

  /// Truth of the pictures: a box of 20 × 20 pixels around each drawn fish of 16 × 16, unless said
  /// otherwise.
  var document: [String: Any]

  /// A picture: its video, drawn fish (colour, left, top), and boxes (class, left, top, sides);
  /// and whether its labels are complete.
  typealias Picture = (
    video: String, fish: [(String, Int, Int)], boxes: [(Int, Int, Int, Int, Int)],
    isComplete: Bool
  )

  /// Two are found and one is not; a false one; a blue one taken for nothing; one to ignore; one
  /// picture with incomplete labels.
  static let pictures: [Picture] = [
    ("a", [("red", 16, 16), ("red", 64, 32)], [(1, 14, 14, 20, 20), (1, 62, 30, 20, 20)], true),
    ("a", [("red", 16, 16)], [(1, 14, 14, 20, 20), (1, 150, 60, 20, 20)], true),
    ("b", [("red", 112, 48)], [], true),
    ("b", [("blue", 32, 32)], [(2, 30, 30, 20, 20), (3, 90, 60, 20, 20), (1, 5, 5, 1, 30)], true),
    ("c", [("red", 16, 16), ("red", 120, 48)], [(1, 14, 14, 20, 20)], false),
  ]

  init() throws {
    program = try ProgramFolder()
    var (images, annotations): ([[String: Any]], [[String: Any]]) = ([], [])
    for (index, picture) in Self.pictures.enumerated() {
      let name = "p\(index).png"
      try Self.draw(picture.fish, to: program.folder.file("reef/\(name)"))
      var image: [String: Any] = [
        "id": index + 1, "file_name": name, "width": 192, "height": 96, "video": picture.video,
        "source": picture.video == "c" ? "kelp" : "reef",
      ]
      if !picture.isComplete { image["labels"] = "incomplete" }
      images.append(image)
      for box in picture.boxes {
        annotations.append([
          "id": annotations.count + 1, "image_id": index + 1, "category_id": box.0,
          "bbox": [box.1, box.2, box.3, box.4], "iscrowd": 0,
        ])
      }
    }
    document = [
      "images": images, "annotations": annotations,
      "categories": [
        ["id": 1, "name": "red fish"], ["id": 2, "name": "blue fish"], ["id": 3, "name": "weed"],
      ],
    ]
    try write()
  }

  func write() throws {
    try folder.write(JSONSerialization.data(withJSONObject: document), to: "reef/coco.json")
  }

  private static func draw(_ fish: [(String, Int, Int)], to path: String) throws {
    let boxes = fish.map { "drawbox=x=\($0.1):y=\($0.2):w=16:h=16:color=\($0.0):t=fill" }
    // Without a format the filter would work on subsampled colours.
    let filter = (["format=rgb24"] + boxes).joined(separator: ",")
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "color=gray:s=192x96:d=1:r=1", "-vf", filter, "-frames:v", "1", path,
    ])
  }

  /// Runs `evaluate` on the pictures.
  func run(_ options: [String] = []) throws -> Tool.Result {
    try FishcamProgram.run(
      ["evaluate", "--model", program.model, "--annotations", annotations] + options)
  }

  /// Runs it for its JSON.
  func report(_ options: [String] = []) throws -> Report {
    let result = try run(options + ["--json"])
    guard result.code == 0 else { throw Refusal(words: result.errors) }
    return try Report(result.output)
  }

  /// The command did not end well.
  struct Refusal: Error {
    var words: String
  }

  /// A JSON report with its numbers by path, such as `by_class/red fish/f1`.
  struct Report {
    let members: [String: Any]

    init(_ bytes: Data) throws {
      members = try JSONSerialization.jsonObject(with: bytes) as? [String: Any] ?? [:]
    }

    subscript(_ path: String) -> Double? {
      var value: Any? = members
      for key in path.split(separator: "/") { value = (value as? [String: Any])?[String(key)] }
      return (value as? NSNumber)?.doubleValue
    }
  }
}
