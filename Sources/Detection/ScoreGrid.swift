/// A network's scores for each cell of a grid, row by row, channels interleaved (HWC).
public struct ScoreGrid: Sendable, Equatable {
  /// Cells across.
  public let width: Int
  /// Cells down.
  public let height: Int
  /// Scores in each cell.
  public let channels: Int
  /// `height × width × channels` scores, 0…1.
  public var scores: [Float]

  /// A grid of zeros.
  public init(width: Int, height: Int, channels: Int) {
    self.width = width
    self.height = height
    self.channels = channels
    scores = [Float](repeating: 0, count: width * height * channels)
  }

  /// The score of one channel in one cell.
  public subscript(column: Int, row: Int, channel: Int) -> Float {
    get { scores[(row * width + column) * channels + channel] }
    set { scores[(row * width + column) * channels + channel] = newValue }
  }
}

/// One individual on a grid.
public struct GridDetection: Sendable, Hashable {
  /// Channel of the grid.
  public var channel: Int
  /// Centroid in cells from the grid's left and upper edge; a cell's middle is at ½.
  public var x: Double, y: Double
  /// Score.
  public var score: Float
  /// The cells that it covers, where the decoder gives a box.
  public var box: CellBox?
  /// Column and row of the cell with its score.
  public var column: Int, row: Int

  /// An individual at a centroid; its score is that of the centroid's cell unless another is given.
  public init(
    channel: Int, x: Double, y: Double, score: Float, box: CellBox? = nil, column: Int? = nil,
    row: Int? = nil
  ) {
    self.channel = channel
    self.x = x
    self.y = y
    self.score = score
    self.box = box
    self.column = column ?? Int(x)
    self.row = row ?? Int(y)
  }
}

/// A rectangle of cells, origin upper left.
public struct CellBox: Sendable, Hashable {
  /// Column and row of its first cell.
  public var left: Int, top: Int
  /// Cells across and down.
  public var width: Int, height: Int

  /// A rectangle of cells.
  public init(left: Int, top: Int, width: Int, height: Int) {
    self.left = left
    self.top = top
    self.width = width
    self.height = height
  }
}
