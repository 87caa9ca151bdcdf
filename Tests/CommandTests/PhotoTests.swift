import Foundation
import TestSupport
import Testing

/// Photos that one fish nearly fills, cut from a film of `Samples/`.
@Suite struct PhotoTests {
  private static let film = Repository.path("Samples/Coral Garden/CG-02/second drop.mp4")

  private func report(_ photo: String, _ model: String) throws -> [[String: Any]] {
    let result = try FishcamProgram.run(["detect", photo, "--model", model, "--json"])
    let files = try JSONSerialization.jsonObject(with: result.output) as? [[String: Any]]
    let frames = files?.first?["frames"] as? [[String: Any]]
    return try #require(frames?.first?["detections"] as? [[String: Any]])
  }

  @Test func aDamagedPhotoIsSaid() throws {
    let folder = try TemporaryFolder()
    let photo = folder.path + "/photo.jpg"
    try Tool.ffmpeg(["-i", Self.film, "-frames:v", "1", "-q:v", "2", photo])
    let bytes = try Data(contentsOf: URL(filePath: photo))
    try bytes.prefix(bytes.count / 2).write(to: URL(filePath: photo))
    let result = try FishcamProgram.run(["detect", photo, "--json"])
    #expect(result.code == 0)
    #expect(result.errors.contains("photo.jpg: 1 damaged or unreadable part"), "\(result.errors)")
    #expect(String(decoding: result.output, as: UTF8.self).contains("\"damage\""))
  }

  @Test(arguments: [
    ("Pomacanthus chrysurus", "0", "110:83:100:120"),
    ("Acanthurus leucosternon", "11.2", "78:59:480:123"),
  ])
  func aFishThatFillsAPhotoIsFoundAndNamed(_ species: String, _ second: String, _ crop: String)
    throws
  {
    let folder = try TemporaryFolder()
    let photo = folder.path + "/photo.jpg"
    try Tool.ffmpeg([
      "-ss", second, "-i", Self.film, "-frames:v", "1", "-vf", "crop=\(crop),scale=960:720", "-q:v",
      "2", photo,
    ])
    for model in ["fish", "reef-ten"] {
      let large = try report(photo, model).filter { ($0["width"] as? Double ?? 0) > 0.4 }
      try #require(large.count == 1, "\(model): \(large)")
      #expect(abs((large[0]["x"] as? Double ?? 0) - 0.5) < 0.1)
      #expect(abs((large[0]["y"] as? Double ?? 0) - 0.5) < 0.1)
      #expect(large[0]["label"] as? String == (model == "fish" ? "fish" : species))
    }
  }
}
