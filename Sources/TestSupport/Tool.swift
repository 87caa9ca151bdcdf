public import Foundation

/// Runs other programs.
public enum Tool {
  /// What a program left.
  public struct Result: Sendable {
    /// Exit code, or minus the signal that ended it.
    public var code: Int32
    /// Standard output.
    public var output: Data
    /// Standard error as text.
    public var errors: String
    /// Standard output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }

    /// What a program has left that was started on its own.
    public init(code: Int32, output: Data, errors: String) {
      self.code = code
      self.output = output
      self.errors = errors
    }
  }

  /// A program cannot be started, or did not end well.
  public struct Failure: Error, CustomStringConvertible {
    /// The command and what it said.
    public var description: String
  }

  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - program: a path, or a name to look up in `PATH`.
  ///   - folder: working folder.
  ///   - environment: variables beside this process's own.
  public static func run(
    _ program: String, _ arguments: [String], in folder: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Result {
    let folderForOutput = try TemporaryFolder()
    let output = try folderForOutput.write(Data(), to: "output")
    let errors = try folderForOutput.write(Data(), to: "errors")
    let process = try start(
      program, arguments, in: folder, environment: environment, output: output, errors: errors)
    process.waitUntilExit()
    let code = process.terminationStatus
    return Result(
      code: process.terminationReason == .uncaughtSignal ? -code : code,
      output: try Data(contentsOf: URL(filePath: output)),
      errors: String(decoding: try Data(contentsOf: URL(filePath: errors)), as: UTF8.self))
  }

  /// Starts a program that writes to files, and does not wait.
  public static func start(
    _ program: String, _ arguments: [String], in folder: String? = nil,
    environment: [String: String] = [:], output: String, errors: String
  ) throws -> Process {
    let process = Process()
    if program.contains("/") {
      process.executableURL = URL(filePath: program)
      process.arguments = arguments
    } else {
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = [program] + arguments
    }
    if let folder { process.currentDirectoryURL = URL(filePath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: URL(filePath: output))
    process.standardError = try FileHandle(forWritingTo: URL(filePath: errors))
    try process.run()
    return process
  }

  /// Runs a program that must end with 0.
  @discardableResult
  public static func succeed(_ program: String, _ arguments: [String], in folder: String? = nil)
    throws -> Result
  {
    let result = try run(program, arguments, in: folder)
    guard result.code == 0 else {
      throw Failure(description: "\(program) \(arguments): \(result.code)\n\(result.errors)")
    }
    return result
  }

  /// Whether tests and program are built with a sanitizer, which takes several times the memory.
  public static let isSanitized =
    dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil

  /// Where a program is in `PATH`; `nil` where it is not installed.
  public static func path(of name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Makes a video or picture with FFmpeg's command.
  public static func ffmpeg(_ arguments: [String]) throws {
    try succeed("ffmpeg", ["-nostdin", "-v", "error", "-y"] + arguments)
  }
}
