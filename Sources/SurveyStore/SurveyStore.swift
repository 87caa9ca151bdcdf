internal import Foundation
internal import GRDB

/// A survey in one SQLite file: sites, deployments, recordings, runs, frames, detections, verdicts.
///
/// Nothing above this module writes SQL. Safe to use from several threads; writes queue up.
public final class SurveyStore: Sendable {
  /// The database's file.
  public let path: String
  let pool: DatabasePool
  private let patience: Double

  /// Opens a survey and brings its schema up to date.
  ///
  /// - Parameters:
  ///   - path: the SQLite file.
  ///   - create: whether to make one where there is none.
  ///   - patience: seconds to wait for other programs that have locked the file.
  /// - Throws: `SurveyStoreError`.
  public init(path: String, create: Bool = false, patience: Double = 30) throws {
    self.path = path
    self.patience = patience
    if !create && !FileManager.default.fileExists(atPath: path) {
      throw SurveyStoreError.notFound(path: path)
    }
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(patience)
    configuration.prepareDatabase { database in
      // With WAL this survives a killed process and a power cut without a corrupt file.
      try database.execute(sql: "PRAGMA synchronous = NORMAL")
    }
    let folder = (path as NSString).deletingLastPathComponent
    if create, !folder.isEmpty, !FileManager.default.fileExists(atPath: folder) {
      throw SurveyStoreError.unusable(path: path, reason: "there is no folder \(folder)")
    }
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      let (identity, tables) = try pool.read { database in
        (
          try Int.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
          try Int.fetchOne(database, sql: "SELECT COUNT(*) FROM sqlite_master") ?? 0
        )
      }
      if tables > 0 && identity != Schema.applicationID {
        throw SurveyStoreError.notASurvey(path: path)
      }
      if try pool.read(Schema.migrator.hasBeenSuperseded) {
        throw SurveyStoreError.newer(path: path)
      }
      try Schema.migrator.migrate(pool)
    } catch let error as DatabaseError {
      if error.resultCode == .SQLITE_NOTADB { throw SurveyStoreError.notASurvey(path: path) }
      throw Self.said(error, path, patience)
    }
  }

  /// The time now, as rows carry it: ISO 8601 in UTC.
  static func now() -> String { Date.now.formatted(.iso8601) }

  private static func said(_ error: DatabaseError, _ path: String, _ patience: Double)
    -> SurveyStoreError
  {
    switch error.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED: .locked(path: path, seconds: patience)
    case .SQLITE_FULL: .full(path: path)
    case .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: .unwritable(path: path)
    default: .unusable(path: path, reason: error.message ?? "\(error.resultCode)")
    }
  }

  func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do { return try pool.write(body) } catch let error as DatabaseError {
      throw Self.said(error, path, patience)
    }
  }

  func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
    do { return try pool.read(body) } catch let error as DatabaseError {
      throw Self.said(error, path, patience)
    }
  }
}
