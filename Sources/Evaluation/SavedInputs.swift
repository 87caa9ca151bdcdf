internal import Foundation
internal import Survey
internal import Synchronization

/// What a model was given, for measuring by another program: `000000.npy`, … (NumPy's format,
/// `height × width × channels` bytes, before the input's codes), and `inputs.json`, which says for
/// each, in order, its picture's `file_name` (or `frame` of a clip), `input`, and where in it the
/// upright frame lies: `left`, `top`, `width`, `height` in pixels, `crop`, the part of the frame
/// that is shown (left, top, width, height; normalised), `motion`, whether it shows what moves, and
/// `photo`, whether it is a photo: models that give sizes see these again, at half their size.
final class SavedInputs: Sendable {
  private struct Entry: Encodable {
    var file_name: String
    var frame: Int?
    var input: String
    var left: Int, top: Int, width: Int, height: Int
    var crop: [Double]
    var motion: Bool
    var photo: Bool
  }

  private struct Given {
    var placement: FramePlacement
    var seesMotion: Bool
  }

  private let folder: String
  private let given = Mutex<[Int: Given]>([:])

  init(folder: String) throws(EvaluationError) {
    self.folder = folder
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(file: folder)
    }
  }

  private static func name(_ number: Int) -> String { String(format: "%06d.npy", number) }

  func save(
    _ picture: PixelImage, number: Int, _ placement: FramePlacement, seesMotion: Bool
  ) throws(EvaluationError) {
    var header =
      "{'descr': '|u1', 'fortran_order': False, 'shape': "
      + "(\(picture.height), \(picture.width), \(picture.channels)), }"
    // Magic, version and length take 10 bytes; the whole header is a multiple of 64 long.
    header += String(repeating: " ", count: (64 - (10 + header.utf8.count + 1) % 64) % 64) + "\n"
    var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    bytes += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
    bytes += Array(header.utf8) + picture.pixels
    try write(Data(bytes), Self.name(number))
    given.withLock { $0[number] = Given(placement: placement, seesMotion: seesMotion) }
  }

  func finish(_ truth: TruthSet) throws(EvaluationError) {
    let given = given.withLock { $0 }
    var entries: [Entry] = []
    for (number, frame) in truth.videos.flatMap(\.frames).enumerated() {
      guard let own = given[number] else { continue }
      let placement = own.placement
      entries.append(
        Entry(
          file_name: frame.number == nil ? frame.name : frame.path, frame: frame.number,
          input: Self.name(number), left: placement.left, top: placement.top,
          width: placement.width, height: placement.height,
          crop: [
            placement.cropLeft, placement.cropTop, placement.cropWidth, placement.cropHeight,
          ], motion: own.seesMotion, photo: frame.isPhoto))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
    guard let text = try? encoder.encode(entries) else { return }
    try write(text, "inputs.json")
  }

  private func write(_ bytes: Data, _ name: String) throws(EvaluationError) {
    do { try bytes.write(to: URL(filePath: folder + "/" + name)) } catch {
      throw .unwritable(file: folder + "/" + name)
    }
  }
}
