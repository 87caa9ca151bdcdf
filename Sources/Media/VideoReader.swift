internal import CFFmpeg
internal import CFFmpegShim
internal import Survey

/// Reads the frames of a video file, or of a picture that FFmpeg knows, in presentation order.
///
/// Not for two threads at once.
public final class VideoReader {
  /// What the container says of the video stream.
  public let info: MediaInfo
  /// Whether anything was wrong so far, even if frames are not called damaged for it.
  ///
  /// It is so before the first frame is given that may be another one with other threads.
  var isTroubled: Bool {
    damage.map { $0.count > 0 } ?? false || codec.map { ffs_errors($0) > 0 } ?? false
  }
  /// What was wrong on the way, if anything: decoding went on past it.
  public private(set) var damage: Damage?

  /// Data that could not be read or decoded.
  public struct Damage: Sendable, Equatable {
    /// Frames or packets that are damaged or lost.
    public var count: Int
    /// The decoder's own words at the first of them.
    public var words: String
    /// Whether the file ended before its index says that it does.
    public var endsEarly: Bool
  }

  let file: String
  private(set) var format: UnsafeMutablePointer<AVFormatContext>?
  private(set) var codec: UnsafeMutablePointer<AVCodecContext>?
  private(set) var packet: UnsafeMutablePointer<AVPacket>?
  private(set) var frame: UnsafeMutablePointer<AVFrame>?
  let stream: UnsafeMutablePointer<AVStream>
  private let orientation: Orientation
  let secondsPerUnit: Double
  private var lastPTS: Int64?
  private var lastPacketEnd: Int64?
  private var atEndOfFile = false
  private var decodedFrames = 0
  private var groups = DamagedGroups()
  /// Decoded frames and their packets' numbers, of which it is not known yet whether they are damaged.
  private var held: [(Int64, DecodedFrame)] = []
  /// What decides which packets are decoded; `nil` decodes all.
  private(set) var chooser: PacketChooser?
  private var isDraining = false
  /// Keyframes that were decoded elsewhere, by timestamp.
  private var known: [Int64: DecodedFrame] = [:]
  /// Those of them whose packets were read, in order.
  private var due: [DecodedFrame] = []
  /// What was decoded and comes behind those that are due.
  private var ahead: DecodedFrame?
  private let keyframesOnly: Bool
  private let threads: Int
  private let isRepeatable: Bool
  private var wasFed = false
  /// A packet that a new decoder is to begin with.
  private var waiting: UnsafeMutablePointer<AVPacket>?
  /// Whether the container says of all packets when their frames are shown.
  var hasTimes: Bool {
    guard let name = format?.pointee.iformat?.pointee.name else { return false }
    return !String(cString: name).contains("avi")
  }
  /// Whether packets without a keyframe are held back: these decoders do not skip frames.
  private var dropsPackets: Bool {
    let id = stream.pointee.codecpar.pointee.codec_id
    return keyframesOnly && (id == AV_CODEC_ID_VP9 || id == AV_CODEC_ID_AV1)
  }

  /// FFmpeg's formats of text files, which it draws as a terminal would.
  private static let drawnText: Set<String> = ["tty", "bin", "xbin", "adf", "idf"]

  /// Opens a file at its best video stream; others (sound, telemetry, timecode) are not read.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - keyframesOnly: give only frames that decode by themselves.
  ///   - threads: threads that the decoder may use; 0 is one a core.
  ///   - repeatable: what is decoded of damage depends on the file alone, from the keyframe on at which
  ///     reading begins; this takes one thread, and time.
  /// - Throws: `MediaError`, with the file's name and FFmpeg's last words.
  public init(
    path: String, keyframesOnly: Bool = false, threads: Int = 0, repeatable: Bool = false
  ) throws(MediaError) {
    ffs_capture_log()
    ffs_forget_words()
    file = path
    self.keyframesOnly = keyframesOnly
    self.threads = threads
    isRepeatable = repeatable
    let code = avformat_open_input(&format, path.ffmpegAddress, nil, nil)
    guard code >= 0, let format else {
      let words = String(cString: ffs_last_words())
      if words.contains("moov atom not found") { throw .noIndex(file: path) }
      throw .notMedia(file: path, words: words.isEmpty ? errorText(code) : words)
    }
    do {
      (stream, info, orientation) = try Self.chooseStream(format, path)
      secondsPerUnit = av_q2d(stream.pointee.time_base)
      try openDecoder()
    } catch {
      // The initialiser has failed, so deinit will not run.
      ffs_free_codec(&codec)
      avformat_close_input(&self.format)
      throw error
    }
    packet = av_packet_alloc()
    frame = av_frame_alloc()
    if repeatable { waiting = av_packet_alloc() }
  }

  deinit {
    av_frame_free(&frame)
    av_packet_free(&packet)
    av_packet_free(&waiting)
    ffs_free_codec(&codec)
    avformat_close_input(&format)
  }

  private static func chooseStream(
    _ format: UnsafeMutablePointer<AVFormatContext>, _ path: String
  ) throws(MediaError) -> (UnsafeMutablePointer<AVStream>, MediaInfo, Orientation) {
    if let name = format.pointee.iformat?.pointee.name, drawnText.contains(String(cString: name)) {
      throw .notMedia(file: path, words: "it is a text file")
    }
    let found = avformat_find_stream_info(format, nil)
    let count = Int(format.pointee.nb_streams)
    let streams = (0..<count).compactMap { format.pointee.streams[$0] }
    var decoder: UnsafePointer<AVCodec>?
    let best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0)
    let isCover = { (stream: UnsafeMutablePointer<AVStream>) in
      stream.pointee.disposition & AV_DISPOSITION_ATTACHED_PIC != 0
    }
    let videos = streams.filter { $0.pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_VIDEO }
    guard best >= 0, let stream = format.pointee.streams[Int(best)], !isCover(stream) else {
      if let video = videos.first(where: { !isCover($0) }) {
        let name = String(cString: avcodec_get_name(video.pointee.codecpar.pointee.codec_id))
        throw .unsupportedCodec(file: path, codec: name)
      }
      if found < 0 && streams.isEmpty {
        throw .notMedia(file: path, words: String(cString: ffs_last_words()))
      }
      throw .noVideo(file: path, streams: kinds(of: streams))
    }
    for other in streams where other != stream { other.pointee.discard = AVDISCARD_ALL }
    let parameters = stream.pointee.codecpar.pointee
    let matrix = ffs_stream_matrix(stream)
    let orientation = matrix.map { Orientation(matrix: $0) } ?? .upright
    var ratio = Double(av_q2d(av_guess_sample_aspect_ratio(format, stream, nil)))
    if !(0.1...10).contains(ratio) { ratio = 1 }
    let shownWidth = Int((Double(parameters.width) * ratio).rounded())
    let shownHeight = Int(parameters.height)
    var duration: Double?
    if stream.pointee.duration != ffs_no_pts, stream.pointee.duration > 0 {
      duration = Double(stream.pointee.duration) * av_q2d(stream.pointee.time_base)
    } else if format.pointee.duration != ffs_no_pts, format.pointee.duration > 0 {
      duration = Double(format.pointee.duration) / Double(AV_TIME_BASE)
    }
    let rate = av_q2d(stream.pointee.avg_frame_rate)
    let demuxer = String(cString: format.pointee.iformat.pointee.name)
    if demuxer.hasPrefix("matroska"), let end = duration, format.pointee.start_time != ffs_no_pts {
      // Matroska's duration counts from zero, wherever the first frame is.
      let start = Double(format.pointee.start_time) / Double(AV_TIME_BASE)
      if start > 0, start < end { duration = end - start }
    }
    let isPicture = demuxer == "image2" || demuxer.hasSuffix("_pipe")
    let info = MediaInfo(
      kind: isPicture ? .photo : .video,
      codec: String(cString: avcodec_get_name(parameters.codec_id)),
      width: orientation.swapsSides ? shownHeight : shownWidth,
      height: orientation.swapsSides ? shownWidth : shownHeight,
      durationSeconds: isPicture ? nil : duration,
      framesPerSecond: isPicture ? nil : rate > 0 && rate < 10_000 ? rate : nil,
      timeBase: (Int(stream.pointee.time_base.num), Int(stream.pointee.time_base.den)),
      creationTime: creationTime(format, stream))
    return (stream, info, orientation)
  }

  private static func kinds(of streams: [UnsafeMutablePointer<AVStream>]) -> [String] {
    let names = streams.map { stream -> String in
      switch stream.pointee.codecpar.pointee.codec_type {
      case AVMEDIA_TYPE_AUDIO: "sound"
      case AVMEDIA_TYPE_SUBTITLE: "subtitles"
      case AVMEDIA_TYPE_VIDEO: "a cover picture"
      default: "data"
      }
    }
    return names.isEmpty ? ["no streams"] : Array(Set(names)).sorted()
  }

  private static func creationTime(
    _ format: UnsafeMutablePointer<AVFormatContext>, _ stream: UnsafeMutablePointer<AVStream>
  ) -> String? {
    for metadata in [format.pointee.metadata, stream.pointee.metadata] {
      if let entry = av_dict_get(metadata, "creation_time", nil, 0) {
        let text = String(cString: entry.pointee.value)
        // The epoch of MP4 is how its files leave the time out.
        if !text.hasPrefix("1904") { return text }
      }
    }
    return nil
  }

  private func openDecoder() throws(MediaError) {
    let parameters = stream.pointee.codecpar
    guard let id = parameters?.pointee.codec_id, let decoder = avcodec_find_decoder(id) else {
      throw .unsupportedCodec(file: file, codec: info.codec)
    }
    codec = avcodec_alloc_context3(decoder)
    avcodec_parameters_to_context(codec, parameters)
    codec?.pointee.pkt_timebase = stream.pointee.time_base
    codec?.pointee.thread_count = isRepeatable ? 1 : Int32(threads)
    ffs_watch(codec, isRepeatable ? 1 : 0)
    wasFed = false
    if keyframesOnly { codec?.pointee.skip_frame = AVDISCARD_NONKEY }
    // Of a damaged picture this decoder gives what an earlier one left in memory, and does not say so.
    if id == AV_CODEC_ID_MJPEG { codec?.pointee.err_recognition |= AV_EF_EXPLODE }
    let code = avcodec_open2(codec, decoder, nil)
    if code < 0 { throw .undecodable(file: file, codec: info.codec, words: errorText(code)) }
  }

  /// The next frame; `nil` at the end.
  ///
  /// Damaged parts are passed over and noted in `damage`.
  ///
  /// - Throws: `MediaError.undecodable` at the end of a file of which no frame could be decoded.
  public func next() throws(MediaError) -> DecodedFrame? {
    let decoded: DecodedFrame?
    if let ahead {
      decoded = ahead
      self.ahead = nil
    } else {
      decoded = try nextDecoded()
    }
    guard let first = due.first, first.time.pts < decoded?.time.pts ?? .max else { return decoded }
    ahead = decoded
    return due.removeFirst()
  }

  /// Passes over the frames until behind a timestamp; `next()` gives the one after it.
  ///
  /// Only before `know` is used.
  func skip(through pts: Int64) throws(MediaError) {
    repeat { ahead = try nextDecoded() } while ahead.map { $0.time.pts <= pts } ?? false
  }

  /// Has a keyframe that was decoded by another reader given in its turn, instead of decoding it
  /// again; where keyframes alone are read.
  func know(_ keyframe: DecodedFrame) {
    if keyframesOnly { known[keyframe.time.pts] = keyframe }
  }

  private func nextDecoded() throws(MediaError) -> DecodedFrame? {
    while let codec, let frame, let packet, let format {
      let code = avcodec_receive_frame(codec, frame)
      if code >= 0 {
        let number = ffs_number_of(frame)
        let isDamaged = isIncomplete(frame)
        if isDamaged {
          note("frame with missing parts")
          groups.damage(at: number)
        }
        decodedFrames += 1
        held.append((number, try decoded(frame, isDamaged: isDamaged)))
        if held.count <= reordered(codec) { continue }
      }
      if !held.isEmpty, code >= 0 || code == ffs_error_eof {
        let (number, decoded) = held.removeFirst()
        // Not every decoder hands packets' numbers on.
        if groups.isDamaged(number) { decoded.isDamaged = true }
        return decoded
      }
      if code == ffs_error_eof, isDraining {
        try beginAfterDraining()
        continue
      } else if code == ffs_error_eof {
        return try end()
      } else if code != ffs_error_again {
        note(errorText(code))
        if atEndOfFile { return try end() }
      }
      if let chooser {
        feed(codec, chooser.step())
      } else if !readPacket(format, packet) {
        feed(codec, nil)
      } else if let keyframe = known.removeValue(forKey: packet.pointee.pts) {
        due.append(keyframe)
        decodedFrames += 1
        av_packet_unref(packet)
      } else if dropsPackets, packet.pointee.flags & AV_PKT_FLAG_KEY == 0 {
        av_packet_unref(packet)
      } else {
        feed(codec, packet)
      }
    }
    return nil
  }

  /// How many frames that are shown later may come before one in the file, which may be predicted from them.
  private func reordered(_ codec: UnsafeMutablePointer<AVCodecContext>) -> Int {
    keyframesOnly ? 0 : min(16, max(0, Int(codec.pointee.has_b_frames)))
  }

  /// Has only those frames decoded that a period asks for, and what they need; before anything is
  /// read.
  ///
  /// - Returns: whether the file allows it: H.264 and HEVC do, with times in all packets.
  func choose(periodMicroseconds period: Int64) -> Bool {
    guard info.kind == .video, saysWhatItForgets, hasTimes else { return false }
    chooser = PacketChooser(
      period: period, secondsPerUnit: secondsPerUnit,
      isForgetting: { [unowned self] in isForgetting($0) },
      read: { [unowned self] in
        guard let format, let packet = av_packet_alloc() else { return nil }
        if readPacket(format, packet) { return packet }
        var doomed: UnsafeMutablePointer<AVPacket>? = packet
        av_packet_free(&doomed)
        return nil
      })
    return true
  }

  private func feed(_ codec: UnsafeMutablePointer<AVCodecContext>, _ step: PacketChooser.Step) {
    switch step {
    case .take(let packet, let isShown):
      codec.pointee.skip_frame = isShown ? AVDISCARD_DEFAULT : AVDISCARD_NONREF
      feed(codec, packet)
      var doomed: UnsafeMutablePointer<AVPacket>? = packet
      av_packet_free(&doomed)
    case .drain:
      isDraining = true
      avcodec_send_packet(codec, nil)
    case .end:
      feed(codec, nil)
    }
  }

  /// Whether the decoder says that parts of a frame are missing or wrong.
  func isIncomplete(_ frame: UnsafeMutablePointer<AVFrame>) -> Bool {
    frame.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0 || frame.pointee.decode_error_flags != 0
      || ffs_has_holes(codec, frame) != 0
  }

  /// Takes over what the decoder has given.
  func decoded(_ frame: UnsafeMutablePointer<AVFrame>, isDamaged: Bool) throws(MediaError)
    -> DecodedFrame
  {
    try DecodedFrame(
      taking: frame, time: time(of: frame), durationSeconds: duration(of: frame),
      isDamaged: isDamaged, isPhoto: info.kind == .photo, orientation: orientation, file: file)
  }

  /// Gives the decoder a packet, or the end.
  private func feed(
    _ codec: UnsafeMutablePointer<AVCodecContext>, _ packet: UnsafeMutablePointer<AVPacket>?
  ) {
    guard let packet else {
      atEndOfFile = true
      avcodec_send_packet(codec, nil)
      return
    }
    if let waiting, wasFed, isForgetting(packet) {
      // What is in the decoder's memory must not depend on where reading began.
      av_packet_move_ref(waiting, packet)
      isDraining = true
      avcodec_send_packet(codec, nil)
      return
    }
    wasFed = true
    let number = groups.add(
      isKey: packet.pointee.flags & AV_PKT_FLAG_KEY != 0,
      isDamaged: packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0)
    ffs_number(codec, packet, number)
    let sent = avcodec_send_packet(codec, packet)
    if sent < 0 && sent != ffs_error_again {
      note(errorText(sent))
      groups.damage(at: number)
    }
    av_packet_unref(packet)
  }

  /// Goes on when the decoder has given all it held.
  private func beginAfterDraining() throws(MediaError) {
    isDraining = false
    guard let waiting, waiting.pointee.data != nil else {
      avcodec_flush_buffers(codec)
      return
    }
    let skipped = codec?.pointee.skip_frame ?? AVDISCARD_DEFAULT
    ffs_free_codec(&codec)
    try openDecoder()
    guard let codec else { return }
    codec.pointee.skip_frame = skipped
    feed(codec, waiting)
  }

  /// Reads the stream's next packet; whether there is one.
  private func readPacket(
    _ format: UnsafeMutablePointer<AVFormatContext>, _ packet: UnsafeMutablePointer<AVPacket>
  ) -> Bool {
    while true {
      ffs_forget_words()
      let code = av_read_frame(format, packet)
      if code < 0 {
        if code != ffs_error_eof { note(errorText(code)) }
        let words = String(cString: ffs_last_words())
        if !words.isEmpty { note(words) }
        return false
      }
      guard packet.pointee.stream_index == stream.pointee.index else {
        av_packet_unref(packet)
        continue
      }
      if packet.pointee.pts != ffs_no_pts {
        let end = packet.pointee.pts + max(0, packet.pointee.duration)
        lastPacketEnd = max(lastPacketEnd ?? end, end)
      }
      return true
    }
  }

  private func note(_ words: String) {
    let said = String(cString: ffs_last_words())
    if damage == nil {
      damage = Damage(count: 1, words: said.isEmpty ? words : said, endsEarly: false)
    } else {
      damage?.count += 1
    }
  }

  private func end() throws(MediaError) -> DecodedFrame? {
    if decodedFrames == 0 {
      throw .undecodable(file: file, codec: info.codec, words: damage?.words ?? "")
    }
    noteEarlyEnd()
    return nil
  }

  /// Compares where the packets ended with where the index says that they do.
  private func noteEarlyEnd() {
    let stated = stream.pointee.duration
    guard info.kind == .video, stated != ffs_no_pts, stated > 0, let lastPacketEnd else { return }
    let start = stream.pointee.start_time == ffs_no_pts ? 0 : stream.pointee.start_time
    let missing = Double(start + stated - lastPacketEnd) * secondsPerUnit
    guard missing > max(1, 2 * (lastFrameSeconds ?? 0)) else { return }
    if damage == nil { damage = Damage(count: 0, words: "", endsEarly: true) }
    damage?.endsEarly = true
  }

  /// The frame's time: the best-effort timestamp, and where there is none, the last one's end.
  private func time(of frame: UnsafeMutablePointer<AVFrame>) -> FrameTime {
    var pts = frame.pointee.best_effort_timestamp
    if pts == ffs_no_pts {
      pts = lastPTS.map { $0 + max(1, frame.pointee.pkt_duration) } ?? 0
    }
    lastPTS = pts
    return FrameTime(pts: pts, seconds: Double(pts) * secondsPerUnit)
  }

  private var lastFrameSeconds: Double? { info.framesPerSecond.map { 1 / $0 } }

  private func duration(of frame: UnsafeMutablePointer<AVFrame>) -> Double {
    if info.kind == .photo { return 0 }
    if frame.pointee.pkt_duration > 0 { return Double(frame.pointee.pkt_duration) * secondsPerUnit }
    return info.framesPerSecond.map { $0 < 1000 ? 1 / $0 : 0 } ?? 0
  }

  /// Goes to the last keyframe at or before a timestamp; `next()` continues there.
  ///
  /// - Returns: whether the container could do so.
  public func seek(toKeyframeBefore pts: Int64) -> Bool {
    guard av_seek_frame(format, stream.pointee.index, pts, AVSEEK_FLAG_BACKWARD) >= 0 else {
      return false
    }
    avcodec_flush_buffers(codec)
    if let waiting { av_packet_unref(waiting) }
    chooser?.restart()
    isDraining = false
    atEndOfFile = false
    lastPTS = nil
    (held, due, ahead) = ([], [], nil)
    return true
  }
}

extension String {
  /// This path as an address that FFmpeg reads as a local file, whatever characters it has.
  var ffmpegAddress: String { "file:" + self }
}

extension VideoReader.Damage {
  /// One sentence for a person.
  public var sentence: String {
    let said = words.isEmpty ? "" : " (FFmpeg says: \(words))"
    if endsEarly { return "the file ends before its index says that it does" + said }
    return "\(count) damaged or unreadable part\(count == 1 ? "" : "s")" + said
  }
}
