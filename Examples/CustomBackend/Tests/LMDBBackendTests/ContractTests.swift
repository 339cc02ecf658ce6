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
      try stamp(SchemaFiles(settings.folder + "/lmdb").path(schema), version: 99)
    })

  @Test("an engine keeps the law", arguments: Law.all)
  func contract(law: Law) async throws { try await law.check(Self.lmdb) }

  /// Makes a file look as though a newer engine had written it.
  private static func stamp(_ path: String, version: UInt8) throws {
    var (environment, transaction): (OpaquePointer?, OpaquePointer?) = (nil, nil)
    try check(mdb_env_create(&environment))
    defer { mdb_env_close(environment) }
    try check(mdb_env_open(environment, path, UInt32(MDB_NOSUBDIR), 0o600))
    try check(mdb_txn_begin(environment, nil, 0, &transaction))
    var database: MDB_dbi = 0
    try check(mdb_dbi_open(transaction, nil, 0, &database))
    try put(database, Environment.versionKey, [version], transaction)
    try check(mdb_txn_commit(transaction))
  }
}
