import Foundation
import Media
import Survey
import TestSupport
import Testing

/// Reads a file to its end; how many frames it gave.
private func frameCount(_ file: MediaFile) throws -> Int {
  var count = 0
  while try file.next() != nil { count += 1 }
  return count
}

@Suite struct BadFileTests {
  private let folder: TemporaryFolder
  private let good: String

  init() throws {
    folder = try TemporaryFolder()
    good = try folder.file("good.mp4")
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=4", "-c:v", "libx264", "-g", "25",
      "-movflags", "+faststart", good,
    ])
  }

  private func error(_ path: String) -> MediaError? {
    do {
      _ = try frameCount(MediaFile(path: path))
      return nil
    } catch { return error as? MediaError }
  }

  @Test func whatIsNoVideoSaysSo() throws {
    let text = try folder.write(Data("dear diary, today we saw fish\n".utf8), to: "notes.mp4")
    guard case .notMedia = error(text) else { Issue.record("text"); return }
    for name in ["labels.txt", "notes.nfo", "logo.ans"] {
      let drawn = try folder.write(Data("goldfish\ntench\n".utf8), to: name)
      guard case .notMedia = error(drawn) else { Issue.record("\(name)"); return }
    }
    let empty = try folder.write(Data(), to: "empty.mp4")
    #expect(error(empty) == .empty(file: empty))
    #expect(error(folder.path + "/none.mp4") == .notFound(file: folder.path + "/none.mp4"))
    let link = folder.path + "/link.mp4"
    try FileManager.default.createSymbolicLink(
      atPath: link, withDestinationPath: "/media/card/GX010001.MP4")
    #expect(error(link) == .danglingLink(file: link, target: "/media/card/GX010001.MP4"))
    let sound = try folder.file("sound.mp4")
    try Tool.ffmpeg(["-f", "lavfi", "-i", "sine=d=1", sound])
    #expect(error(sound) == .noVideo(file: sound, streams: ["sound"]))
    let picture = try folder.write(Data([0xFF, 0xD8, 0xFF, 0xE0, 0, 16]), to: "cut.jpg")
    guard case .undecodable(_, "jpeg", let words) = error(picture) else {
      Issue.record("jpeg")
      return
    }
    #expect(!words.isEmpty)
  }

  @Test func aPipeIsNotWaitedFor() throws {
    let pipe = folder.path + "/pipe.mp4"
    try #require(mkfifo(pipe, 0o600) == 0)
    #expect(error(pipe) == .noFile(file: pipe))
    #expect(error(folder.path) == .noFile(file: folder.path))
  }

  @Test func aMissingIndexIsNamed() throws {
    let late = try folder.file("late.mp4")
    try Tool.ffmpeg(["-i", good, "-c", "copy", late])
    let data = try Data(contentsOf: URL(filePath: late))
    let cut = try folder.write(data.prefix(data.count / 2), to: "no-moov.mp4")
    #expect(error(cut) == .noIndex(file: cut))
  }

  @Test func aTruncatedFileGivesWhatItHas() throws {
    let data = try Data(contentsOf: URL(filePath: good))
    let cut = try folder.write(data.prefix(data.count * 6 / 10), to: "cut.mp4")
    let file = try MediaFile(path: cut)
    let count = try frameCount(file)
    #expect((30..<100).contains(count))
    #expect(file.damage?.endsEarly == true)
  }

  @Test func damageInTheMiddleIsPassedOver() throws {
    var data = try Data(contentsOf: URL(filePath: good))
    var generator = SeededGenerator(seed: 3)
    for index in data.count / 2..<data.count / 2 + 4000 {
      data[index] = UInt8.random(in: 0...255, using: &generator)
    }
    let file = try MediaFile(path: try folder.write(data, to: "damaged.mp4"))
    #expect(try frameCount(file) > 60)
    #expect(file.damage != nil)
  }

  /// FFmpeg fills what is missing of such a picture with what memory holds.
  @Test func damagedPicturesOfMotionJPEGAreNotShown() throws {
    let path = try folder.file("motion.avi")
    try Tool.ffmpeg([
      "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2,noise=alls=20:allf=t", "-c:v", "mjpeg",
      "-q:v", "4", path,
    ])
    var data = try Data(contentsOf: URL(filePath: path))
    let whole = try MediaFile(path: path)
    #expect(try frameCount(whole) == 50 && whole.damage == nil)
    let cut = try MediaFile(path: folder.write(data.prefix(data.count / 2), to: "cut.avi"))
    #expect(try (20...26).contains(frameCount(cut)) && cut.damage != nil)
    for place in stride(from: data.count / 4, to: data.count / 2, by: 997) { data[place] ^= 0x55 }
    let flipped = try folder.write(data, to: "flipped.avi")
    var pictures: [[[UInt8]]] = []
    for _ in 0..<3 {
      let file = try MediaFile(path: flipped)
      var given: [[UInt8]] = []
      while let frame = try file.next() {
        given.append(try FrameScaler().picture(of: frame, longestSide: 320).pixels)
      }
      #expect(file.damage != nil && (20..<50).contains(given.count))
      pictures.append(given)
    }
    #expect(pictures[0] == pictures[1] && pictures[1] == pictures[2])
  }

  /// Damage anywhere: an error or frames, never a crash, and never without end.
  @Test func seededMutationsNeverCrash() throws {
    let data = try Data(contentsOf: URL(filePath: good))
    for (round, mutated) in Mutations.of(data, count: 200, seed: 11).enumerated() {
      let path = try folder.write(mutated, to: "mutated-\(round).mp4")
      let isDone = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        do {
          let file = try MediaFile(path: path)
          _ = file.reachesEnd(afterSeconds: 3)
          _ = try frameCount(MediaFile(path: path))
        } catch {
          #expect(error is MediaError)
        }
        isDone.signal()
      }
      // Some milliseconds are usual; this is for what never ends.
      guard isDone.wait(timeout: .now() + 60) == .success else {
        Issue.record("round \(round) has not ended after a minute")
        return
      }
    }
  }

  @Test(arguments: [
    "with space.mp4", "\"quoted\" 'name'.mp4", "two\nlines é 魚.mp4", "-i.mp4", "a%03d:b.mp4",
  ])
  func oddNames(_ name: String) throws {
    let path = folder.path + "/" + name
    try FileManager.default.copyItem(atPath: good, toPath: path)
    #expect(try frameCount(MediaFile(path: path)) == 100)
  }

  @Test func errorsSayFileAndRemedy() {
    let text = MediaError.noIndex(file: "GX010001.MP4").description
    #expect(text.hasPrefix("GX010001.MP4: "))
    #expect(text.contains("repair"))
  }
}

@Suite struct ContentHashTests {
  @Test func contentDecidesNotName() throws {
    let folder = try TemporaryFolder()
    let data = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 * 31) })
    let a = try folder.write(data, to: "a.mp4")
    let b = try folder.write(data, to: "sub/b.mov")
    var other = data
    other[50_000] ^= 1
    let c = try folder.write(other, to: "c.mp4")
    #expect(try ContentHash.hash(path: a) == ContentHash.hash(path: b))
    #expect(try ContentHash.hash(path: a).hash != ContentHash.hash(path: c).hash)
    #expect(try ContentHash.hash(path: a).size == 100_000)
  }

  @Test func largeFilesAreHashedByBlocks() throws {
    let folder = try TemporaryFolder()
    var data = Data(count: 40 << 20)
    data[0] = 1
    let a = try folder.write(data, to: "a.mp4")
    data[data.count - 1] = 1
    let end = try folder.write(data, to: "b.mp4")
    let longer = try folder.write(data + Data([0]), to: "c.mp4")
    let hashes = try [a, end, longer].map { try ContentHash.hash(path: $0).hash }
    #expect(Set(hashes).count == 3)
    let whole = try ContentHash.whole(path: a)
    let sum = try Tool.succeed("bash", ["-c", "(stat -c %s '\(a)'; cat '\(a)') | sha256sum"])
    #expect(whole.map { sum.text.hasPrefix($0) } == true)
    // Between the sampled blocks.
    data = try Data(contentsOf: URL(filePath: a))
    data[(data.count - 1 << 20) / 15 * 3 - 1] = 1
    let between = try folder.write(data, to: "d.mp4")
    #expect(try ContentHash.hash(path: between).hash == hashes[0])
    #expect(try ContentHash.whole(path: between) != whole)
    #expect(try ContentHash.whole(path: a, goesOn: { _ in false }) == nil)
    var told: [Int64] = []
    _ = try ContentHash.whole(path: a) {
      told.append($0)
      return true
    }
    #expect(told.first == 0)
    #expect(try told.last == ContentHash.hash(path: a).size)
    #expect(told == told.sorted() && told.count > 2)
  }

  @Test func smallFilesAreHashedWholeEitherWay() throws {
    let folder = try TemporaryFolder()
    for count in [0, 1, 1 << 20, 3 << 20 + 5, 16 << 20] {
      let file = try folder.write(Data(repeating: 7, count: count), to: "a.mp4")
      #expect(try ContentHash.hash(path: file).hash == ContentHash.whole(path: file))
    }
  }
}
