/// A storage engine, opened. The words of each law are the name of its case in the conformance suite
/// (`Tests/Conformance`).
///
/// Bodies are synchronous and run on threads of the engine's own, never on the cooperative pool. No transaction
/// outlives its closure.
/// - Schemas share nothing.
/// - Two hundred schemas can be in use at once.
/// - A body whose task is cancelled fails at its next call.
/// - A closed engine refuses everything as unavailable.
public protocol Backend: Sendable {
  /// Makes the schema with all its tables, or brings it up to date; durable when it returns.
  /// - Creating a schema again changes nothing.
  /// - A schema that a newer server has written is refused as tooNew; an engine that keeps nothing has no schemas when
  ///   it is opened.
  func create(_ schema: Schema) async throws

  /// Removes the schema and everything in it.
  /// - Dropping a schema that is not there does nothing.
  /// - A dropped schema is not found.
  func drop(_ schema: Schema) async throws

  /// Every schema there is, in no order.
  /// - Every schema that was made and not dropped is listed once.
  func schemas() async throws -> [Schema]

  /// Runs `body` on the state of one moment and returns its value.
  /// - A read sees one moment, whatever is written meanwhile.
  /// - A reader never waits for a writer.
  /// - Reading a schema that does not exist is notFound.
  /// - What a body throws is thrown as it was.
  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T

  /// Reads `first` and then `second`, each at a moment of its own, for the price of one way to the engine where it can
  /// do that.
  /// - A read of two schemas gives what two reads would give, one after the other.
  func read<T: Sendable, U: Sendable>(
    _ first: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T,
    then second: Schema, _ next: @escaping @Sendable (any RowReader, T) throws -> U
  ) async throws -> U

  /// Runs `body` in one transaction and returns its value.
  /// - A body that throws leaves no trace.
  /// - A cancelled write leaves no trace.
  /// - A write that is cancelled while it waits for its turn never begins.
  /// - Writes to one schema never interleave.
  /// - Writers of different schemas do not wait for each other.
  /// - A write that waits longer than the engine's patience is refused as unavailable.
  /// - A write behind more waiting ones than the engine's queue holds is refused as unavailable.
  /// - Writing to a schema that does not exist is notFound.
  /// - A write to a sealed collection is refused as sealed, with its successor.
  /// - A row with a NUL in a text is refused as invalid, and nothing of its transaction is kept.
  /// - A body that goes on after a row was refused keeps nothing either, and its write throws.
  /// - An acknowledged write is on the disk when it returns; an engine that keeps nothing shows it to every later read.
  /// - A relaxed write is seen by every read that begins after it has returned.
  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T

  /// Makes the schema and fills it with what `body` appends. Nobody reads it before this returns.
  /// - A load is complete and on the disk when it returns; an engine that keeps nothing shows it to every later read.
  /// - A load that throws leaves no schema.
  /// - A schema that is being loaded is not found.
  /// - A load into a schema that exists is refused as conflict.
  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T

  /// Closes everything. The backend is not used afterwards.
  /// - Closing waits for what is running.
  func close() async
}

extension Backend {
  public func read<T: Sendable, U: Sendable>(
    _ first: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T,
    then second: Schema, _ next: @escaping @Sendable (any RowReader, T) throws -> U
  ) async throws -> U {
    let value = try await read(first, body)
    return try await read(second) { try next($0, value) }
  }
}

/// What a write promises when it returns.
public enum Durability: Sendable {
  /// On the disk: it survives the loss of power.
  case acknowledged
  /// It may be lost with the power, as a whole; it is never torn.
  case relaxed
}

/// The rows of one schema at one moment. Used inside the closure that received it, on its thread.
public protocol RowReader: AnyObject {
  /// The rows of a selection, in the order that the selection names.
  /// - A row comes back as it was stored, in every column.
  /// - Selecting all gives every row in key order.
  /// - Selecting keys gives each row that is there once, and nothing for the others.
  /// - Selecting what changed gives the rows from that usn on, by usn and then key.
  /// - Following the cursor meets every changed row once, however many share a usn.
  /// - Selecting by owner gives the rows of that owner in key order.
  /// - Following a page's last key meets every row once, in key order.
  /// - A limit of zero or less gives nothing.
  /// - A selection that the table has no column for is refused as invalid.
  /// - Integers keep all 64 bits, and keys may be negative.
  /// - An empty text and an empty blob are values.
  /// - Any text without a NUL is kept as it is.
  /// - Texts are equal as keys only where they are the same bytes.
  /// - Text keys are ordered by their bytes.
  /// - A key with a NUL names no row.
  /// - A text and a blob may hold a megabyte.
  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R]
  /// How many rows the table has.
  /// - Counting gives the rows that are there.
  func count<R: Row>(_ type: R.Type) throws -> Int
  /// Hands every row to `body` in key order, in bounded memory. `body` asks nothing of the transaction, whose engine
  /// may be in the middle of an answer.
  /// - A scan gives every row once, in key order.
  /// - A scan that throws stops there.
  /// - A scan reads at most a thousand rows ahead.
  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws
}

/// The rows of one schema in a transaction that may change them.
/// - A transaction reads its own writes.
/// - Empty lists of rows and keys do nothing.
public protocol RowStore: RowReader {
  /// Inserts rows, or replaces those with the same key.
  /// - Of two rows with one key the last one stays.
  /// - A row that was replaced is found by its new usn and owner, not by the old ones.
  /// - Ten thousand rows can be given at once.
  func upsert<R: Row>(_ rows: [R]) throws
  /// Deletes the rows with these keys.
  /// - Deleting removes the rows with these keys and no others; keys without a row are ignored.
  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws
  /// Deletes every row of the table.
  /// - Clearing a table leaves the other tables as they were.
  func clear<R: Row>(_ type: R.Type) throws
}

/// Takes the rows of a new schema, in any order, many at a time.
public protocol RowLoader: AnyObject {
  /// - A key that is loaded twice is refused as invalid.
  func append<R: Row>(_ rows: [R]) throws
}

extension RowReader {
  /// The row with this key, or nil.
  public func first<R: Row>(_ type: R.Type, _ key: R.Key) throws -> R? {
    try fetch(type, .keys([key])).first
  }
}
