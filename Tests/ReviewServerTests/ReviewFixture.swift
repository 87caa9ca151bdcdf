import Foundation
import GRDB
import Media
import ReviewServer
import Survey
import SurveyStore
import TestSupport

/// A small survey with a real video, in a folder of its own.
///
/// North reef: `dive 1` has the video, 20 frames; fish are at most three in one frame (the sixth),
/// two in the seventh, else one or none. `dive 2` has a copy of the video's content and a file that
/// cannot be read. South reef: `drop A` has a video whose file is gone.
final class ReviewFixture: Sendable {
  static let ffmpeg = Tool.path(of: "ffmpeg")

  let folder: URL
  let store: SurveyStore
  let run: StoredRun
  let dive1: StoredDeployment, dive2: StoredDeployment, dropA: StoredDeployment
  let recording: Int64, copy: Int64, goneRecording: Int64
  let gonePath: String

  init() throws {
    folder = FileManager.default.temporaryDirectory
      .appending(path: "fishcam-review-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let video = folder.appending(path: "GX010001.MP4").path
    try Self.render(video)
    store = try SurveyStore(path: folder.appending(path: "reef.sqlite").path, create: true)
    dive1 = try store.deployment(site: "North reef", opcode: "dive 1", folder: folder.path)
    dive2 = try store.deployment(site: "North reef", opcode: "dive 2", folder: folder.path)
    dropA = try store.deployment(site: "South reef", opcode: "drop A", folder: folder.path)
    run = try store.run(
      RunDescription(
        modelName: "fish", modelVersion: "0.1", modelHash: "00", options: "{}", sample: "1",
        decoder: "peak", floor: 0.1, gridWidth: 12, gridHeight: 12, programVersion: "0",
        machine: "test",
        labels: [
          .init(label: "fish", scientificName: nil, commonName: nil, aphiaID: nil, threshold: 0.5),
          .init(
            label: "paracanthurus_hepatus", scientificName: "Paracanthurus hepatus",
            commonName: "Palette surgeonfish", aphiaID: nil, threshold: 0.6),
        ]))

    let file = try MediaFile(path: video)
    var times: [FrameTime] = []
    while let frame = try file.next() { times.append(frame.time) }
    let hash = try ContentHash.hash(path: video)
    let media = try Self.media(store, hash.hash, hash.size, file.info)
    recording = try Self.record(store, dive1, media, video, "GX010001.MP4", hash.size)
    let other = folder.appending(path: "copy.mp4").path
    try FileManager.default.copyItem(atPath: video, toPath: other)
    copy = try Self.record(store, dive2, media, other, "copy.mp4", hash.size)
    try store.save(
      StoredRecording(
        id: 0, deploymentID: dive2.id, mediaID: nil,
        path: folder.appending(path: "broken.mp4").path,
        name: "broken.mp4", reason: "the recording has no index (moov atom)"))
    try Self.look(store, run, media, times)

    gonePath = folder.appending(path: "gone/GX010009.MP4").path
    let gone = try Self.media(store, "ff", 1234, file.info)
    goneRecording = try Self.record(store, dropA, gone, gonePath, "GX010009.MP4", 1234)
    try Self.look(store, run, gone, Array(times.prefix(7)))
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// MaxN of each label of a deployment, as the view that partners read says.
  func maxN(_ opcode: String) throws -> [String: Int] {
    let queue = try DatabaseQueue(path: store.path)
    return try queue.read { database in
      let rows = try Row.fetchAll(
        database, sql: "SELECT label, max_n FROM tally WHERE opcode = ?", arguments: [opcode])
      return Dictionary(
        rows.map { ($0["label"] as String, $0["max_n"] as Int) }, uniquingKeysWith: max)
    }
  }

  /// Rows of a query, as texts.
  func rows(_ sql: String) throws -> [[String]] {
    try DatabaseQueue(path: store.path).read { database in
      try Row.fetchAll(database, sql: sql).map { row in
        row.databaseValues.map { String.fromDatabaseValue($0) ?? "\($0)" }
      }
    }
  }

  /// The sixth frame, the one with three fish.
  func busiestFrame(_ deployment: StoredDeployment) throws -> ReviewSighting {
    let sightings = try store.reviewSightings(run: run.id, deployment: deployment.id)
    return sightings.max { $0.counts.first?.individuals ?? 0 < $1.counts.first?.individuals ?? 0 }
      ?? sightings[0]
  }

  private static func render(_ path: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: ffmpeg ?? "/usr/bin/ffmpeg")
    process.arguments = [
      "-v", "error", "-f", "lavfi", "-i", "color=c=0x0b4a6f:size=640x360:rate=5:duration=4",
      "-f", "lavfi", "-i", "color=c=0xe0b040:size=70x34:rate=5:duration=4",
      "-f", "lavfi", "-i", "color=c=0xd06048:size=80x40:rate=5:duration=4", "-filter_complex",
      "[0][1]overlay=x=40+80*t:y=98[one];[one][2]overlay=x=500-60*t:y=220",
      "-c:v", "libx264", "-g", "8", "-pix_fmt", "yuv420p", path,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw RawHTTP.Failure(what: "ffmpeg") }
  }

  private static func media(
    _ store: SurveyStore, _ hash: String, _ size: Int64, _ info: MediaInfo
  ) throws -> Int64 {
    try store.media(
      MediaDescription(
        contentHash: hash, size: size, kind: "video", codec: info.codec, width: info.width,
        height: info.height, durationSeconds: info.durationSeconds, creationTime: nil,
        timeBase: info.timeBase))
  }

  private static func record(
    _ store: SurveyStore, _ deployment: StoredDeployment, _ media: Int64, _ path: String,
    _ name: String, _ size: Int64
  ) throws -> Int64 {
    try store.save(
      StoredRecording(
        id: 0, deploymentID: deployment.id, mediaID: media, path: path, name: name, size: size))
  }

  private static func look(
    _ store: SurveyStore, _ run: StoredRun, _ media: Int64, _ times: [FrameTime]
  ) throws {
    let pass = try store.beginPass(run: run.id, media: media, programVersion: "0", machine: "test")
    let fish = { (x: Double, y: Double, score: Double) in
      Detection(label: 0, x: x, y: y, score: score)
    }
    let frames = times.enumerated().map { index, time in
      let detections: [Detection] =
        switch index {
        case 5:
          [fish(0.24, 0.32, 0.95), fish(0.75, 0.67, 0.8), fish(0.5, 0.5, 0.6), fish(0.9, 0.2, 0.3)]
        case 6:
          [
            fish(0.27, 0.32, 0.9), fish(0.73, 0.67, 0.8),
            Detection(label: 1, x: 0.4, y: 0.8, score: 0.7, width: 0.2, height: 0.25),
          ]
        default: index % 2 == 0 ? [fish(0.06 + 0.025 * Double(index), 0.32, 0.9)] : []
        }
      return FrameResult(time: time, isDamaged: false, detections: detections)
    }
    try store.append(frames, to: pass, of: run)
    try store.finish(pass, .done, reason: nil, start: 0, end: Double(times.count) / 5)
  }
}

/// A server that runs for the length of a test.
struct RunningServer {
  static let token = "test-token-that-is-long-enough-0123456789"

  var port: Int
  var address: String

  /// The cookie that the token's address sets.
  var cookie: (String, String) { ("Cookie", "fishcam_\(port)=\(Self.token)") }

  static func with(
    _ fixture: ReviewFixture, reviewer: String = "Ana", _ body: (RunningServer) async throws -> Void
  ) async throws {
    let options = ReviewServer.Options(
      databasePath: fixture.store.path, reviewer: reviewer, token: token,
      taxa: [
        ReviewTaxon(
          label: "naso_brevirostris", scientificName: "Naso brevirostris",
          commonName: "Spotted unicornfish", aphiaID: 219_672)
      ], version: "0.1-test")
    let server = try ReviewServer(options, store: fixture.store)
    let (addresses, ready) = AsyncStream.makeStream(of: String.self)
    let task = Task {
      defer { ready.finish() }
      try await server.run { ready.yield($0) }
    }
    do {
      var iterator = addresses.makeAsyncIterator()
      guard let address = await iterator.next(), let port = URL(string: address)?.port else {
        try await task.value
        throw RawHTTP.Failure(what: "the server did not say where it listens")
      }
      try await body(RunningServer(port: port, address: address))
    } catch {
      task.cancel()
      throw error
    }
    task.cancel()
    try await task.value
  }

  func get(_ path: String, _ headers: [(String, String)] = []) async throws -> Answer {
    try await RawHTTP.send("GET", path, port: port, headers: [cookie] + headers)
  }

  func post(
    _ path: String, _ json: String, _ headers: [(String, String)] = []
  ) async throws -> Answer {
    try await RawHTTP.send(
      "POST", path, port: port,
      headers: [cookie, ("Content-Type", "application/json")] + headers, body: Data(json.utf8))
  }
}
