internal import Crypto
internal import Foundation

/// Knows a file again by its content, whatever its name.
public enum ContentHash {
  /// Files up to this size are hashed whole.
  static let wholeLimit = 16 << 20
  /// Larger files: this many bytes at the start, the end, and at evenly spaced places between.
  static let blockSize = 1 << 20
  static let blocks = 16

  /// SHA-256 over the file's size and content, in hexadecimal.
  ///
  /// Of files over 16 MiB sixteen blocks of 1 MiB are read, so that a folder of hour-long
  /// recordings is known again in seconds: video that differs, differs there.
  ///
  /// - Throws: `MediaError`.
  public static func hash(path: String) throws(MediaError) -> (hash: String, size: Int64) {
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { handle.closeFile() }
      let size = Int(try handle.seekToEnd())
      var sha = SHA256()
      sha.update(data: Data("\(size)\n".utf8))
      let places: [Int] =
        size <= wholeLimit
        ? Array(stride(from: 0, to: max(1, size), by: blockSize))
        : (0..<blocks).map { (size - blockSize) / (blocks - 1) * $0 }.dropLast()
          + [size - blockSize]
      for place in places {
        try handle.seek(toOffset: UInt64(place))
        if let data = try handle.read(upToCount: blockSize) { sha.update(data: data) }
      }
      return (sha.finalize().map { hex(UInt8($0)) }.joined(), Int64(size))
    } catch {
      throw .unreadable(file: path, reason: "permission or disk error")
    }
  }

  /// SHA-256 over the file's size and all of its content, in hexadecimal; of files up to 16 MiB the
  /// same as `hash`.
  ///
  /// - Parameter goesOn: asked before each block of 1 MiB, with the bytes that were read so far.
  /// - Returns: `nil` where it was not to go on.
  /// - Throws: `MediaError`.
  public static func whole(path: String, goesOn: (Int64) -> Bool = { _ in true }) throws(MediaError)
    -> String?
  {
    do {
      let handle = try FileHandle(forReadingFrom: URL(filePath: path))
      defer { handle.closeFile() }
      var sha = SHA256()
      sha.update(data: Data("\(try handle.seekToEnd())\n".utf8))
      try handle.seek(toOffset: 0)
      var count: Int64 = 0
      while goesOn(count) {
        guard let data = try handle.read(upToCount: blockSize), !data.isEmpty else {
          return sha.finalize().map { hex(UInt8($0)) }.joined()
        }
        sha.update(data: data)
        count += Int64(data.count)
      }
      return nil
    } catch {
      throw .unreadable(file: path, reason: "permission or disk error")
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
