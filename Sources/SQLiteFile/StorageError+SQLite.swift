import CSQLite
import Foundation
import SyncCore

extension SQLiteConnection {
  func error(_ result: Int32) -> StorageError { StorageError(sqlite: result, handle, path: path) }
}

extension StorageError {
  /// What an (extended) result code means to storage. The message names SQLite's reason and the file.
  init(sqlite result: Int32, _ handle: OpaquePointer, path: String) {
    let reason = String(cString: sqlite3_errmsg(handle))
    let code = Self.code(result, system: sqlite3_system_errno(handle), path: path)
    let advice = code == .full ? "; make room on its disk" : ""
    self.init(code, "SQLite: \(reason) (code \(result), \(path))\(advice)")
  }

  private static func code(_ result: Int32, system: Int32, path: String) -> Code {
    switch result & 0xff {
    case SQLITE_FULL: .full
    case SQLITE_IOERR: system == ENOSPC || system == EDQUOT ? .full : .unavailable
    case SQLITE_BUSY, SQLITE_LOCKED: .conflict
    case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR: .corrupt
    case SQLITE_CANTOPEN: FileManager.default.fileExists(atPath: path) ? .unavailable : .notFound
    case SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH, SQLITE_RANGE, SQLITE_AUTH: .invalid
    default: .unavailable
    }
  }
}
