/// How a frame of any shape becomes a model's input.
public enum FrameFit: String, Sendable, CaseIterable, Codable {
  /// The whole frame, its shape kept, with bars on two sides.
  case letterbox
  /// The whole frame, its shape given up.
  case stretch
  /// The middle of the frame, its shape kept, no bars.
  case crop

  /// Where a frame's pixels go.
  ///
  /// - Parameters:
  ///   - frameWidth: width of the upright frame as shown, in pixels.
  ///   - frameHeight: height of the upright frame as shown, in pixels.
  ///   - inputWidth: width of the model's input.
  ///   - inputHeight: height of the model's input.
  public func placement(
    frameWidth: Double, frameHeight: Double, inputWidth: Int, inputHeight: Int
  ) -> FramePlacement {
    let (width, height) = (Double(inputWidth), Double(inputHeight))
    var placement = FramePlacement(
      inputWidth: inputWidth, inputHeight: inputHeight, left: 0, top: 0, width: inputWidth,
      height: inputHeight, cropLeft: 0, cropTop: 0, cropWidth: 1, cropHeight: 1)
    switch self {
    case .stretch: break
    case .letterbox:
      let scale = min(width / frameWidth, height / frameHeight)
      placement.width = max(1, min(inputWidth, Int((frameWidth * scale).rounded())))
      placement.height = max(1, min(inputHeight, Int((frameHeight * scale).rounded())))
      placement.left = (inputWidth - placement.width) / 2
      placement.top = (inputHeight - placement.height) / 2
    case .crop:
      let scale = max(width / frameWidth, height / frameHeight)
      placement.cropWidth = min(1, width / (frameWidth * scale))
      placement.cropHeight = min(1, height / (frameHeight * scale))
      placement.cropLeft = (1 - placement.cropWidth) / 2
      placement.cropTop = (1 - placement.cropHeight) / 2
    }
    return placement
  }
}

/// The rectangle of a model's input that holds frame, and the part of the frame that it holds.
public struct FramePlacement: Sendable, Hashable {
  /// Size of the model's input in pixels.
  public var inputWidth: Int, inputHeight: Int
  /// The part of the input that holds frame, in pixels, origin upper left.
  public var left: Int, top: Int, width: Int, height: Int
  /// The part of the upright frame that is shown there, normalised, origin upper left.
  public var cropLeft: Double, cropTop: Double, cropWidth: Double, cropHeight: Double

  /// The normalised point of the upright frame that a point of the input shows.
  ///
  /// - Parameters:
  ///   - x: pixels from the input's left edge.
  ///   - y: pixels from the input's upper edge.
  /// - Returns: the point, held within the frame.
  public func framePoint(x: Double, y: Double) -> (x: Double, y: Double) {
    let (u, v) = ((x - Double(left)) / Double(width), (y - Double(top)) / Double(height))
    let held = { (value: Double) in min(1, max(0, value)) }
    return (held(cropLeft + held(u) * cropWidth), held(cropTop + held(v) * cropHeight))
  }
}
