import CMariaDB
import SyncCore

/// A statement that the server has prepared. Belongs to one connection, and is used by its thread.
final class PreparedStatement {
  private let pointer: UnsafeMutablePointer<MYSQL_STMT>
  private let handle: UnsafeMutablePointer<MYSQL>
  private let binds: UnsafeMutableBufferPointer<MYSQL_BIND>
  /// Nil where the statement gives no rows.
  private let result: ResultRow?

  init(_ sql: String, on handle: UnsafeMutablePointer<MYSQL>) throws {
    guard let pointer = mysql_stmt_init(handle) else { throw StorageError(.unavailable, "MariaDB: out of memory") }
    (self.pointer, self.handle) = (pointer, handle)
    var text = sql
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { mysql_stmt_prepare(pointer, $0.baseAddress, UInt(bytes.count)) }
    }
    guard status == 0 else {
      defer { mysql_stmt_close(pointer) }
      throw StorageError(mariaDB: mysql_stmt_errno(pointer), String(cString: mysql_stmt_error(pointer)))
    }
    binds = .allocate(capacity: Int(mysql_stmt_param_count(pointer)))
    binds.initialize(repeating: MYSQL_BIND())
    result = mysql_stmt_field_count(pointer) > 0 ? ResultRow(of: pointer) : nil
  }

  deinit {
    mysql_stmt_close(pointer)
    binds.deallocate()
  }

  /// Runs a statement that gives no rows.
  func run(_ parameters: Parameters) throws {
    try execute(parameters)
    if result != nil { mysql_stmt_free_result(pointer) }
  }

  /// Runs the statement for each of the rows, all of which the server gets at once.
  func run(_ rows: RowArrays) throws {
    guard rows.columnCount == binds.count, rows.count > 0 else {
      throw StorageError(.invalid, "\(rows.columnCount) columns for \(binds.count) parameters")
    }
    try rows.withBinds(binds) {
      try setRowCount(rows.count)
      try check(mysql_stmt_bind_param(pointer, binds.baseAddress) != 0)
      try check(mysql_stmt_execute(pointer) != 0)
    }
    try setRowCount(0)
  }

  /// How many rows the bound arrays have; 0 where the values are bound themselves.
  private func setRowCount(_ count: Int) throws {
    var count = UInt32(clamping: count)
    try check(mysql_stmt_attr_set(pointer, STMT_ATTR_ARRAY_SIZE, &count) != 0)
  }

  /// Runs the statement and hands over its rows as they arrive. Until the last one is read the connection can do
  /// nothing else; where `body` throws, the rest is read and thrown away.
  func rows(_ parameters: Parameters, _ body: (ResultRow) throws -> Void) throws {
    guard let result else { return try run(parameters) }
    try execute(parameters)
    defer {
      mysql_stmt_free_result(pointer)
      result.shrink()
    }
    try check(result.bind())
    while try next(result) { try body(result) }
  }

  private func execute(_ parameters: Parameters) throws {
    guard parameters.count == binds.count else {
      throw StorageError(.invalid, "\(parameters.count) values for \(binds.count) parameters")
    }
    var parameters = parameters
    try parameters.withBinds(binds) {
      if binds.count > 0 { try check(mysql_stmt_bind_param(pointer, binds.baseAddress) != 0) }
      try check(mysql_stmt_execute(pointer) != 0)
    }
  }

  private func next(_ result: ResultRow) throws -> Bool {
    switch mysql_stmt_fetch(pointer) {
    case 0, MYSQL_DATA_TRUNCATED:
      try check(result.completeRow())
      return true
    case MYSQL_NO_DATA: return false
    default: throw failure
    }
  }

  private func check(_ hasFailed: Bool) throws {
    if hasFailed { throw failure }
  }

  /// What comes instead of a row is told to the connection alone.
  private var failure: StorageError {
    guard mysql_stmt_errno(pointer) == 0 else {
      return StorageError(mariaDB: mysql_stmt_errno(pointer), String(cString: mysql_stmt_error(pointer)))
    }
    return StorageError(mariaDB: mysql_errno(handle), String(cString: mysql_error(handle)))
  }
}
