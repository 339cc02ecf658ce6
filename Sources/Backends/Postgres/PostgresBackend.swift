import SQLBackend
public import SyncCore

extension BackendFactory {
  /// A schema per schema, in the database that the settings name. The options are those of a server (``host``,
  /// `port`, `name`, `user`, `password`, and `sslmode`, `sslrootcert`, `sslcert`, `sslkey` as libpq has them), and
  /// `prefix`: what the names of schemas begin with (`djankiserv`).
  public static let postgres = BackendFactory(name: "postgres", aliases: ["postgresql"]) { settings in
    try await ServerBackend(PostgresServer(settings), settings)
  }
}

/// A PostgreSQL server and how to reach it.
struct PostgresServer: DatabaseServer {
  let dialect: ServerDialect
  let route: ServerRoute
  private let address: PostgresAddress
  private let lockPatience: Double

  init(_ settings: StorageSettings) {
    let prefix = settings.options["prefix"] ?? "djankiserv"
    dialect = .postgres(prefix: prefix)
    address = PostgresAddress(settings.options.merging(["prefix": prefix]) { $1 })
    route = ServerRoute(
      host: settings.options["host", default: ""], security: settings.options["sslmode", default: ""])
    lockPatience = settings.patience
  }

  func connect() throws -> PostgresConnection { try PostgresConnection(address, lockPatience: lockPatience) }
}
