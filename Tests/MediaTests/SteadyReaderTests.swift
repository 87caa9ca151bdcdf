import Foundation
import Media
import Survey
import TestSupport
import Testing

/// Damaged videos: the frames, and what is said of them, do not depend on threads.
@Suite struct SteadyReaderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func made(_ name: String, _ options: [String]) throws -> String {
    let path = try folder.file(name)
    try Tool.ffmpeg(
      ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=3,noise=alls=20:allf=t"] + options
        + ["-g", "20", path])
    return path
  }

  /// Each frame's time, damage and picture, and what was wrong; or the error.
  private func reading(_ path: String, threads: Int, _ sampling: Sampling) -> [String] {
    var lines: [String] = []
    do {
      let file = try MediaFile(
        path: path, keyframesOnly: sampling == .keyframes, threads: threads)
      var frames = SampledFrames(file, sampling: sampling)
      let scaler = FrameScaler()
      while let frame = try frames.next() {
        var hash = Hasher()
        hash.combine(try scaler.picture(of: frame, longestSide: 160).pixels)
        lines.append("\(frame.time.pts) \(frame.isDamaged) \(hash.finalize())")
      }
      let ending = file.damage.map { "damaged, ends early: \($0.endsEarly)" } ?? "sound"
      lines.append("\(ending), \(frames.outOfOrder), \(frames.endSeconds ?? 0)")
    } catch {
      lines.append("\(error)")
    }
    return lines
  }

  @Test(arguments: [
    ("h264.mp4", ["-c:v", "libx264", "-bf", "2"]), ("h264.ts", ["-c:v", "libx264", "-bf", "2"]),
    ("open.mkv", ["-c:v", "libx264", "-x264-params", "open-gop=1:bframes=3"]),
    ("hevc.mkv", ["-c:v", "libx265", "-x265-params", "log-level=0"]),
    ("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=0:open-gop=0:bframes=0"]),
    ("part2.avi", ["-c:v", "mpeg4", "-bf", "2"]),
    ("mpeg2.mpg", ["-c:v", "mpeg2video", "-bf", "2"]),
    ("vp9.webm", ["-c:v", "libvpx-vp9", "-b:v", "1M", "-cpu-used", "8"]),
  ])
  func damageGivesTheSameFramesHoweverManyThreads(_ name: String, _ options: [String]) throws {
    let data = try Data(contentsOf: URL(filePath: try made(name, options)))
    var disturbed = 0
    for (round, mutated) in Mutations.of(data, count: 4, seed: 5).enumerated() {
      let broken = try folder.write(mutated, to: "broken-\(round)-\(name)")
      for sampling in [Sampling.all, .keyframes, .period(microseconds: 400_000)] {
        let alone = reading(broken, threads: 1, sampling)
        if alone.last?.contains("sound") != true { disturbed += 1 }
        for threads in [2, 4] {
          let given = reading(broken, threads: threads, sampling)
          let place = zip(alone, given).first { $0 != $1 }
          let difference = "\(alone.count) or \(given.count) lines, \(place ?? ("", ""))"
          let isSame = given == alone
          #expect(isSame, "\(name) \(round), \(threads) threads, \(sampling): \(difference)")
        }
      }
    }
    #expect(disturbed > 1)
  }

  /// A frame of which a part is zero, as disks give it that fail, and those that may be predicted from it.
  @Test(arguments: [
    ("h264.mp4", ["-c:v", "libx264", "-bf", "0"]), ("h264b.mp4", ["-c:v", "libx264", "-bf", "3"]),
    ("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=0:open-gop=0"]),
  ])
  func framesPredictedFromDamageAreDamaged(_ name: String, _ options: [String]) throws {
    let path = try made(name, options + ["-sc_threshold", "0"])
    let packets = try Tool.succeed(
      "ffprobe",
      [
        "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts,pos,size,flags", "-of",
        "csv=p=0", path,
      ]
    ).text.split(whereSeparator: \.isNewline).map { $0.split(separator: ",").map(String.init) }
    let keys = packets.indices.filter { packets[$0][3].contains("K") }
    let (first, next) = (keys[1] + 4, keys[2])
    var data = try Data(contentsOf: URL(filePath: path))
    let position = Int(packets[first][2])!
    let size = Int(packets[first][1])!
    for offset in stride(from: size / 4, to: size, by: 1) {
      data[position + offset] = 0
    }
    let broken = try folder.write(data, to: "broken-\(name)")
    let expected = Set(packets[first..<next].map { Int64($0[0])! })
    for threads in [1, 3] {
      let file = try MediaFile(path: broken, threads: threads)
      var damaged: Set<Int64> = []
      var count = 0
      while let frame = try file.next() {
        count += 1
        if frame.isDamaged { damaged.insert(frame.time.pts) }
      }
      #expect(damaged == expected)
      #expect(count == packets.count)
    }
  }
}
