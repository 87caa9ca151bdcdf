import Detection
import Foundation
import Survey
import TestSupport
import Testing

/// A grid of one label (channel 1) beside background, from rows of text: digits are tenths.
private func grid(_ rows: [String]) -> ScoreGrid {
  var grid = ScoreGrid(width: rows[0].count, height: rows.count, channels: 2)
  for (y, row) in rows.enumerated() {
    for (x, character) in row.enumerated() {
      grid[x, y, 1] = character == "." ? 0 : Float(character.wholeNumberValue ?? 0) / 10
    }
  }
  return grid
}

extension CentroidDecoder {
  fileprivate func decode(_ rows: [String], threshold: Float = 0.5) -> [GridDetection] {
    decode(grid(rows), background: 0, thresholds: [threshold, threshold])
  }
}

@Suite struct PeakDecoderTests {
  /// A published decoder merges these into one, since the cells between them reach its threshold.
  @Test func fishWithFaintCellsBetweenThemStayApart() {
    let rows = ["9595 9".replacing(" ", with: "5")]
    #expect(CentroidDecoder.peak.decode(rows).count == 3)
    #expect(CentroidDecoder.edgeImpulse.decode(rows).count == 1)
  }

  @Test func aGridCanShowItsCeiling() {
    let rows = (0..<12).map { $0 % 2 == 0 ? "9.9.9.9.9.9." : "............" }
    #expect(CentroidDecoder.peak.decode(rows).count == 36)
    #expect(Tally.ceiling(gridWidth: 12, gridHeight: 12) == 36)
  }

  @Test func centroidIsWeightedAndHeldWithinHalfACell() {
    let found = CentroidDecoder.peak.decode(["....", ".86.", "...."])
    #expect(found.count == 1)
    #expect(abs(found[0].x - (1.5 + 0.6 / 1.4)) < 1e-6)
    #expect(found[0].y == 1.5)
    let tie = CentroidDecoder.peak.decode(["99"])
    #expect(tie.map(\.x) == [1.0])
  }

  @Test func equalNeighboursAreOneIndividual() {
    #expect(CentroidDecoder.peak.decode(["99.", "99.", "..9"]).count == 1)
    #expect(CentroidDecoder.peak.decode(["9..", "...", "..9"]).count == 2)
  }

  @Test func thresholdIsInclusive() {
    #expect(CentroidDecoder.peak.decode(["5"]).count == 1)
    #expect(CentroidDecoder.peak.decode(["4"]).isEmpty)
  }

  @Test func aCellStandsForItsBestLabel() {
    var grid = ScoreGrid(width: 3, height: 1, channels: 3)
    grid[0, 0, 1] = 0.5
    grid[0, 0, 2] = 0.45
    grid[2, 0, 2] = 0.9
    let found = CentroidDecoder.peak.decode(grid, background: 0, thresholds: [0.4, 0.4, 0.4])
    #expect(found.map(\.channel) == [1, 2])
  }

  @Test func everyChannelCountsWithoutBackground() {
    var grid = ScoreGrid(width: 1, height: 1, channels: 1)
    grid[0, 0, 0] = 0.8
    #expect(CentroidDecoder.peak.decode(grid, background: nil, thresholds: [0.5]).count == 1)
  }

  /// Against a plain statement of the rule on seeded random grids.
  @Test func agreesWithThePlainRule() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<300 {
      var grid = ScoreGrid(
        width: .random(in: 1...9, using: &generator), height: .random(in: 1...9, using: &generator),
        channels: 2)
      for index in stride(from: 1, to: grid.scores.count, by: 2) {
        grid.scores[index] = Float(Int.random(in: 0...8, using: &generator)) / 8
      }
      var expected: [[Int]] = []
      for y in 0..<grid.height {
        for x in 0..<grid.width where grid[x, y, 1] >= 0.5 {
          let isPeak = (-1...1).allSatisfy { dy in
            (-1...1).allSatisfy { dx in
              let (nx, ny) = (x + dx, y + dy)
              guard (dx, dy) != (0, 0), (0..<grid.width).contains(nx),
                (0..<grid.height).contains(ny)
              else { return true }
              let isFirst = dy < 0 || (dy == 0 && dx < 0)
              return isFirst
                ? grid[nx, ny, 1] < grid[x, y, 1] : grid[nx, ny, 1] <= grid[x, y, 1]
            }
          }
          if isPeak { expected.append([x, y]) }
        }
      }
      let found = CentroidDecoder.peak.decode(grid, background: 0, thresholds: [0.5, 0.5])
      #expect(found.count == expected.count)
      for (detection, cell) in zip(found, expected) {
        #expect(abs(detection.x - 0.5 - Double(cell[0])) <= 0.5)
        #expect(abs(detection.y - 0.5 - Double(cell[1])) <= 0.5)
      }
    }
  }
}

@Suite struct TouchingFishTests {
  /// Sizes of a grid: log2 of both sides, the same in all cells.
  private func sizes(_ log2: Float, _ rows: [String]) -> [Float] {
    [Float](repeating: log2, count: rows.count * rows[0].count * 2)
  }

  private func decode(_ rows: [String], log2: Float, threshold: Float = 0.3) -> [GridDetection] {
    CentroidDecoder.peak.decode(
      grid(rows), background: 0, thresholds: [threshold, threshold], sizes: sizes(log2, rows))
  }

  @Test func aSmallFishDoesNotExplainAnEquallyStrongNeighbour() {
    let rows = [".....", ".9...", "..8..", "....."]
    let found = decode(rows, log2: 0)
    #expect(found.map(\.column) == [1, 2])
    #expect(found[0].score == 0.9)
    #expect(found[1].score > 0.3 && found[1].score < 0.8)
    #expect(CentroidDecoder.peak.decode(rows, threshold: 0.3).count == 1)
  }

  @Test func aLargeFishExplainsItsNeighbours() {
    #expect(decode([".....", ".9...", "..8..", "....."], log2: 3).count == 1)
    #expect(decode([".898.", ".787."], log2: 3).count == 1)
  }

  @Test func aGaussianIsOneFish() {
    for log2: Float in [-2, 0, 1, 2, 3] {
      for (x, y) in [(4.5, 4.5), (4.1, 4.8), (4.0, 4.5), (4.0, 4.0)] {
        var grid = ScoreGrid(width: 9, height: 9, channels: 1)
        let sigma = max(0.5, pow(2, Double(log2)) / 6)
        for row in 0..<9 {
          for column in 0..<9 {
            let squares = pow(Double(column) + 0.5 - x, 2) + pow(Double(row) + 0.5 - y, 2)
            grid[column, row, 0] = Float(0.95 * exp(-squares / (2 * sigma * sigma)))
          }
        }
        let found = CentroidDecoder.peak.decode(
          grid, background: nil, thresholds: [0.2],
          sizes: [Float](repeating: log2, count: 9 * 9 * 2))
        #expect(found.count == 1, "side 2^\(log2), middle \(x), \(y)")
      }
    }
  }

  @Test func cellsFurtherAwayAndOtherLabelsAreNoNeighbours() {
    // The slope of a broad peak, two cells from its maximum, is none of its own.
    #expect(decode(["9876"], log2: -1, threshold: 0.1).allSatisfy { $0.column < 2 })
    var grid = ScoreGrid(width: 2, height: 1, channels: 3)
    grid[0, 0, 1] = 0.9
    grid[1, 0, 2] = 0.8
    let found = CentroidDecoder.peak.decode(
      grid, background: 0, thresholds: [0.3, 0.3, 0.3], sizes: [5, 5, 5, 5])
    #expect(found.map(\.score) == [0.9, 0.8])
  }

  /// So detections kept at a low score answer for every threshold above it.
  @Test func thresholdsDoNotChangeScores() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<300 {
      let (width, height) = (
        Int.random(in: 1...9, using: &generator), Int.random(in: 1...9, using: &generator)
      )
      var grid = ScoreGrid(width: width, height: height, channels: 3)
      for index in grid.scores.indices {
        grid.scores[index] = Float(Int.random(in: 0...16, using: &generator)) / 16
      }
      let sizes = (0..<width * height * 2).map { _ in
        Bool.random(using: &generator) ? Float.random(in: -3...4, using: &generator) : .nan
      }
      let all = CentroidDecoder.peak.decode(
        grid, background: 0, thresholds: [0.1, 0.1, 0.1], sizes: sizes)
      for threshold: Float in [0.3, 0.6, 0.9] {
        let some = CentroidDecoder.peak.decode(
          grid, background: 0, thresholds: [threshold, threshold, threshold], sizes: sizes)
        #expect(some == all.filter { $0.score >= threshold })
      }
      let cells = Set(all.map { $0.row * width + $0.column })
      #expect(cells.count == all.count)
    }
  }
}

@Suite struct EdgeImpulseDecoderTests {
  @Test func neighboursMerge() {
    let found = CentroidDecoder.edgeImpulse.decode(["999"])
    #expect(found.count == 1)
    #expect(found[0].box == CellBox(left: 0, top: 0, width: 3, height: 1))
    #expect(found[0].x == 1.5)
  }

  @Test func growthToTheLeftMovesWithoutWidening() {
    let found = CentroidDecoder.edgeImpulse.decode([".9", "9."])
    #expect(found.map(\.box) == [CellBox(left: 0, top: 0, width: 1, height: 2)])
  }

  @Test func labelsDoNotMerge() {
    var grid = ScoreGrid(width: 2, height: 1, channels: 3)
    grid[0, 0, 1] = 0.9
    grid[1, 0, 2] = 0.9
    let found = CentroidDecoder.edgeImpulse.decode(
      grid, background: 0, thresholds: [0.5, 0.5, 0.5])
    #expect(found.map(\.channel) == [1, 2])
  }

  private struct Case: Decodable {
    var size: Int
    var classes: Int
    var threshold: Float
    var cells: [[Double]]
    var boxes: [[Double]]
  }

  @Test(.enabled(if: SharedMaterial.isPresent, "\(SharedMaterial.reason)"))
  func agreesWithTheSDKOnAllItsCases() throws {
    let text = try String(
      contentsOfFile: SharedMaterial.path("decoders/edge_impulse_fomo.jsonl"), encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 400)
    for (number, line) in lines.enumerated() {
      let item = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
      var grid = ScoreGrid(width: item.size, height: item.size, channels: item.classes + 1)
      for cell in item.cells {
        grid[Int(cell[1]), Int(cell[0]), Int(cell[2])] = Float(cell[3])
      }
      let found = CentroidDecoder.edgeImpulse.decode(
        grid, background: 0,
        thresholds: [Float](repeating: item.threshold, count: item.classes + 1))
      let boxes = found.compactMap { detection in
        detection.box.map {
          [
            Double(detection.channel), Double($0.left), Double($0.top), Double($0.width),
            Double($0.height),
          ]
        }
      }
      #expect(boxes == item.boxes.map { Array($0[0..<5]) }, "case \(number)")
      #expect(found.map(\.score) == item.boxes.map { Float($0[5]) }, "case \(number)")
    }
  }
}
