import CSQLite
import SyncCore

extension SQLiteConnection {
  /// Registers the collation of names in Anki's files (collection-format.md 3).
  public func registerUnicase() throws {
    try check(sqlite3_create_collation_v2(handle, "unicase", SQLITE_UTF8, nil, compareUnicase, nil))
  }
}

private let compareUnicase:
  @convention(c) (
    UnsafeMutableRawPointer?, Int32, UnsafeRawPointer?, Int32, UnsafeRawPointer?
  ) -> Int32 = { _, firstCount, first, secondCount, second in
    let a = UnsafeRawBufferPointer(start: first, count: Int(firstCount))
    let b = UnsafeRawBufferPointer(start: second, count: Int(secondCount))
    return a.withMemoryRebound(to: UInt8.self) { a in
      b.withMemoryRebound(to: UInt8.self) { b in Int32(truncatingIfNeeded: Unicase.compare(a, b).signum()) }
    }
  }
