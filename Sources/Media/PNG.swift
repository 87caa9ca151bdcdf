internal import CFFmpeg
internal import CFFmpegShim
public import Survey

/// PNG pictures in memory, through FFmpeg: what has to come back to the last bit.
public enum PNG {
  /// Encodes a picture in RGB.
  ///
  /// - Throws: `MediaError.unscalable` with FFmpeg's words.
  public static func encode(_ picture: PixelImage) throws(MediaError) -> [UInt8] {
    precondition(picture.channels == 3, "backgrounds are in colour")
    let source = try DecodedFrame(picture, orientation: .upright, file: "picture")
    var context = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_PNG))
    var packet = av_packet_alloc()
    defer {
      av_packet_free(&packet)
      avcodec_free_context(&context)
    }
    guard let context, let packet, context.pointee.codec != nil else {
      throw .unscalable(file: "picture", reason: "this FFmpeg cannot write PNG")
    }
    context.pointee.width = Int32(picture.width)
    context.pointee.height = Int32(picture.height)
    context.pointee.pix_fmt = AV_PIX_FMT_RGB24
    context.pointee.time_base = AVRational(num: 1, den: 1)
    context.pointee.thread_count = 1
    // Each row is predicted by the filter that suits it best: a third smaller than without.
    av_opt_set(context.pointee.priv_data, "pred", "mixed", 0)
    try check(avcodec_open2(context, nil, nil))
    try check(avcodec_send_frame(context, source.frame))
    try check(avcodec_receive_packet(context, packet))
    return [UInt8](
      UnsafeBufferPointer(start: packet.pointee.data, count: Int(packet.pointee.size)))
  }

  /// Decodes a picture in RGB that `encode` made.
  ///
  /// - Throws: `MediaError.undecodable` where it is something else.
  public static func decode(_ bytes: [UInt8]) throws(MediaError) -> PixelImage {
    var context = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_PNG))
    var packet = av_packet_alloc()
    var frame = av_frame_alloc()
    defer {
      av_frame_free(&frame)
      av_packet_free(&packet)
      avcodec_free_context(&context)
    }
    let failure = MediaError.undecodable(file: "picture", codec: "png", words: "")
    guard let context, let packet, let frame, let size = Int32(exactly: bytes.count) else {
      throw failure
    }
    context.pointee.thread_count = 1
    guard avcodec_open2(context, nil, nil) >= 0, av_new_packet(packet, size) >= 0 else {
      throw failure
    }
    bytes.withUnsafeBufferPointer { from in
      if let start = from.baseAddress { packet.pointee.data.update(from: start, count: from.count) }
    }
    guard avcodec_send_packet(context, packet) >= 0, avcodec_send_packet(context, nil) >= 0,
      avcodec_receive_frame(context, frame) >= 0,
      frame.pointee.format == AV_PIX_FMT_RGB24.rawValue, let place = frame.pointee.data.0
    else { throw failure }
    let row = Int(frame.pointee.width) * 3
    var pixels: [UInt8] = []
    pixels.reserveCapacity(row * Int(frame.pointee.height))
    for y in 0..<Int(frame.pointee.height) {
      pixels += UnsafeBufferPointer(start: place + y * Int(frame.pointee.linesize.0), count: row)
    }
    return PixelImage(
      width: Int(frame.pointee.width), height: Int(frame.pointee.height), channels: 3,
      pixels: pixels)
  }

  private static func check(_ code: Int32) throws(MediaError) {
    if code < 0 { throw .unscalable(file: "picture", reason: errorText(code)) }
  }
}
