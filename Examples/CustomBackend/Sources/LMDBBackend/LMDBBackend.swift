public import SyncCore

extension BackendFactory {
  /// An LMDB file per schema, in the folder `lmdb` of the data folder.
  public static let lmdb = BackendFactory(name: "lmdb") { settings in try await LMDBBackend(settings) }
}

/// LMDB: readers see a snapshot and never wait, and each file has one writer at a time. So every schema has a file of
/// its own: the writers of one user are nobody else's business.
final class LMDBBackend: Backend {
  private let files: SchemaFiles
  private let writers: Turns<Schema>
  private let pool: WorkerPool

  init(_ settings: StorageSettings) async throws {
    files = SchemaFiles(settings.folder + "/lmdb")
    writers = Turns(length: settings.queue, patience: .seconds(settings.patience))
    pool = WorkerPool(threads: settings.threads, patience: .seconds(settings.threadPatience))
    try await pool.run { [files] _ in try files.prepare() }
  }

  func create(_ schema: Schema) async throws {
    try await alone(schema) { [files] cancellation in
      do {
        try files.make(schema) { try Environment.fill($0, schema, cancellation) { _ in } }
      } catch let error as StorageError where error.code == .conflict {
        // It is there: opening it says whether we can read it.
        try Environments.ofProcess.using(schema, files) { _ in }
      }
    }
  }

  func drop(_ schema: Schema) async throws {
    try await alone(schema) { [files] _ in
      try files.remove(schema)
      Environments.ofProcess.closeIdle { $0 == files.path(schema) }
    }
  }

  func schemas() async throws -> [Schema] { try await pool.run { [files] _ in try files.schemas() } }

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    try await pool.run { [files] cancellation in
      try Environments.ofProcess.using(schema, files) { try $0.read(cancellation, body) }
    }
  }

  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    try await alone(schema) { [files] cancellation in
      try Environments.ofProcess.using(schema, files) { environment in
        try environment.write(durability, cancellation) { rows in
          if schema.kind == .collection, let col = try rows.first(Col.self, 1), col.successor != 0 {
            throw StorageError(.sealed(successor: col.successor), "replaced by generation \(col.successor)")
          }
          return try body(rows)
        }
      }
    }
  }

  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    try await alone(schema) { [files] cancellation in
      try files.make(schema) { try Environment.fill($0, schema, cancellation, body) }
    }
  }

  func close() async {
    await pool.close()
    Environments.ofProcess.closeIdle { $0.hasPrefix(files.root + "/") }
  }

  /// Runs `body` when it is its turn among those who change the schema. Whoever waits has no thread.
  private func alone<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (Cancellation) throws -> T
  ) async throws -> T {
    try await writers.take(schema) { try await pool.run(body) }
  }
}
