import CLMDB
import SyncCore

/// The rows of a schema within one transaction.
final class Rows: RowStore, RowLoader {
  /// Nil once it has ended.
  private var transaction: OpaquePointer?
  private let databases: [String: Databases]
  private let cancellation: Cancellation
  /// The first change that was refused: then nothing is kept, even where the body goes on.
  private var refusal: (any Error)?
  /// Begins the next transaction of a load, which is cut into several: what one has changed is in memory until its end.
  var renew: (() throws -> OpaquePointer)?
  private var loaded = 0
  private static let mostLoaded = 16 << 20

  init(_ transaction: OpaquePointer, _ databases: [String: Databases], _ cancellation: Cancellation) {
    (self.transaction, self.databases, self.cancellation) = (transaction, databases, cancellation)
  }

  func commit() throws {
    if let refusal { throw refusal }
    try cancellation.check()
    try end()
  }

  func abort() {
    mdb_txn_abort(transaction)
    transaction = nil
  }

  private func end() throws {
    // Whatever comes of it, there is no transaction afterwards.
    defer { transaction = nil }
    try check(mdb_txn_commit(transaction))
  }

  // MARK: Reading

  func count<R: Row>(_ type: R.Type) throws -> Int {
    try cancellation.check()
    var status = MDB_stat()
    try check(mdb_stat(transaction, try databases(of: type).rows, &status))
    return status.ms_entries
  }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    try walkRows(type, from: []) { row in
      try body(row)
      return true
    }
  }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    try cancellation.check()
    switch selection {
    case .all: return try page(type, after: nil, limit: .max)
    case .page(let after, let limit): return try page(type, after: after, limit: limit)
    case .keys(let keys): return try Set(keys).sorted().compactMap { try row(type, try $0.bytes(in: R.table)) }
    case .owned(let owner): return try owned(type, by: owner)
    case .changed(let since, let after, let limit):
      return try changed(type, since: since, after: after, limit: limit)
    }
  }

  private func page<R: Row>(_ type: R.Type, after: R.Key?, limit: Int) throws -> [R] {
    var found: [R] = []
    guard limit > 0 else { return found }
    // Nothing comes between some bytes and these bytes with a zero behind them.
    try walkRows(type, from: try after.map { try $0.bytes(in: R.table) + [0] } ?? []) { row in
      found.append(row)
      return found.count < limit
    }
    return found
  }

  private func changed<R: Row>(
    _ type: R.Type, since: Int64, after: ChangeCursor<R.Key>?, limit: Int
  ) throws -> [R] {
    let behind = try after.map { try $0.usn.orderedBytes + $0.key.bytes(in: R.table) + [0] } ?? []
    let start = behind.lexicographicallyPrecedes(since.orderedBytes) ? since.orderedBytes : behind
    return try rows(type, by: "usn", from: start, limit: limit) { _ in true }
  }

  private func owned<R: Row>(_ type: R.Type, by owner: Int64) throws -> [R] {
    let column = R.table.owner?.text ?? "owner"
    return try rows(type, by: column, from: owner.orderedBytes) { $0.starts(with: owner.orderedBytes) }
  }

  /// Rows in the order of a derived database, from an entry on, while `isWanted` says so.
  private func rows<R: Row>(
    _ type: R.Type, by column: String, from start: [UInt8], limit: Int = .max,
    while isWanted: (UnsafeRawBufferPointer) -> Bool
  ) throws -> [R] {
    guard let derived = try databases(of: type).derived.first(where: { $0.name.text == column }) else {
      throw StorageError(.invalid, "table \(R.table.name) has no \(column) to be asked for")
    }
    var found: [R] = []
    guard limit > 0 else { return found }
    try walk(derived.database, from: start, transaction) { entry, _ in
      guard isWanted(entry) else { return false }
      if let row = try row(type, Array(entry.dropFirst(8))) { found.append(row) }
      return found.count < limit
    }
    return found
  }

  private func row<R: Row>(_ type: R.Type, _ key: [UInt8]) throws -> R? {
    try cancellation.check()
    let databases = try databases(of: type)
    return try get(databases.rows, key, transaction).map { try RowReading.row(type, $0, databases.derived) }
  }

  private func walkRows<R: Row>(_ type: R.Type, from start: [UInt8], _ body: (R) throws -> Bool) throws {
    let databases = try databases(of: type)
    try walk(databases.rows, from: start, transaction) { _, value in
      try cancellation.check()
      return try body(try RowReading.row(type, value, databases.derived))
    }
  }

  private func databases<R: Row>(of type: R.Type) throws -> Databases {
    guard let databases = databases[R.table.name.text] else {
      throw StorageError(.invalid, "this schema has no table \(R.table.name)")
    }
    return databases
  }

  // MARK: Changing

  func upsert<R: Row>(_ rows: [R]) throws {
    try changing(R.self) { databases in
      for row in rows {
        let key = try row.key.bytes(in: R.table)
        try forget(key, databases)
        try add(row, key, databases)
      }
    }
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws {
    try changing(type) { databases in
      for key in keys {
        let key = try key.bytes(in: R.table)
        try forget(key, databases)
        try remove(databases.rows, key, transaction)
      }
    }
  }

  func clear<R: Row>(_ type: R.Type) throws {
    try changing(type) { databases in
      for database in [databases.rows] + databases.derived.map(\.database) {
        try check(mdb_drop(transaction, database, 0))
      }
    }
  }

  func append<R: Row>(_ rows: [R]) throws {
    try changing(R.self) { databases in
      for row in rows { try add(row, try row.key.bytes(in: R.table), databases, flags: MDB_NOOVERWRITE) }
      guard loaded > Self.mostLoaded, let renew else { return }
      try end()
      (transaction, loaded) = (try renew(), 0)
    }
  }

  private func add<R: Row>(_ row: R, _ key: [UInt8], _ databases: Databases, flags: Int32 = 0) throws {
    let stored = try RowWriter(row, databases.derived)
    let bytes = stored.bytes
    try put(databases.rows, key, bytes, transaction, flags: flags)
    for (derived, number) in zip(databases.derived, stored.numbers) {
      try put(derived.database, number.orderedBytes + key, [], transaction)
    }
    loaded += bytes.count
  }

  /// Removes what the derived databases say of a row. Its numbers are the beginning of its value.
  private func forget(_ key: [UInt8], _ databases: Databases) throws {
    guard !databases.derived.isEmpty, let value = try get(databases.rows, key, transaction) else { return }
    let numbers = Array(value.prefix(8 * databases.derived.count))
    for (index, derived) in databases.derived.enumerated() {
      try remove(derived.database, numbers[8 * index..<8 * index + 8] + key, transaction)
    }
  }

  private func changing<R: Row>(_ type: R.Type, _ body: (Databases) throws -> Void) throws {
    do {
      try cancellation.check()
      try body(try databases(of: type))
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }
}
