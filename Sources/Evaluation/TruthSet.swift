/// Frames with the boxes that people drew, by video: what a model is measured against.
public struct TruthSet: Sendable, Equatable {
  /// A rectangle in pixels of the picture as it was annotated, origin upper left.
  public struct Box: Sendable, Hashable {
    /// Index into `categories`.
    public var category: Int
    /// Distance of its left and upper edge from the picture's.
    public var left: Double, top: Double
    /// Its sides.
    public var width: Double, height: Double

    /// A box of a category.
    public init(category: Int, left: Double, top: Double, width: Double, height: Double) {
      self.category = category
      self.left = left
      self.top = top
      self.width = width
      self.height = height
    }
  }

  /// One picture, or one frame of a clip.
  public struct Frame: Sendable, Hashable {
    /// What reports call it: the picture's file name, or the frame's number in the clip.
    public var name: String
    /// Path of the picture or clip.
    public var path: String
    /// Number of the frame in the clip, counted from 0 as decoded; `nil` for pictures.
    public var number: Int?
    /// Size in pixels as annotated; `nil` where only the picture itself tells.
    public var width: Double?, height: Double?
    /// Whether it is a photo: a picture, and the only one of what is no video.
    public var isPhoto: Bool
    /// Whether every individual has a box; else what is found beside them is not judged.
    public var isComplete: Bool
    /// The individuals.
    public var boxes: [Box]
    /// Regions in which nothing is judged (COCO's `iscrowd`).
    public var regions: [Box]

    /// A frame with its boxes.
    public init(
      name: String, path: String, number: Int? = nil, width: Double?, height: Double?,
      isPhoto: Bool = false, isComplete: Bool = true, boxes: [Box] = [], regions: [Box] = []
    ) {
      self.name = name
      self.path = path
      self.number = number
      self.width = width
      self.height = height
      self.isPhoto = isPhoto
      self.isComplete = isComplete
      self.boxes = boxes
      self.regions = regions
    }
  }

  /// Frames of one recording, near-duplicates of each other: the unit that is resampled.
  public struct Video: Sendable, Hashable {
    /// The video's name; a picture of no video is one by itself.
    public var name: String
    /// The collection that it comes from.
    public var source: String
    /// Its frames, by name or number.
    public var frames: [Frame]

    /// Frames of a recording.
    public init(name: String, source: String, frames: [Frame]) {
      self.name = name
      self.source = source
      self.frames = frames
    }
  }

  /// The file that it was read from.
  public var file: String
  /// Names of the classes.
  public var categories: [String]
  /// Videos, by source and name.
  public var videos: [Video]
  /// Boxes with a side under two pixels, which were left out.
  public var droppedBoxes = 0
  /// What a reader of the figures should know of the truth.
  public var notes: [String] = []

  /// A box with a shorter side is an annotator's slip of the hand, in pixels as annotated.
  static let leastSide = 2.0
  /// More boxes in a picture are refused: matching takes the cube of their number.
  static let mostBoxes = 2_000
  /// Larger files are refused rather than read.
  static let mostBytes = 1 << 29

  /// A truth that is made up.
  public init(file: String, categories: [String], videos: [Video]) {
    self.file = file
    self.categories = categories
    self.videos = videos
  }

  /// Number of frames.
  public var frameCount: Int { videos.reduce(0) { $0 + $1.frames.count } }

  /// Whether a number can be a coordinate or side.
  static func isSane(_ value: Double) -> Bool { value.isFinite && abs(value) <= 1e6 }
}
