internal import CFFmpeg
internal import CFFmpegShim

extension VideoReader {
  /// Whether `isForgetting` knows the stream's codec.
  var saysWhatItForgets: Bool {
    let id = stream.pointee.codecpar.pointee.codec_id
    return id == AV_CODEC_ID_H264 || id == AV_CODEC_ID_HEVC
  }

  /// Whether a packet lets a decoder forget all before it.
  ///
  /// IDR in H.264, IDR and BLA in HEVC do; of other keyframes nothing is known.
  func isForgetting(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
    guard saysWhatItForgets, packet.pointee.flags & AV_PKT_FLAG_KEY != 0,
      let data = packet.pointee.data
    else { return false }
    let isH264 = stream.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_H264
    let bytes = UnsafeBufferPointer(start: data, count: Int(packet.pointee.size))
    let isForgetting = { (header: UInt8) -> Bool in
      isH264 ? header & 0x1F == 5 : (16...20).contains((header >> 1) & 0x3F)
    }
    var place = 0
    if lengthSize > 0 {
      while place + lengthSize < bytes.count {
        let length = bytes[place..<place + lengthSize].reduce(0) { $0 << 8 | Int($1) }
        if isForgetting(bytes[place + lengthSize]) { return true }
        place += lengthSize + length
      }
      return false
    }
    while place + 3 < bytes.count {
      if bytes[place] == 0, bytes[place + 1] == 0, bytes[place + 2] == 1 {
        if isForgetting(bytes[place + 3]) { return true }
        place += 3
      }
      place += 1
    }
    return false
  }

  /// How many bytes hold a unit's length in the stream's packets; 0 where start codes divide them.
  private var lengthSize: Int {
    let parameters = stream.pointee.codecpar.pointee
    guard let extra = parameters.extradata, parameters.extradata_size > 0, extra[0] == 1 else {
      return 0
    }
    if parameters.codec_id == AV_CODEC_ID_H264, parameters.extradata_size > 4 {
      return Int(extra[4] & 3) + 1
    }
    if parameters.codec_id == AV_CODEC_ID_HEVC, parameters.extradata_size > 21 {
      return Int(extra[21] & 3) + 1
    }
    return 0
  }
}
