import Foundation
import TestSupport
import Testing

@Suite struct ProbeTests {
  @Test func whatIsWrongIsSaidBeforeASurvey() throws {
    let dives = try ProgramFolder()
    let time = ["-metadata", "creation_time=2024-05-03T08:00:00Z"]
    _ = try dives.video("reef/GX010042.MP4", options: time)
    _ = try dives.video("reef/GX030042.MP4", options: time)
    _ = try dives.video("wall/a.mp4", options: ["-metadata", "creation_time=2016-01-01T00:00:09Z"])
    let whole = try Data(
      contentsOf: URL(
        filePath: try dives.video(
          "wall/whole.mp4", seconds: 20, options: ["-movflags", "+faststart", "-g", "5"])))
    try whole.prefix(whole.count / 2).write(
      to: URL(filePath: try dives.folder.file("wall/half.mp4")))
    try Data().write(to: URL(filePath: try dives.folder.file("wall/empty.mp4")))

    let text = try FishcamProgram.run(["probe", dives.folder.path, "--model", dives.model])
    #expect(text.code == 1)
    for words in [
      "GX010042.MP4", "h264", "a chapter is missing between GX010042.MP4 and GX030042.MP4",
      "a.mp4: the camera's clock was not set", "half.mp4: nothing can be decoded near its end",
      "empty.mp4: the file is empty", "1 of them cannot be read", "would take about",
    ] {
      #expect(text.text.contains(words), "\(words)")
    }
    let kept = try FileManager.default.contentsOfDirectory(atPath: dives.folder.path)
    #expect(!kept.contains { $0.hasSuffix(".sqlite") })

    let json = try FishcamProgram.run([
      "probe", dives.folder.path, "--model", dives.model, "--json", "--quick",
    ])
    let report = try #require(
      try JSONSerialization.jsonObject(with: json.output) as? [String: Any])
    #expect(report["estimated_s"] == nil)
    let deployments = try #require(report["deployments"] as? [[String: Any]])
    let reef = try #require(deployments.first { $0["opcode"] as? String == "reef" })
    let files = try #require(reef["recordings"] as? [[String: Any]])
    #expect(files.map { $0["start_s"] as? Double } == [0, 6])
    #expect(
      files.allSatisfy { $0["duration_s"] as? Double == 6 && $0["codec"] as? String == "h264" })
  }

  @Test func aFolderWithoutMediaIsAnError() throws {
    let dives = try ProgramFolder()
    let nothing = dives.folder.path + "/nothing"
    try FileManager.default.createDirectory(atPath: nothing, withIntermediateDirectories: true)
    let result = try FishcamProgram.run(["probe", nothing])
    #expect(result.code == 2)
    #expect(result.errors.contains("no video or picture"))
  }
}
