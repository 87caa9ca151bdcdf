internal import CFFmpeg
internal import CFFmpegShim
internal import Survey

extension VideoReader {
  /// Time of the first frame as the container states it, in seconds.
  var startSeconds: Double {
    let start = stream.pointee.start_time
    return start == ffs_no_pts ? 0 : Double(start) * secondsPerUnit
  }

  /// Goes to the last keyframe at or before a time; `next()` continues there.
  ///
  /// - Returns: whether the container could do so.
  func seek(toKeyframeBefore seconds: Double) -> Bool {
    seek(toKeyframeBefore: units(seconds))
  }

  /// Goes to a keyframe at or before a timestamp that lets a decoder forget all before it.
  ///
  /// - Returns: whether there is such a one nearby.
  func seek(toForgettingKeyframeBefore pts: Int64) -> Bool {
    guard hasTimes, saysWhatItForgets, let format, let packet else { return false }
    var target = pts
    for _ in 0..<8 {
      guard seek(toKeyframeBefore: target) else { return false }
      var isFound = false
      while av_read_frame(format, packet) >= 0 {
        defer { av_packet_unref(packet) }
        guard packet.pointee.stream_index == stream.pointee.index else { continue }
        isFound =
          packet.pointee.pts != ffs_no_pts && packet.pointee.pts <= pts && isForgetting(packet)
        break
      }
      if isFound { return seek(toKeyframeBefore: target) }
      target -= max(1, Int64(1 / secondsPerUnit))
    }
    return false
  }

  /// The different keyframes that are the last at or before some times, each decoded without the
  /// frames about it.
  ///
  /// - Parameters:
  ///   - instants: seconds, ascending.
  ///   - step: seconds behind each at which the search ends, for containers whose seeking lands late.
  ///   - take: is given the frames in order.
  ///   - goesOn: asked before each instant; `false` ends the work.
  func keyframes(
    before instants: [Double], step: Double, _ take: (DecodedFrame) throws(MediaError) -> Void,
    _ goesOn: () -> Bool
  ) throws(MediaError) {
    guard let format, let codec, let packet, let frame else { return }
    // A packet may hold other frames behind its keyframe.
    let skipped = codec.pointee.skip_frame
    codec.pointee.skip_frame = AVDISCARD_NONKEY
    defer {
      avcodec_flush_buffers(codec)
      codec.pointee.skip_frame = skipped
    }
    // A decoder that misses the frames between may make some up.
    var sent: Set<Int64> = []
    func takeDecoded() throws(MediaError) {
      while avcodec_receive_frame(codec, frame) >= 0 {
        let hasTime = frame.pointee.pts != ffs_no_pts
        let decoded = try self.decoded(frame, isDamaged: isIncomplete(frame))
        if sent.remove(decoded.time.pts) != nil || !hasTime { try take(decoded) }
      }
    }
    var last: Int64?
    for instant in instants where goesOn() {
      guard av_seek_frame(format, stream.pointee.index, units(instant), AVSEEK_FLAG_BACKWARD) >= 0
      else { continue }
      search: while av_read_frame(format, packet) >= 0 {
        defer { av_packet_unref(packet) }
        guard packet.pointee.stream_index == stream.pointee.index else { continue }
        let hasTime = packet.pointee.pts != ffs_no_pts
        let pts = hasTime ? packet.pointee.pts : packet.pointee.dts
        if hasTime, pts > units(instant + step) { break }
        guard packet.pointee.flags & AV_PKT_FLAG_KEY != 0 else { continue }
        guard pts != ffs_no_pts, pts > last ?? .min else { break }
        last = pts
        while true {
          let code = avcodec_send_packet(codec, packet)
          if code >= 0 { sent.insert(pts) }
          try takeDecoded()
          if code != ffs_error_again { break search }
        }
      }
    }
    avcodec_send_packet(codec, nil)
    try takeDecoded()
  }

  /// When the last packet ends, in seconds of the file's timeline, by reading the rest of the file
  /// without decoding; for containers that state no duration.
  func lastPacketEndSeconds() -> Double? {
    guard let format, let packet else { return nil }
    var end: Int64?
    while av_read_frame(format, packet) >= 0 {
      defer { av_packet_unref(packet) }
      guard packet.pointee.stream_index == stream.pointee.index, packet.pointee.pts != ffs_no_pts
      else { continue }
      let last = packet.pointee.pts + max(0, packet.pointee.duration)
      end = max(end ?? last, last)
    }
    return end.map { Double($0) * secondsPerUnit }
  }

  /// A time in the stream's units.
  func units(_ seconds: Double) -> Int64 {
    Int64(max(-1e15, min(1e15, (seconds / secondsPerUnit).rounded(.down))))
  }
}
