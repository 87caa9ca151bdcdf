internal import CFFmpeg
internal import CFFmpegShim
internal import CFrameScale
public import Survey

/// Turns decoded frames into small upright pictures by area averaging, straight from the decoder's
/// planes: no full-size RGB picture is ever built.
///
/// Pictures at most half as wide and high as an 8-bit planar frame, as models see most, are averaged by
/// `CFrameScale`; all others by swscale, which reads every format and is several times slower.
///
/// Colours become full-range RGB or grey, by the frame's own matrix (BT.601, BT.709, …) and range.
/// Not for two threads at once.
public final class FrameScaler {
  private var context: OpaquePointer?
  private var key: Key?
  private var scratch: [UInt8] = []
  private var sums: [UInt8] = []

  private struct Key: Equatable {
    var width: Int32, height: Int32, format: Int32, toWidth: Int32, toHeight: Int32
    var channels: Int, colorspace: UInt32, fullRange: Bool
  }

  /// A scaler that has not met a frame yet.
  public init() {}

  deinit { sws_freeContext(context) }

  /// Fills a model's input, or any picture, with a frame.
  ///
  /// - Parameters:
  ///   - frame: the frame.
  ///   - placement: which part of the upright frame goes where in the picture.
  ///   - picture: `inputHeight × inputWidth × channels`; pixels outside the placement stay.
  /// - Throws: `MediaError.unscalable`.
  public func scale(
    _ frame: DecodedFrame, _ placement: FramePlacement, into picture: inout PixelImage
  )
    throws(MediaError)
  {
    let (width, height) = (placement.inputWidth, placement.inputHeight)
    precondition(picture.width == width && picture.height == height)
    let channels = picture.channels
    let rowBytes = width * channels
    let offset = placement.top * rowBytes + placement.left * channels
    let cropped = try crop(frame, placement)
    defer {
      var doomed: UnsafeMutablePointer<AVFrame>? = cropped
      av_frame_free(&doomed)
    }
    let turned = frame.orientation.swapsSides
    let toWidth = turned ? placement.height : placement.width
    let toHeight = turned ? placement.width : placement.height
    // swscale's vector code may write past a row's end, up to the next multiple of its width.
    let scratchRow = (toWidth * channels + 63) & ~63
    if scratch.count < scratchRow * toHeight + 64 {
      scratch = [UInt8](repeating: 0, count: scratchRow * toHeight + 64)
    }
    if !averagePlanes(
      cropped, toWidth: toWidth, toHeight: toHeight, channels: channels, rowBytes: scratchRow)
    {
      try prepare(
        cropped, toWidth: toWidth, toHeight: toHeight, channels: channels, file: frame.file)
      try averageAnything(cropped, toHeight: toHeight, rowBytes: scratchRow, file: frame.file)
    }
    scratch.withUnsafeBufferPointer { from in
      picture.pixels.withUnsafeMutableBufferPointer { to in
        guard let first = from.baseAddress, let place = to.baseAddress else { return }
        if frame.orientation == .upright {
          for row in 0..<toHeight {
            (place + offset + row * rowBytes).update(
              from: first + row * scratchRow, count: toWidth * channels)
          }
        } else {
          var dense = [UInt8]()
          dense.reserveCapacity(toWidth * toHeight * channels)
          for row in 0..<toHeight {
            dense.append(contentsOf: from[row * scratchRow..<row * scratchRow + toWidth * channels])
          }
          frame.orientation.copy(
            dense, width: toWidth, height: toHeight, channels: channels, to: place + offset,
            rowBytes: rowBytes)
        }
      }
    }
  }

  /// Fills `scratch` by `CFrameScale`; false where the frame is nothing for it.
  private func averagePlanes(
    _ source: UnsafeMutablePointer<AVFrame>, toWidth: Int, toHeight: Int, channels: Int,
    rowBytes: Int
  ) -> Bool {
    let frame = source.pointee
    let (format, full) = Self.plainFormat(AVPixelFormat(frame.format))
    let subsampling: (width: Int32, height: Int32)
    switch format {
    case AV_PIX_FMT_YUV420P: subsampling = (2, 2)
    case AV_PIX_FMT_YUV422P: subsampling = (2, 1)
    case AV_PIX_FMT_YUV444P: subsampling = (1, 1)
    default: return false
    }
    guard channels == 3,
      (2 * toWidth...Int(FRAME_SCALE_MOST) * toWidth).contains(Int(frame.width)),
      (2 * toHeight...Int(FRAME_SCALE_MOST) * toHeight).contains(Int(frame.height)),
      let luma = frame.data.0, let blue = frame.data.1, let red = frame.data.2,
      let coefficients = sws_getCoefficients(Self.matrix(of: source))
    else { return false }
    var picture = frame_scale_picture(
      planes: (UnsafePointer(luma), UnsafePointer(blue), UnsafePointer(red)),
      strides: (Int(frame.linesize.0), Int(frame.linesize.1), Int(frame.linesize.2)),
      width: frame.width, height: frame.height,
      chroma_width: (frame.width + subsampling.width - 1) / subsampling.width,
      chroma_height: (frame.height + subsampling.height - 1) / subsampling.height,
      full_range: full || frame.color_range == AVCOL_RANGE_JPEG ? 1 : 0,
      coefficients: (coefficients[0], coefficients[1], coefficients[2], coefficients[3]))
    let needed = frame_scale_scratch(&picture, Int32(toWidth))
    if sums.count < needed { sums = [UInt8](repeating: 0, count: needed) }
    frame_scale(&picture, Int32(toWidth), Int32(toHeight), &scratch, rowBytes, &sums)
    return true
  }

  /// Fills `scratch` by swscale, with the prepared context.
  private func averageAnything(
    _ source: UnsafeMutablePointer<AVFrame>, toHeight: Int, rowBytes: Int, file: String
  ) throws(MediaError) {
    let done = scratch.withUnsafeMutableBufferPointer { buffer in
      let planes: [UnsafePointer<UInt8>?] = [
        UnsafePointer(source.pointee.data.0), UnsafePointer(source.pointee.data.1),
        UnsafePointer(source.pointee.data.2), UnsafePointer(source.pointee.data.3),
      ]
      let strides: [Int32] = [
        source.pointee.linesize.0, source.pointee.linesize.1, source.pointee.linesize.2,
        source.pointee.linesize.3,
      ]
      let target: [UnsafeMutablePointer<UInt8>?] = [buffer.baseAddress, nil, nil, nil]
      let targetStrides: [Int32] = [Int32(rowBytes), 0, 0, 0]
      return sws_scale(
        context, planes, strides, 0, source.pointee.height, target, targetStrides)
    }
    guard done == Int32(toHeight) else {
      throw .unscalable(file: file, reason: "swscale stopped at row \(done) of \(toHeight)")
    }
  }

  /// The whole frame as an upright RGB picture no larger than asked for.
  ///
  /// - Parameter longestSide: the longer side's limit in pixels; smaller frames keep their size.
  public func picture(of frame: DecodedFrame, longestSide: Int) throws(MediaError) -> PixelImage {
    let scale = min(1, Double(longestSide) / max(frame.width, frame.height))
    let width = max(1, Int((frame.width * scale).rounded()))
    let height = max(1, Int((frame.height * scale).rounded()))
    var picture = PixelImage(width: width, height: height, channels: 3)
    let whole = FrameFit.stretch.placement(
      frameWidth: frame.width, frameHeight: frame.height, inputWidth: width, inputHeight: height)
    try self.scale(frame, whole, into: &picture)
    return picture
  }

  /// A reference to the frame's buffers, cut to the part that the placement shows.
  private func crop(_ frame: DecodedFrame, _ placement: FramePlacement) throws(MediaError)
    -> UnsafeMutablePointer<AVFrame>
  {
    guard let cropped = av_frame_clone(frame.frame) else {
      throw .unscalable(file: frame.file, reason: "out of memory")
    }
    if placement.cropWidth < 1 || placement.cropHeight < 1 {
      let a = frame.orientation.storedPoint(x: placement.cropLeft, y: placement.cropTop)
      let b = frame.orientation.storedPoint(
        x: placement.cropLeft + placement.cropWidth, y: placement.cropTop + placement.cropHeight)
      let (width, height) = (Double(cropped.pointee.width), Double(cropped.pointee.height))
      let code = ffs_crop(
        cropped, Int32((min(a.x, b.x) * width).rounded()),
        Int32((min(a.y, b.y) * height).rounded()),
        Int32(((1 - max(a.x, b.x)) * width).rounded()),
        Int32(((1 - max(a.y, b.y)) * height).rounded()))
      if code < 0 {
        var doomed: UnsafeMutablePointer<AVFrame>? = cropped
        av_frame_free(&doomed)
        throw .unscalable(file: frame.file, reason: errorText(code))
      }
    }
    return cropped
  }

  private func prepare(
    _ source: UnsafeMutablePointer<AVFrame>, toWidth: Int, toHeight: Int, channels: Int,
    file: String
  ) throws(MediaError) {
    let (format, full) = Self.plainFormat(AVPixelFormat(source.pointee.format))
    let fullRange = full || source.pointee.color_range == AVCOL_RANGE_JPEG
    let wanted = Key(
      width: source.pointee.width, height: source.pointee.height, format: format.rawValue,
      toWidth: Int32(toWidth), toHeight: Int32(toHeight), channels: channels,
      colorspace: source.pointee.colorspace.rawValue, fullRange: fullRange)
    if wanted == key { return }
    sws_freeContext(context)
    key = nil
    let target = channels == 1 ? AV_PIX_FMT_GRAY8 : AV_PIX_FMT_RGB24
    let flags = SWS_AREA | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT
    context = sws_getContext(
      wanted.width, wanted.height, format, wanted.toWidth, wanted.toHeight, target, flags, nil, nil,
      nil)
    guard context != nil else {
      let name = av_get_pix_fmt_name(AVPixelFormat(source.pointee.format)).map {
        String(cString: $0)
      }
      throw .unscalable(file: file, reason: "pixel format \(name ?? "unknown")")
    }
    // The last three are brightness, contrast and saturation: none, and twice 1 in 16.16.
    sws_setColorspaceDetails(
      context, sws_getCoefficients(Self.matrix(of: source)), fullRange ? 1 : 0,
      sws_getCoefficients(SWS_CS_DEFAULT),
      1, 0, 1 << 16, 1 << 16)
    key = wanted
  }

  /// The matrix of a frame's colours, as swscale numbers them.
  private static func matrix(of source: UnsafeMutablePointer<AVFrame>) -> Int32 {
    switch source.pointee.colorspace {
    case AVCOL_SPC_BT709: SWS_CS_ITU709
    case AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M: SWS_CS_ITU601
    case AVCOL_SPC_SMPTE240M: SWS_CS_SMPTE240M
    case AVCOL_SPC_FCC: SWS_CS_FCC
    case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
    default: source.pointee.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601
    }
  }

  /// The format without the deprecated full-range "J" of its name, and whether it had one.
  private static func plainFormat(_ format: AVPixelFormat) -> (AVPixelFormat, Bool) {
    switch format {
    case AV_PIX_FMT_YUVJ420P: (AV_PIX_FMT_YUV420P, true)
    case AV_PIX_FMT_YUVJ422P: (AV_PIX_FMT_YUV422P, true)
    case AV_PIX_FMT_YUVJ444P: (AV_PIX_FMT_YUV444P, true)
    case AV_PIX_FMT_YUVJ440P: (AV_PIX_FMT_YUV440P, true)
    case AV_PIX_FMT_YUVJ411P: (AV_PIX_FMT_YUV411P, true)
    default: (format, false)
    }
  }
}

/// FFmpeg's text for an error code.
func errorText(_ code: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
    guard let base = buffer.baseAddress else { return "error \(code)" }
    ffs_error_text(code, base, 256)
    return String(cString: base)
  }
}
