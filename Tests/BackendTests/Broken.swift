import InMemoryBackend
import StorageConformance
import SyncCore
import Synchronization

/// The reference engine with one fault, for seeing that the laws bite.
final class Broken: Backend {
  private let inner: any Backend
  private let fault: Fault
  private let everybody = Turns<Bool>(length: .max, patience: .seconds(30))
  private let made = Mutex(0)

  static func subject(_ fault: Fault) -> Subject {
    let persistence: Subject.Persistence = fault == .forgetsAtClose ? .durable { _, _ in } : .volatile
    return Subject("\(fault)", persistence) { settings in try await Broken(fault, settings) }
  }

  private init(_ fault: Fault, _ settings: StorageSettings) async throws {
    var settings = settings
    if fault == .waitsForEver { settings.patience = 1_000 }
    if fault == .queuesAll { settings.queue = 1_000 }
    (self.fault, inner) = (fault, try await BackendFactory.memory.open(settings))
    if fault == .opensWithSchemas { try await inner.create(.accounts) }
  }

  func create(_ schema: Schema) async throws {
    if fault == .createClears { try await inner.drop(schema) }
    let count = made.withLock { made in
      made += 1
      return made
    }
    if fault == .keepsFew, count > 100 { throw StorageError(.unavailable, "too many schemas") }
    try await inner.create(place(schema))
  }

  func drop(_ schema: Schema) async throws {
    if fault == .keepsDropped { return }
    if fault == .dropsOnlyWhatIsThere, try await !inner.schemas().contains(schema) {
      throw StorageError(.notFound, "no \(schema)")
    }
    try await inner.drop(place(schema))
  }

  func schemas() async throws -> [Schema] {
    let schemas = try await inner.schemas()
    return fault == .listsTwice ? schemas + schemas : schemas
  }

  func close() async {
    switch fault {
    case .staysOpen: break
    case .closesAtOnce: Task { await inner.close() }
    default: await inner.close()
    }
  }

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    if fault == .readCreates { try await inner.create(schema) }
    if fault == .readsWait { return try await inner.write(schema, .relaxed, body) }
    if fault == .ignoresCancellation {
      return try await Task.detached { [inner] in try await inner.read(schema, body) }.value
    }
    return try await inner.read(place(schema)) { [inner, fault] rows in
      if fault == .readsLive { return try body(LiveReader(inner, schema)) }
      return try body(BrokenReader(rows, fault))
    }
  }

  func read<T: Sendable, U: Sendable>(
    _ first: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T,
    then second: Schema, _ next: @escaping @Sendable (any RowReader, T) throws -> U
  ) async throws -> U {
    let value = try await read(first, body)
    return try await read(fault == .mixesSchemas ? first : second) { try next($0, value) }
  }

  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    let (inner, fault, schema) = (inner, fault, place(schema))
    let body: @Sendable (any RowStore) throws -> T = { try body(BrokenStore($0, fault)) }
    switch fault {
    case .writeCreates:
      try await inner.create(schema)
    case .waitsForAll:
      return try await everybody.take(true) { try await inner.write(schema, durability, body) }
    case .ignoresCancellation:
      return try await Task.detached { try await inner.write(schema, durability, body) }.value
    case .commitsErrors:
      return try await inner.write(schema, durability) { rows in Result { try body(rows) } }.get()
    case .wrapsErrors:
      do { return try await inner.write(schema, durability, body) } catch {
        throw StorageError(.unavailable, "something went wrong")
      }
    case .forgetsAcknowledged where durability == .acknowledged, .forgetsRelaxed where durability == .relaxed:
      return try await forget(schema, body)
    case .writesLate:
      return try await inner.write(schema, durability) { rows in
        let late = LateStore(rows)
        let value = try body(late)
        for change in late.changes { try change(rows) }
        return value
      }
    case .interleaves:
      let (value, changes) = try await inner.read(schema) { rows in
        let late = LateStore(rows)
        return (try body(late), late.changes)
      }
      try await inner.write(schema, durability) { rows in for change in changes { try change(rows) } }
      return value
    default: break
    }
    return try await inner.write(schema, durability, body)
  }

  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    switch fault {
    case .loadOverwrites: try await inner.drop(schema)
    case .loadsByUpserts:
      try await inner.create(schema)
      return try await inner.write(schema, .acknowledged) { try body(UpsertingLoader($0)) }
    case .loadForgets: return try await inner.load(schema) { try body(ForgettingLoader($0)) }
    default: break
    }
    do { return try await inner.load(schema, body) } catch {
      if fault == .loadLeavesSchema { try await inner.create(schema) }
      throw error
    }
  }

  private func place(_ schema: Schema) -> Schema {
    guard fault == .sharesGenerations, case .collection(let user, _) = schema else { return schema }
    return .collection(user: user, generation: 1)
  }

  /// Answers as though it had written.
  private func forget<T: Sendable>(_ schema: Schema, _ body: @escaping @Sendable (any RowStore) throws -> T)
    async throws -> T
  {
    do {
      return try await inner.write(schema, .relaxed) { rows in throw Undo(value: try body(rows)) }
    } catch let undo as Undo<T> {
      return undo.value
    }
  }
}

private struct Undo<T: Sendable>: Error {
  let value: T
}
