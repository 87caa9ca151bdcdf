public import Foundation

/// SQLite's own program in the middle of changing a database, so that no other can write to it.
public final class DatabaseLock: @unchecked Sendable {
  private let process = Process()
  private let input = Pipe()

  /// Takes the lock, and returns when it is held.
  public init(_ database: String) throws {
    let output = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["sqlite3", "-bail", database]
    process.standardInput = input
    process.standardOutput = output
    try process.run()
    try input.fileHandleForWriting.write(
      contentsOf: Data(".timeout 10000\nBEGIN EXCLUSIVE;\n.shell echo locked\n".utf8))
    guard try output.fileHandleForReading.read(upToCount: 6) == Data("locked".utf8) else {
      throw Tool.Failure(description: "sqlite3 cannot lock \(database)")
    }
  }

  deinit { end() }

  /// Lets go of it.
  public func end() {
    guard process.isRunning else { return }
    // A program that was started by one of some threads has gentler signals blocked, and
    // `waitUntilExit` is for the thread that has started it.
    kill(process.processIdentifier, SIGKILL)
    while process.isRunning { Thread.sleep(forTimeInterval: 0.005) }
  }
}
