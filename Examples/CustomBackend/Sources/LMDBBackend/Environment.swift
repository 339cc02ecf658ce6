import CLMDB
import SyncCore

/// The databases of one table within a file.
struct Databases {
  /// The rows, by key.
  let rows: MDB_dbi
  /// Where to look a row up by one of its columns.
  let derived: [Derived]
}

/// A database without values, whose keys are an integer column and the row's key.
struct Derived {
  /// `usn` or the table's owner.
  let name: StaticString
  let column: Int
  let database: MDB_dbi

  /// Of every table, whether it wants the index or not: a selection is answered wherever there is the column.
  static func columns(of table: Table) -> [(name: StaticString, column: Int)] {
    table.columns.enumerated().compactMap { index, column in
      let isOwner = table.owner.map { $0.text == column.name.text } ?? false
      return isOwner || column.name.text == "usn" ? (column.name, index) : nil
    }
  }
}

/// One LMDB file, opened. Many threads may read and one may write at a time; LMDB sees to that, in all processes.
final class Environment: Sendable {
  /// The most that a file may hold. It is address space, not memory and not disk.
  private static let mapSize = 64 << 30
  private static let version: UInt8 = 1
  /// In LMDB's unnamed database, which also holds the names of the others; no table is called so.
  private static let versionKey = Array("version".utf8)

  let path: String
  // LMDB lets all threads use an environment (lmdb.h, "mdb_env_open").
  private nonisolated(unsafe) let environment: OpaquePointer
  private let databases: [String: Databases]

  /// Opens a file that is there, and adds tables that this version is the first to have.
  convenience init(opening path: String, _ kind: Schema.Kind) throws { try self.init(path, kind, flags: 0) }

  /// - Parameter flags: `MDB_NOSYNC` for a file that nobody reads yet.
  private init(_ path: String, _ kind: Schema.Kind, flags: UInt32) throws {
    var opened: OpaquePointer?
    try check(mdb_env_create(&opened))
    guard let environment = opened else { throw StorageError(.unavailable, "LMDB gave no environment") }
    (self.path, self.environment) = (path, environment)
    do {
      try check(mdb_env_set_mapsize(environment, Self.mapSize))
      try check(mdb_env_set_maxdbs(environment, 64))
      try check(mdb_env_set_maxreaders(environment, 2048))
      // NOMETASYNC: what a commit wrote may be lost with the power, as a whole, but is never torn: a relaxed write.
      // NOSYNC would not wait for the disk at all, and might tear. NOTLS: a reader is a transaction, not a thread.
      let always = UInt32(MDB_NOSUBDIR | MDB_NOTLS | MDB_NOMETASYNC)
      try check(mdb_env_open(environment, path, always | flags, 0o600))
      databases = try Self.prepare(environment, kind)
    } catch {
      mdb_env_close(environment)
      throw error
    }
  }

  deinit { mdb_env_close(environment) }

  // MARK: Transactions

  func read<T>(_ cancellation: Cancellation, _ body: (Rows) throws -> T) throws -> T {
    let rows = Rows(try Self.begin(environment, UInt32(MDB_RDONLY)), databases, cancellation)
    defer { rows.abort() }
    let value = try body(rows)
    try cancellation.check()
    return value
  }

  func write<T>(_ durability: Durability, _ cancellation: Cancellation, _ body: (Rows) throws -> T) throws -> T {
    let value = try committing(cancellation, body)
    if durability == .acknowledged { try check(mdb_env_sync(environment, 1)) }
    return value
  }

  /// Makes the file of a new schema, complete and on the disk when it returns.
  static func fill<T>(
    _ path: String, _ schema: Schema, _ cancellation: Cancellation, _ body: (any RowLoader) throws -> T
  ) throws -> T {
    let new = try Environment(path, schema.kind, flags: UInt32(MDB_NOSYNC))
    let value = try new.committing(cancellation) { rows in
      rows.renew = { try begin(new.environment, 0) }
      return try body(rows)
    }
    try check(mdb_env_sync(new.environment, 1))
    return value
  }

  private func committing<T>(_ cancellation: Cancellation, _ body: (Rows) throws -> T) throws -> T {
    // Readers of processes that died would keep old pages for ever.
    try check(mdb_reader_check(environment, nil))
    let rows = Rows(try Self.begin(environment, 0), databases, cancellation)
    do {
      let value = try body(rows)
      try rows.commit()
      return value
    } catch {
      rows.abort()
      throw error
    }
  }

  private static func begin(_ environment: OpaquePointer, _ flags: UInt32) throws -> OpaquePointer {
    var transaction: OpaquePointer?
    try check(mdb_txn_begin(environment, nil, flags, &transaction))
    guard let transaction else { throw StorageError(.unavailable, "LMDB gave no transaction") }
    return transaction
  }

  // MARK: Tables

  /// Opens the databases of every table, which must not be done twice at once, and makes those that are not there.
  private static func prepare(_ environment: OpaquePointer, _ kind: Schema.Kind) throws -> [String: Databases] {
    for (flags, creating) in [(UInt32(MDB_RDONLY), UInt32(0)), (0, UInt32(MDB_CREATE))] {
      var transaction: OpaquePointer? = try begin(environment, flags)
      defer { mdb_txn_abort(transaction) }
      guard let databases = try open(transaction, kind, creating) else { continue }
      defer { transaction = nil }
      // They are known to later transactions once this one has ended well.
      try check(mdb_txn_commit(transaction))
      return databases
    }
    throw StorageError(.corrupt, "LMDB cannot make its databases")
  }

  /// - Returns: nil where one is not there and `creating` is 0.
  private static func open(
    _ transaction: OpaquePointer?, _ kind: Schema.Kind, _ creating: UInt32
  ) throws -> [String: Databases]? {
    guard let main = try database(nil, transaction, 0) else { return nil }
    if let version = try get(main, versionKey, transaction)?.first {
      guard version <= Self.version else { throw StorageError(.tooNew, "written by a newer engine: \(version)") }
    } else {
      guard creating != 0 else { return nil }
      try put(main, versionKey, [Self.version], transaction)
    }
    var found: [String: Databases] = [:]
    for table in kind.tables {
      let name = table.name.text
      guard let rows = try database(name, transaction, creating) else { return nil }
      try note(table, main, transaction)
      var derived: [Derived] = []
      for (column, index) in Derived.columns(of: table) {
        guard let database = try database("\(name) by \(column)", transaction, creating) else { return nil }
        derived.append(Derived(name: column, column: index, database: database))
      }
      found[name] = Databases(rows: rows, derived: derived)
    }
    return found
  }

  /// Remembers the columns of a table. Values do not name them, so rows that were written with others are not read.
  private static func note(_ table: Table, _ main: MDB_dbi, _ transaction: OpaquePointer?) throws {
    let names = table.columns.map(\.name.text) + ["by"] + Derived.columns(of: table).map(\.name.text)
    let (key, shape) = (Array("shape of \(table.name)".utf8), Array(names.joined(separator: " ").utf8))
    guard let known = try get(main, key, transaction) else { return try put(main, key, shape, transaction) }
    guard known.elementsEqual(shape) else {
      throw StorageError(.tooNew, "table \(table.name) was written with other columns")
    }
  }

  private static func database(_ name: String?, _ transaction: OpaquePointer?, _ flags: UInt32) throws -> MDB_dbi? {
    var database: MDB_dbi = 0
    let code = mdb_dbi_open(transaction, name, flags, &database)
    if code == MDB_NOTFOUND { return nil }
    try check(code)
    return database
  }
}
