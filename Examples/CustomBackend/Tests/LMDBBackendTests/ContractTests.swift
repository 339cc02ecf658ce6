import CLMDB
import StorageConformance
import SyncCore
import Testing

@testable import LMDBBackend

@Suite("LMDB")
struct ContractTests {
  static let lmdb = Subject(
    .lmdb,
    .durable { settings, schema in
      try overwrite("version", [99], in: SchemaFiles(settings.folder + "/lmdb").path(schema))
    })

  @Test("an engine keeps the law", arguments: Law.all)
  func contract(law: Law) async throws { try await law.check(Self.lmdb) }

  /// Writes to a file that nobody has open, behind the engine's back.
  static func overwrite(_ key: String, _ value: [UInt8], in path: String) throws {
    var (environment, transaction): (OpaquePointer?, OpaquePointer?) = (nil, nil)
    try check(mdb_env_create(&environment))
    defer { mdb_env_close(environment) }
    try check(mdb_env_open(environment, path, UInt32(MDB_NOSUBDIR), 0o600))
    try check(mdb_txn_begin(environment, nil, 0, &transaction))
    var database: MDB_dbi = 0
    try check(mdb_dbi_open(transaction, nil, 0, &database))
    try put(database, Array(key.utf8), value, transaction)
    try check(mdb_txn_commit(transaction))
  }
}
