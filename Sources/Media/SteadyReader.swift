internal import Survey

/// Reads a video so that its frames are the same however many threads decode.
///
/// What decoders make of damage depends on their threads and on what was in memory. So at the first trouble,
/// which they tell before they give a frame that may differ, a repeatable reader begins at a keyframe before it.
///
/// Not for two threads at once.
final class SteadyReader {
  private(set) var reader: VideoReader
  private let openRepeatable: () throws(MediaError) -> VideoReader
  private var isRepeatable: Bool
  private var period: Int64?

  // What was given since the file was opened, or since it was sought in.
  private var sought: Int64?
  private var given = 0
  private var last: Int64?
  private var isAscending = true

  /// - Throws: `MediaError`, as `VideoReader` does.
  init(path: String, keyframesOnly: Bool = false, threads: Int = 0) throws(MediaError) {
    openRepeatable = { () throws(MediaError) in
      try VideoReader(path: path, keyframesOnly: keyframesOnly, repeatable: true)
    }
    reader = try VideoReader(path: path, keyframesOnly: keyframesOnly, threads: threads)
    isRepeatable = reader.info.kind == .photo
  }

  /// As `VideoReader.next`.
  func next() throws(MediaError) -> DecodedFrame? {
    let result: Result<DecodedFrame?, MediaError>
    do { result = .success(try reader.next()) } catch { result = .failure(error) }
    var frame: DecodedFrame?
    if !isRepeatable, reader.isTroubled, let anew = try beginAnew() {
      frame = try anew.next()
    } else {
      frame = try result.get()
    }
    if let frame {
      given += 1
      if let last, frame.time.pts <= last { isAscending = false }
      last = frame.time.pts
    }
    return frame
  }

  /// As `VideoReader.choose`.
  func choose(periodMicroseconds period: Int64) -> Bool {
    guard reader.choose(periodMicroseconds: period) else { return false }
    self.period = period
    return true
  }

  /// As `VideoReader.seek`.
  func seek(toKeyframeBefore pts: Int64) -> Bool {
    guard reader.seek(toKeyframeBefore: pts) else { return false }
    (sought, given, last, isAscending) = (pts, 0, nil, true)
    return true
  }

  /// A repeatable reader behind the frames that were given, which goes on; `nil` where the file cannot be opened any
  /// more.
  private func beginAnew() throws(MediaError) -> VideoReader? {
    isRepeatable = true
    if let last, isAscending {
      guard let anew = try? opened(seeking: true) else { return nil }
      if anew.seek(toForgettingKeyframeBefore: last) {
        reader = anew
        try anew.skip(through: last)
        return anew
      }
    }
    guard let anew = try? opened(seeking: sought != nil) else { return nil }
    reader = anew
    if let sought { _ = anew.seek(toKeyframeBefore: sought) }
    for _ in 0..<given { _ = try anew.next() }
    return anew
  }

  private func opened(seeking: Bool) throws(MediaError) -> VideoReader {
    let reader = try openRepeatable()
    if let period {
      _ = reader.choose(periodMicroseconds: period)
      // Sampling instants count from the first frame, wherever reading goes on.
      if seeking { _ = try reader.next() }
    }
    return reader
  }
}
