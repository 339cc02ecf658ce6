import CSQLite
public import SyncCore

/// A prepared statement, lent by ``SQLiteConnection/statement(_:_:)``. Parameters count from 1, columns from 0.
public final class Statement {
  let pointer: OpaquePointer
  private unowned let connection: SQLiteConnection
  /// For the cache: when it was last lent, and whether it is still.
  var lastUse: UInt64 = 0
  var isLent = false

  init(_ pointer: OpaquePointer, of connection: SQLiteConnection) {
    (self.pointer, self.connection) = (pointer, connection)
  }

  deinit { sqlite3_finalize(pointer) }

  // MARK: Parameters

  public func bind(_ value: Int64, at index: Int32) throws {
    try check(sqlite3_bind_int64(pointer, index, value))
  }

  /// Binds a text as it is; U+0000 inside survives.
  public func bind(_ value: Text, at index: Int32) throws {
    var string = value.string
    try check(string.withUTF8 { bindText($0, at: index) })
  }

  public func bind(_ value: [UInt8], at index: Int32) throws {
    try check(value.withUnsafeBytes { bindBlob($0, at: index) })
  }

  public func bindNull(at index: Int32) throws { try check(sqlite3_bind_null(pointer, index)) }

  /// Binds every column of a row, from parameter `first` on.
  /// - Returns: the parameter behind the last column.
  /// - Throws: `invalid` for a U+0000 in a text (derived-values.md 0).
  @discardableResult
  public func bind<R: Row>(_ row: inout R, from first: Int32 = 1) throws -> Int32 {
    var binder = StatementBinder(self, from: first)
    try row.columns(&binder)
    return binder.index
  }

  // MARK: Running

  /// Moves to the next row; false at the end.
  public func step() throws -> Bool {
    switch sqlite3_step(pointer) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let result:
      // The reset hands the lock back; the error is of the step.
      defer { sqlite3_reset(pointer) }
      throw connection.error(result)
    }
  }

  /// Runs to the end and is ready to run again. Parameters keep their values.
  public func run() throws {
    defer { sqlite3_reset(pointer) }
    while try step() {}
  }

  /// Ready to run again. Parameters keep their values.
  public func reset() { sqlite3_reset(pointer) }

  func clear() {
    sqlite3_reset(pointer)
    sqlite3_clear_bindings(pointer)
  }

  // MARK: Columns

  /// The storage class of a value: a column may hold any, whatever its declared type.
  public enum Storage: Sendable { case null, integer, real, text, blob }

  public var columnCount: Int32 { sqlite3_column_count(pointer) }

  public func storage(_ column: Int32) -> Storage {
    switch sqlite3_column_type(pointer, column) {
    case SQLITE_INTEGER: .integer
    case SQLITE_FLOAT: .real
    case SQLITE_TEXT: .text
    case SQLITE_BLOB: .blob
    default: .null
    }
  }

  /// The bytes of all texts and blobs in the current row.
  public var payload: Int {
    (0..<columnCount).reduce(0) { sum, column in
      let storage = storage(column)
      return storage == .text || storage == .blob ? sum &+ Int(sqlite3_column_bytes(pointer, column)) : sum
    }
  }

  /// The value as SQLite converts it: 0 for NULL and for what is not a number, reals cut off and clamped.
  public func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

  /// The value as SQLite converts it: 0 for NULL and for what is not a number.
  public func real(_ column: Int32) -> Double { sqlite3_column_double(pointer, column) }

  /// The value as SQLite converts it: empty for NULL; ill-formed UTF-8 becomes U+FFFD.
  public func text(_ column: Int32) -> Text {
    guard let bytes = sqlite3_column_text(pointer, column) else { return Text() }
    let count = Int(sqlite3_column_bytes(pointer, column))
    return Text(String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self))
  }

  /// The bytes of a blob or text; empty for NULL.
  public func blob(_ column: Int32) -> [UInt8] {
    guard let bytes = sqlite3_column_blob(pointer, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(pointer, column))))
  }

  /// A row made of the columns from `first` on.
  public func row<R: Row>(_ type: R.Type, from first: Int32 = 0) throws -> R {
    var row = R()
    var reader = StatementReader(self, from: first)
    try row.columns(&reader)
    return row
  }

  // MARK: For the visitors

  func check(_ result: Int32) throws {
    guard result != SQLITE_OK else { return }
    throw connection.error(result)
  }

  func bindText(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int32) -> Int32 {
    // A null pointer would bind NULL.
    guard let start = bytes.baseAddress, bytes.count > 0 else {
      return sqlite3_bind_text(pointer, index, "", 0, copied)
    }
    return start.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
      sqlite3_bind_text64(pointer, index, $0, UInt64(bytes.count), copied, UInt8(SQLITE_UTF8))
    }
  }

  func bindBlob(_ bytes: UnsafeRawBufferPointer, at index: Int32) -> Int32 {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return sqlite3_bind_zeroblob(pointer, index, 0) }
    return sqlite3_bind_blob64(pointer, index, start, UInt64(bytes.count), copied)
  }

  /// `SQLITE_TRANSIENT`, which as a macro with a cast does not reach Swift: SQLite makes a copy of its own.
  private var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }
}
