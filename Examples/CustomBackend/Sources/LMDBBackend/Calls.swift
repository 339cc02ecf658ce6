import CLMDB
import Foundation
import SyncCore

/// - Throws: what a code of LMDB means, unless it means that all is well.
func check(_ code: Int32) throws {
  guard code != 0 else { return }
  let message = "LMDB: \(String(cString: mdb_strerror(code)))"
  switch code {
  case MDB_MAP_FULL, ENOSPC, EDQUOT: throw StorageError(.full, message)
  case MDB_KEYEXIST: throw StorageError(.invalid, "a key is there twice")
  case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID: throw StorageError(.corrupt, message)
  default: throw StorageError(.unavailable, message)
  }
}

/// The value of a key, which is valid until the transaction ends or changes something; nil where there is none.
func get(_ database: MDB_dbi, _ key: [UInt8], _ transaction: OpaquePointer?) throws -> UnsafeRawBufferPointer? {
  var value = MDB_val()
  let code = withValue(key) { mdb_get(transaction, database, &$0, &value) }
  if code == MDB_NOTFOUND { return nil }
  try check(code)
  return UnsafeRawBufferPointer(value)
}

func put(
  _ database: MDB_dbi, _ key: [UInt8], _ bytes: [UInt8], _ transaction: OpaquePointer?, flags: Int32 = 0
) throws {
  try check(
    withValue(key) { key in
      withValue(bytes) { mdb_put(transaction, database, &key, &$0, UInt32(flags)) }
    })
}

/// Removes a key; again = nothing.
func remove(_ database: MDB_dbi, _ key: [UInt8], _ transaction: OpaquePointer?) throws {
  let code = withValue(key) { mdb_del(transaction, database, &$0, nil) }
  if code != MDB_NOTFOUND { try check(code) }
}

/// Hands over keys and values in order, from the first that is not before `start`, until `body` answers false.
func walk(
  _ database: MDB_dbi, from start: [UInt8], _ transaction: OpaquePointer?,
  _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Bool
) throws {
  var cursor: OpaquePointer?
  try check(mdb_cursor_open(transaction, database, &cursor))
  defer { mdb_cursor_close(cursor) }
  var value = MDB_val()
  var step = start.isEmpty ? MDB_FIRST : MDB_SET_RANGE
  try withValue(start) { key in
    while true {
      let code = mdb_cursor_get(cursor, &key, &value, step)
      if code == MDB_NOTFOUND { return }
      try check(code)
      guard try body(UnsafeRawBufferPointer(key), UnsafeRawBufferPointer(value)) else { return }
      step = MDB_NEXT
    }
  }
}

private func withValue<T>(_ bytes: [UInt8], _ body: (inout MDB_val) throws -> T) rethrows -> T {
  try bytes.withUnsafeBytes { bytes in
    // LMDB reads what the pointer points to, and writes nothing there.
    var value = MDB_val(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    return try body(&value)
  }
}

extension UnsafeRawBufferPointer {
  fileprivate init(_ value: MDB_val) { self.init(start: value.mv_data, count: value.mv_size) }
}
