#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension TFLiteModel {
  /// Reads a model from a file.
  ///
  /// Errors name the file.
  public init(path: String) throws(TFLiteError) {
    do {
      try self.init(bytes: Self.bytes(ofFile: path))
    } catch {
      throw .inFile(path: path, error)
    }
  }

  /// Largest file that is read: offsets in the format are signed 32-bit numbers.
  private static let largestFile = Int(Int32.max)

  private static func bytes(ofFile path: String) throws(TFLiteError) -> [UInt8] {
    func failure() -> TFLiteError { .unreadable(reason: String(cString: strerror(errno))) }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure() }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .unreadable(reason: "not a file") }
    let size = Int(status.st_size)
    guard size <= largestFile else {
      throw .tooMany(what: "bytes", count: size, limit: largestFile)
    }
    var got = 0
    var reason: TFLiteError?
    let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while got < size {
        let n = read(file, buffer.baseAddress.map { $0 + got }, size - got)
        if n < 0 && errno == EINTR { continue }
        if n < 0 { reason = failure() }
        if n <= 0 { break }
        got += n
      }
      count = got
    }
    if let reason { throw reason }
    return bytes
  }
}
