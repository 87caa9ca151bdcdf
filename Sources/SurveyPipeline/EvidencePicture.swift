internal import Media
internal import SurveyStore

/// The pictures that are kept of the highest counts, so that reviews need no video.
enum EvidencePicture {
  /// Limit of the longer side in pixels.
  private static let longestSide = 960
  /// As libjpeg counts it.
  private static let quality = 80

  /// A frame as a JPEG.
  static func jpeg(of frame: DecodedFrame, _ scaler: FrameScaler) throws(MediaError) -> [UInt8] {
    try JPEG.encode(scaler.picture(of: frame, longestSide: longestSide), quality: quality)
  }

  /// Keeps pictures of the highest counts of what is usable of a deployment's recordings.
  ///
  /// Which part is usable is known only behind the last frame; until then, pictures of the highest
  /// counts of whole recordings were kept. A file that cannot be read any more keeps those.
  static func complete(_ store: SurveyStore, run: Int64, deployment: Int64) throws {
    let scaler = FrameScaler()
    for missing in try store.missingEvidence(run: run, deployment: deployment) {
      // Another file may lie there by now.
      guard let size = missing.size, FileIdentity.sizeAndTime(missing.path)?.size == size,
        let media = try? MediaFile(path: missing.path)
      else { continue }
      for frame in missing.frames {
        guard let decoded = try? media.frame(atPTS: frame.pts),
          let picture = try? jpeg(of: decoded, scaler)
        else { continue }
        try store.addEvidence(picture, frame: frame.id)
      }
    }
  }
}
