import SyncCore

extension ServerBackend {
  func transaction<T>(
    _ work: Work, _ schema: Schema, _ connection: Server.Connection, _ cancellation: Cancellation,
    _ body: (ServerRows<Server.Connection>) throws -> T
  ) throws -> T {
    if !current.contains(schema) { try bringUpToDate(schema, connection) }
    let heads = openings.heads(of: schema.kind, isWriting: work.isWriting)
    return try judging(schema) {
      try connection.transaction(work, in: dialect.name(schema), [opening(work, schema, heads)]) {
        try visit(schema, heads, asks: true, connection, cancellation, body)
      }
    }
  }

  /// Reads of both schemas what transactions begin with, in one go.
  /// - Returns: nil where that is not all that is needed, or one of them is not as expected: the first is to be heard
  ///   out before the second is missed.
  func look<T, U>(
    _ first: Schema, _ body: (ServerRows<Server.Connection>) throws -> T, then second: Schema,
    _ next: (ServerRows<Server.Connection>, T) throws -> U, _ connection: Server.Connection,
    _ cancellation: Cancellation
  ) throws -> U? {
    guard current.contains(first), current.contains(second) else { return nil }
    let heads = [first, second].map { openings.heads(of: $0.kind, isWriting: false) }
    var isOpen = false
    do {
      return try connection.transaction(
        .look, in: dialect.name(first), [opening(.look, first, heads[0]), opening(.look, second, heads[1])]
      ) {
        try connection.open()
        isOpen = true
        let value = try visit(first, heads[0], asks: false, connection, cancellation, body)
        return try visit(second, heads[1], asks: false, connection, cancellation) { try next($0, value) }
      }
    } catch is MoreIsNeeded { return nil } catch is StorageError where !isOpen { return nil }
  }

  /// - Throws: `notFound`.
  func version(of schema: Schema, _ connection: Server.Connection) throws -> Int64 {
    let heads = openings.version(isWriting: false)
    try connection.transaction(.read, in: dialect.name(schema), [opening(schema, heads)]) {}
    return try found(heads.version, schema)
  }

  /// Looks whether the schema is there, and for nothing else.
  func opening(_ schema: Schema, _ heads: Heads) -> Opening<Server.Connection.Answer> {
    Opening(dialect.name(schema), heads.questions) { [self] answer in
      if var answer { try heads.take(&answer) }
      _ = try found(heads.version, schema)
    }
  }

  /// - Throws: `notFound`.
  func found(_ version: Int64?, _ schema: Schema) throws -> Int64 {
    guard let version else { throw StorageError(.notFound, "no \(schema)") }
    return version
  }

  private func opening(_ work: Work, _ schema: Schema, _ heads: Heads) -> Opening<Server.Connection.Answer> {
    let opening = opening(schema, heads)
    return Opening(opening.schema, opening.questions) { [self] answer in
      try opening.take(answer)
      try checkVersion(heads.version, schema)
      guard work.isWriting, let successor = heads.found(Col.self)?.successor, successor != 0 else { return }
      throw StorageError(.sealed(successor: successor), "\(schema) was replaced by generation \(successor)")
    }
  }

  /// It was up to date when this process saw it first. Since then a newer server may have changed it, or it was dropped
  /// and made anew by an older one.
  private func checkVersion(_ version: Int64?, _ schema: Schema) throws {
    guard version != migrations.newest(schema.kind) else { return }
    current.remove(schema)
    _ = try migrations.steps(schema.kind, from: try found(version, schema))
    throw StorageError(.unavailable, "\(schema) has to be brought up to date")
  }

  private func visit<T>(
    _ schema: Schema, _ heads: Heads, asks: Bool, _ connection: Server.Connection, _ cancellation: Cancellation,
    _ body: (ServerRows<Server.Connection>) throws -> T
  ) throws -> T {
    let rows = ServerRows(connection, dialect.name(schema), heads, asks: asks, vocabulary, cancellation)
    let value = Result { try body(rows) }
    // Whatever the body has made of that.
    if rows.isShort { throw MoreIsNeeded() }
    if case .success = value, let refusal = rows.refusal { throw refusal }
    try cancellation.check()
    return try value.get()
  }

  /// Says what an error means to the schema.
  private func judging<T>(_ schema: Schema, _ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as StorageError {
      switch error.code {
      case .notFound, .corrupt:
        // It is gone, or was changed by a server of another version: it is looked at before it is used again.
        current.remove(schema)
        throw error
      case .conflict:
        // The writers of this process take turns, so a lock that is not to be had is another's process.
        throw StorageError(.unavailable, "another process keeps \(schema) locked")
      default: throw error
      }
    }
  }
}

extension Work {
  fileprivate var isWriting: Bool {
    if case .write = self { true } else { false }
  }
}
