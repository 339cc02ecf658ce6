import SQLBackend
public import SyncCore

extension BackendFactory {
  /// A database per schema. The options are those of a server (`host`, a name or the path of a socket, `port`, `user`,
  /// `password`, and `sslmode`, `sslrootcert`, `sslcert`, `sslkey`), and `name`: what the names of our databases begin
  /// with (`djankiserv`).
  public static let mariaDB = BackendFactory(name: "mariadb", aliases: ["mysql"]) { settings in
    try await ServerBackend(try MariaDBServer(settings), settings)
  }
}
