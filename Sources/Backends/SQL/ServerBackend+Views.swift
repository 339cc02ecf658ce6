public import SyncCore

extension ServerBackend: CollectionViews {
  /// The name is that of a schema. Where tables are not undone with the transaction, one view after the other moves.
  public func show(user: Int64, generation: Int64) async throws -> String {
    let name = dialect.viewsName(user)
    let source = dialect.name(.collection(user: user, generation: generation))
    try await alone(.user(user)) { [self] connection, cancellation in
      try persistently(cancellation) {
        try connection.transaction(.make, in: name) {
          try show(source, in: name, connection)
          try cancellation.check()
        }
      }
    }
    return name
  }

  private func show(_ source: String, in name: String, _ connection: Server.Connection) throws {
    try connection.define(dialect.views.create(name))
    let remark = "djankiserv views \(Views.version) of \(source)"
    guard try Self.remark(name, dialect.views, connection) != remark else { return }
    try connection.define(dialect.views(name, of: source) + dialect.views.finish(name, remark))
  }

  private static func remark(
    _ name: String, _ views: ServerViews, _ connection: Server.Connection
  ) throws -> String? {
    var found: String?
    try connection.query(views.remark(name), Server.Connection.Values()) { answer in
      var text = Text()
      try answer.text("remark", &text)
      found = text.string
    }
    return found
  }
}

extension ServerDialect {
  /// What makes the views in the schema `name` show the collection that is in `source`, or show it instead of another.
  func views(_ name: String, of source: String) -> [String] {
    let views = Views(tables, views.words, tables: tables.quoted(source) + ".", views: tables.quoted(name) + ".")
    return views.all.map { "CREATE OR REPLACE VIEW \($0.name) AS \($0.query)" }
  }
}
