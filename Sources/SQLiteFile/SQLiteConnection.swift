import CSQLite
import Foundation
import SyncCore

/// One open SQLite file. The statements it prepares are kept and used again.
///
/// `@unchecked Sendable` holds because the owner hands a connection from thread to thread and never shares it: SQLite
/// is opened with `NOMUTEX`, which asks for exactly that. Only ``interrupt()`` may be called from another thread.
public final class SQLiteConnection: @unchecked Sendable {
  /// How a file is opened.
  public enum Access: Sendable {
    case readWriteCreate
    case readWrite
    /// A file that others may write at the same time.
    case readOnly
    /// A file that nobody writes: no locks, no side files, and a header that says WAL is read as it is.
    case immutable
    /// As ``immutable``, and nothing that the file contains can do harm.
    case hostile(SQLiteLimits)
  }

  public let path: String
  /// Work that is still running at this moment fails as `unavailable`; nil for no limit.
  public var deadline: ContinuousClock.Instant? {
    get { timeLimit.deadline }
    set { setDeadline(newValue) }
  }

  let handle: OpaquePointer
  private let timeLimit = TimeLimit()
  private var statements = StatementCache()

  /// - Throws: `notFound` where there is no such file, `corrupt` where it is no SQLite file, else `unavailable`.
  public init(path: String, _ access: Access) throws {
    var opened: OpaquePointer?
    let result = sqlite3_open_v2(access.name(of: path), &opened, access.flags, nil)
    guard let opened else { throw StorageError(.unavailable, "SQLite has no memory to open \(path)") }
    guard result == SQLITE_OK else {
      defer { sqlite3_close_v2(opened) }
      throw StorageError(sqlite: result, opened, path: path)
    }
    (self.path, handle) = (path, opened)
    if case .hostile(let limits) = access { try harden(limits) }
  }

  deinit {
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// Runs one or more statements that return nothing of interest.
  public func execute(_ sql: String) throws {
    try check(sqlite3_exec(handle, sql, nil, nil, nil))
  }

  /// Lends a prepared statement to `body` and takes it back, reset and without bindings. The same SQL may be lent twice
  /// at once.
  public func statement<T>(_ sql: String, _ body: (Statement) throws -> T) throws -> T {
    let statement = try statements.take(sql) ?? prepare(sql)
    defer {
      statement.clear()
      statements.giveBack(statement)
    }
    return try body(statement)
  }

  /// The first column of the first row as a number; nil where there is no row.
  public func number(_ sql: String) throws -> Int64? {
    try statement(sql) { try $0.step() ? $0.integer(0) : nil }
  }

  /// Of the SQLite library: as text, and as the number that its releases compare by.
  public static var libraryVersion: (text: String, number: Int) {
    (String(cString: sqlite3_libversion()), Int(sqlite3_libversion_number()))
  }

  /// The rows that the last finished statement inserted, changed or deleted.
  public var changes: Int { Int(sqlite3_changes64(handle)) }

  /// How long a statement waits for a lock that somebody else holds.
  public func setBusyTimeout(milliseconds: Int32) { sqlite3_busy_timeout(handle, milliseconds) }

  /// Makes whatever runs on this connection fail as `unavailable`. May be called from any thread.
  public func interrupt() { sqlite3_interrupt(handle) }

  func check(_ result: Int32) throws {
    guard result != SQLITE_OK else { return }
    throw StorageError(sqlite: result, handle, path: path)
  }

  private func prepare(_ sql: String) throws -> Statement {
    var prepared: OpaquePointer?
    try check(sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil))
    guard let prepared else { throw StorageError(.invalid, "an empty SQL statement") }
    let statement = Statement(prepared, of: self)
    statements.keep(statement, sql)
    return statement
  }

  private func setDeadline(_ deadline: ContinuousClock.Instant?) {
    let wasSet = timeLimit.deadline != nil
    timeLimit.deadline = deadline
    guard deadline != nil else { return sqlite3_progress_handler(handle, 0, nil, nil) }
    guard !wasSet else { return }
    let context = Unmanaged.passUnretained(timeLimit).toOpaque()
    sqlite3_progress_handler(handle, TimeLimit.operationsBetweenLooks, TimeLimit.isOver, context)
  }
}

extension SQLiteConnection.Access {
  fileprivate var flags: Int32 {
    let common = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    return switch self {
    case .readWriteCreate: common | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    case .readWrite: common | SQLITE_OPEN_READWRITE
    case .readOnly: common | SQLITE_OPEN_READONLY
    case .immutable: common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
    case .hostile: common | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOFOLLOW
    }
  }

  fileprivate func name(of path: String) -> String {
    switch self {
    case .readWriteCreate, .readWrite, .readOnly: path
    case .immutable: Self.uri(path)
    case .hostile: Self.uri(Self.resolvingFolder(of: path))
    }
  }

  /// `NOFOLLOW` refuses a link anywhere in a path; the folder is the owner's, and may be reached through some.
  private static func resolvingFolder(of path: String) -> String {
    let file = URL(fileURLWithPath: path)
    let folder = file.deletingLastPathComponent().resolvingSymlinksInPath()
    return folder.appendingPathComponent(file.lastPathComponent).path
  }

  private static func uri(_ path: String) -> String {
    // In a URI these three have a meaning of their own.
    let quoted = path.utf8.reduce(into: "") { text, byte in
      switch byte {
      case UInt8(ascii: "%"): text += "%25"
      case UInt8(ascii: "?"): text += "%3f"
      case UInt8(ascii: "#"): text += "%23"
      case 0x80...: text += "%" + String(byte, radix: 16)
      default: text.unicodeScalars.append(Unicode.Scalar(byte))
      }
    }
    return "file:\(quoted)?immutable=1"
  }
}

/// What the progress handler looks at.
private final class TimeLimit {
  static let operationsBetweenLooks: Int32 = 10_000
  var deadline: ContinuousClock.Instant?

  static let isOver: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
    guard let context else { return 0 }
    let limit = Unmanaged<TimeLimit>.fromOpaque(context).takeUnretainedValue()
    guard let deadline = limit.deadline else { return 0 }
    return ContinuousClock.now >= deadline ? 1 : 0
  }
}
