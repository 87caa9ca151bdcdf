import Foundation
import Media
import Survey
import TestSupport
import Testing

/// What ffprobe says of a file's frames: the judge of frame times.
///
/// It gives none for a few frames
/// of AVI, which has no times of its own.
private func probedTimes(_ path: String) throws -> [Double?] {
  let result = try Tool.succeed(
    "ffprobe",
    [
      "-v", "error", "-select_streams", "v:0", "-show_entries",
      "frame=best_effort_timestamp_time", "-of", "csv=p=0", "file:" + path,
    ])
  return result.text.split(whereSeparator: \.isNewline).map {
    Double($0.prefix { $0 != "," })
  }
}

private func agree(_ times: [Double], _ expected: [Double?]) -> Bool {
  zip(times, expected).allSatisfy { time, expected in
    expected.map { abs(time - $0) < 2e-6 } ?? true
  }
}

private func readTimes(_ path: String) throws -> [Double] {
  let file = try MediaFile(path: path)
  var times: [Double] = []
  while let frame = try file.next() { times.append(frame.time.seconds) }
  #expect(file.damage == nil)
  return times
}

@Suite struct FrameTimeTests {
  private let source = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2"]

  /// Films of two seconds and one keyframe, wherever their clocks begin.
  @Test(arguments: [
    ("late.mkv", ["-output_ts_offset", "7200"]), ("late.ts", ["-output_ts_offset", "7200"]),
    ("late.mp4", ["-output_ts_offset", "5"]), ("plain.mkv", []), ("plain.flv", []),
    ("plain.mpg", ["-c:v", "mpeg2video"]), ("plain.m2ts", []),
  ])
  func theLengthIsThatOfTheFilm(_ name: String, _ options: [String]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(name)
    try Tool.ffmpeg(source + ["-c:v", "libx264", "-g", "999"] + options + [path])
    let file = try MediaFile(path: path)
    let seconds = try #require(file.info.durationSeconds)
    // MPEG program streams do not say; FFmpeg estimates.
    #expect(abs(seconds - 2) < (name.hasSuffix("mpg") ? 1 : 0.15))
    _ = try file.next()
    #expect(file.reachesEnd(afterSeconds: seconds))
  }

  @Test func aFilmThatWasCutOffDoesNotReachItsEnd() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("whole.mp4")
    try Tool.ffmpeg(source + ["-c:v", "libx264", "-g", "999", "-movflags", "+faststart", path])
    let bytes = try Data(contentsOf: URL(filePath: path))
    let cut = try folder.write(bytes.prefix(bytes.count / 3), to: "cut.mp4")
    let file = try MediaFile(path: cut)
    #expect(!file.reachesEnd(afterSeconds: try #require(file.info.durationSeconds)))
  }

  @Test(arguments: [
    ("constant.mp4", ["-c:v", "libx264", "-bf", "0"]),
    ("b-frames.mp4", ["-c:v", "libx264", "-bf", "3", "-g", "12"]),
    (
      "variable.mp4",
      [
        "-vf", "setpts='if(gt(N,10),PTS+0.37/TB,PTS)+0.008*mod(N,3)/TB'", "-fps_mode",
        "passthrough", "-video_track_timescale", "90000", "-c:v", "libx264",
      ]
    ),
    ("late-start.ts", ["-c:v", "libx264", "-output_ts_offset", "7.3"]),
    ("ten-bit.mkv", ["-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=0"]),
    ("hevc.mp4", ["-c:v", "libx265", "-tag:v", "hvc1", "-x265-params", "log-level=0"]),
    ("part2.avi", ["-c:v", "mpeg4", "-bf", "2"]),
    ("vp9.mkv", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]),
    ("ntsc.mov", ["-r", "30000/1001", "-c:v", "libx264"]),
  ])
  func equalWhatFFprobeSays(_ name: String, _ options: [String]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(name)
    try Tool.ffmpeg(source + options + [path])
    let expected = try probedTimes(path)
    let times = try readTimes(path)
    #expect(expected.count >= 40)
    #expect(times.count == expected.count)
    #expect(agree(times, expected))
    #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
  }

  @Test func editList() throws {
    let folder = try TemporaryFolder()
    let whole = try folder.file("whole.mp4")
    let cut = try folder.file("cut.mp4")
    try Tool.ffmpeg(source + ["-c:v", "libx264", "-g", "10", "-bf", "2", whole])
    try Tool.ffmpeg(["-ss", "0.5", "-i", whole, "-c", "copy", cut])
    let times = try readTimes(cut)
    let expected = try probedTimes(cut)
    #expect(times.count == expected.count && times.count > 20)
    #expect(agree(times, expected))
  }

  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func allFramesOfTheClips() throws {
    let counts = [
      "luderick_2205_36": 201, "luderick_20190618_3": 58, "deepfish_7117_caranx": 151,
      "tank_kazuhito": 668,
    ]
    for (name, count) in counts {
      let path = SharedMaterial.path("clips/\(name).mp4")
      let times = try readTimes(path)
      #expect(times.count == count, "\(name)")
      #expect(agree(times, try probedTimes(path)), "\(name)")
    }
  }

  @Test func otherStreamsAreIgnored() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("GX010001.MP4")
    let subtitles = try folder.write(
      Data("1\n00:00:00,000 --> 00:00:01,000\nx\n".utf8), to: "a.srt")
    try Tool.ffmpeg(
      ["-f", "lavfi", "-i", "sine=d=2", "-i", subtitles] + source + [
        "-map", "0", "-map", "1", "-map", "2", "-c:s", "mov_text", "-c:v", "libx264", "-timecode",
        "01:00:00:00", path,
      ])
    #expect(try readTimes(path).count == 50)
  }

  @Test func aFrameIsFoundAgainByItsTime() throws {
    let folder = try TemporaryFolder()
    for (name, options) in [
      ("a.mp4", ["-c:v", "libx264", "-bf", "3", "-g", "12"]), ("b.ts", ["-c:v", "libx264"]),
      ("c.avi", ["-c:v", "mpeg4"]),
    ] {
      let path = try folder.file(name)
      try Tool.ffmpeg(source + options + [path])
      let scaler = FrameScaler()
      var pictures: [(Int64, PixelImage)] = []
      let file = try MediaFile(path: path)
      while let frame = try file.next() {
        pictures.append((frame.time.pts, try scaler.picture(of: frame, longestSide: 64)))
      }
      for index in [0, 1, 11, 12, 13, 30, pictures.count - 1] {
        let frame = try #require(try MediaFile(path: path).frame(atPTS: pictures[index].0))
        let picture = try scaler.picture(of: frame, longestSide: 64)
        #expect(picture == pictures[index].1, "\(name) \(index)")
      }
      #expect(try MediaFile(path: path).frame(atPTS: (pictures.last?.0 ?? 0) + 1_000_000) == nil)
    }
  }

  /// Going on behind any sampled frame gives what reading on would have given.
  @Test(arguments: [
    ("a.mp4", ["-c:v", "libx264", "-bf", "3", "-g", "12"]),
    (
      "open.mp4",
      ["-c:v", "libx264", "-bf", "3", "-x264-params", "open-gop=1:keyint=12:scenecut=0"]
    ),
    ("b.ts", ["-c:v", "libx264", "-g", "12", "-output_ts_offset", "7.3"]),
    ("c.avi", ["-c:v", "mpeg4", "-bf", "2", "-g", "12"]),
    ("d.mkv", ["-c:v", "libx265", "-x265-params", "log-level=0:keyint=12"]),
    ("e.mkv", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "12"]),
  ])
  func goingOnBehindAFrame(_ name: String, _ options: [String]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(name)
    try Tool.ffmpeg(source + options + [path])
    let scaler = FrameScaler()
    var found = 0
    for sampling in [Sampling.all, .period(microseconds: 170_000), .keyframes] {
      let open = { () throws -> SampledFrames in
        SampledFrames(
          try MediaFile(path: path, keyframesOnly: sampling == .keyframes), sampling: sampling)
      }
      let rest = { (frames: inout SampledFrames) throws -> [PixelImage] in
        var pictures: [PixelImage] = []
        while let frame = try frames.next() {
          pictures.append(try scaler.picture(of: frame, longestSide: 64))
        }
        return pictures
      }
      var whole = try open()
      var times: [FrameTime] = []
      while let frame = try whole.next() { times.append(frame.time) }
      for index in times.indices where index % 7 == 3 || index == times.count - 1 {
        var behind = try open()
        for _ in 0...index { _ = try behind.next() }
        var resumed = try open()
        guard try resumed.resume(at: times[index].pts) != nil else { continue }
        found += 1
        let (expected, given) = (try rest(&behind), try rest(&resumed))
        #expect(given == expected, "\(name) \(sampling.canonicalText) \(index)")
        #expect(resumed.startSeconds == behind.startSeconds)
        #expect(resumed.endSeconds == behind.endSeconds)
      }
    }
    // AVI has no times to find frames by, and seeking in a short transport stream lands too late:
    // there everything is read again.
    #expect(found >= (["b.ts", "c.avi"].contains(name) ? 0 : 6))
  }

  /// Decoding only what a period needs gives the frames that decoding all gives.
  @Test(arguments: [
    ("a.mp4", ["-c:v", "libx264", "-bf", "3", "-g", "12"]),
    ("short.mp4", ["-c:v", "libx264", "-bf", "0", "-g", "1"]),
    ("one-group.mp4", ["-c:v", "libx264", "-bf", "2", "-g", "1000", "-sc_threshold", "0"]),
    (
      "open.mp4",
      ["-c:v", "libx264", "-bf", "3", "-x264-params", "open-gop=1:keyint=12:scenecut=0"]
    ),
    ("pyramid.mkv", ["-c:v", "libx264", "-bf", "5", "-x264-params", "b-pyramid=strict:keyint=15"]),
    ("b.ts", ["-c:v", "libx264", "-g", "12", "-bf", "2", "-output_ts_offset", "7.3"]),
    ("hevc.mp4", ["-c:v", "libx265", "-x265-params", "log-level=0:keyint=12:open-gop=0"]),
    ("cra.mkv", ["-c:v", "libx265", "-x265-params", "log-level=0:keyint=12:open-gop=1:bframes=4"]),
    (
      "ten.mkv",
      ["-c:v", "libx265", "-pix_fmt", "yuv420p10le", "-x265-params", "log-level=0:keyint=9"]
    ),
    (
      "variable.mp4",
      [
        "-vf", "setpts='if(gt(N,10),PTS+0.37/TB,PTS)+0.008*mod(N,3)/TB'", "-fps_mode",
        "passthrough", "-video_track_timescale", "90000", "-c:v", "libx264", "-g", "9",
      ]
    ),
    ("vp9.mkv", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]),
  ])
  func periodsDecodeWhatTheyNeed(_ name: String, _ options: [String]) throws {
    let folder = try TemporaryFolder()
    let path = try folder.file(name)
    try Tool.ffmpeg(source + options + [path])
    let cut = try folder.file("cut." + name)
    try Tool.ffmpeg(["-ss", "0.5", "-i", path, "-c", "copy", cut])
    let scaler = FrameScaler()
    for file in [path, cut] {
      for period: Int64 in [10_000, 40_000, 100_000, 170_000, 481_000, 900_000, 10_000_000] {
        let read = { (decodesAll: Bool) throws -> ([FrameTime], [PixelImage], SampledFrames) in
          var frames = SampledFrames(
            try MediaFile(path: file), sampling: .period(microseconds: period),
            decodesAll: decodesAll)
          var (times, pictures): ([FrameTime], [PixelImage]) = ([], [])
          while let frame = try frames.next() {
            times.append(frame.time)
            pictures.append(try scaler.picture(of: frame, longestSide: 64))
          }
          return (times, pictures, frames)
        }
        let (all, chosen) = (try read(true), try read(false))
        #expect(chosen.0 == all.0, "\(file) \(period)")
        #expect((chosen.1 == all.1) == true, "\(file) \(period)")
        #expect(chosen.2.startSeconds == all.2.startSeconds)
        #expect(
          abs((chosen.2.endSeconds ?? 0) - (all.2.endSeconds ?? 1)) < 1e-6, "\(file) \(period)")
      }
    }
  }

  @Test func sampledFramesOfAVariableRate() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("variable.mp4")
    try Tool.ffmpeg(
      source + [
        "-vf", "setpts='if(gte(N,10),PTS+1.6/TB,PTS)'", "-fps_mode", "passthrough", "-c:v",
        "libx264", path,
      ])
    var sampled = SampledFrames(
      try MediaFile(path: path), sampling: .period(microseconds: 500_000))
    var times: [Double] = []
    while let frame = try sampled.next() { times.append(frame.time.seconds) }
    // Frames 0…9 at 0…0.36 s, the tenth shown until 2.0 s, then every 0.04 s up to 3.6 s.
    let expected = [0, 0.36, 2.0, 2.48, 3.0, 3.48]
    #expect(times.count == expected.count)
    #expect(zip(times, expected).allSatisfy { abs($0 - $1) < 1e-3 }, "\(times)")
    #expect(abs((sampled.endSeconds ?? 0) - 3.6) < 0.05)
  }
}
