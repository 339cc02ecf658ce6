import SyncCore

/// Takes the rows of a schema that is being made.
final class ServerLoader<Connection: ServerConnection>: RowLoader {
  private let connection: Connection
  private let vocabulary: Vocabulary
  private let cancellation: Cancellation
  private var refusal: (any Error)?

  init(_ connection: Connection, _ vocabulary: Vocabulary, _ cancellation: Cancellation) {
    (self.connection, self.vocabulary, self.cancellation) = (connection, vocabulary, cancellation)
  }

  func append<R: Row>(_ rows: [R]) throws {
    do {
      try cancellation.check()
      let table = try vocabulary.table(of: R.self)
      for piece in try Pieces.of(rows) { try connection.load(piece, table) }
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }

  /// - Throws: what was refused, even where it was not heeded.
  func finish() throws { if let refusal { throw refusal } }
}
