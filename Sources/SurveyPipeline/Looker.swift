internal import Detection
internal import Media
internal import Survey
internal import SurveyStore

/// A frame that is to be looked at.
struct LookTask: Sendable {
  /// Who receives the result, and under which number.
  var sink: PassSink
  var number: Int
  /// The frame, and what motion is seen against.
  var frame: DecodedFrame
  var background: Background?
  /// Whether it is measured how the frame looks as a whole.
  var isMeasured = false
}

/// Scales frames to the model's input and finds the individuals, on one thread.
final class Looker {
  private let detector: Detector
  private let scaler = FrameScaler()
  private let pictures = FrameScaler()
  private var input = PixelImage(width: 0, height: 0, channels: 3)
  private var lastPlacement: FramePlacement?

  /// A looker with a detector of its own.
  init(_ detector: Detector) {
    self.detector = detector
  }

  /// Looks at a frame, and gives its sink the result.
  func look(at task: LookTask) {
    do {
      var result = FrameResult(
        time: task.frame.time, isDamaged: task.frame.isDamaged,
        detections: try detections(in: task.frame, task.background))
      if task.isMeasured, !result.isDamaged, let lastPlacement {
        result.appearance = FrameAppearance(of: input, in: lastPlacement)
      }
      if !result.isDamaged, task.sink.mayBeEvidence(result.detections) {
        result.evidence = try EvidencePicture.jpeg(of: task.frame, pictures)
      }
      task.sink.put(result, number: task.number)
    } catch {
      task.sink.fail(error, number: task.number, seconds: task.frame.time.seconds)
    }
  }

  /// What is found in a frame.
  func detections(in frame: DecodedFrame, _ background: Background?) throws(MediaError)
    -> [Detection]
  {
    let placement = detector.placement(frameWidth: frame.width, frameHeight: frame.height)
    if placement != lastPlacement {
      input = detector.emptyInput(for: placement)
      lastPlacement = placement
    }
    try scaler.scale(frame, placement, into: &input)
    return detector.detect(
      input, placement, background: background, isPhoto: frame.isPhoto)
  }
}
