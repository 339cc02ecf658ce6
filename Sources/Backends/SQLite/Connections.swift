import SyncCore
import Synchronization

/// Connections that are open: those in use, and a few more that may be used again.
final class Connections: Sendable {
  private struct State {
    /// The one that was used last is last.
    var idle: [SchemaConnection] = []
    var busy: [SchemaConnection] = []
    /// In use, and to be closed when they come back: their schema is gone.
    var doomed: [SchemaConnection] = []
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: how many may stay open without being used.
  init(limit: Int) { self.limit = limit }

  /// An idle connection to the schema, else what `open` makes.
  func take(_ schema: Schema, _ open: () throws -> SchemaConnection) throws -> SchemaConnection {
    let idle: SchemaConnection? = state.withLock { state in
      guard let index = state.idle.lastIndex(where: { $0.schema == schema }) else { return nil }
      let connection = state.idle.remove(at: index)
      state.busy.append(connection)
      return connection
    }
    if let idle { return idle }
    let opened = try open()
    state.withLock { $0.busy.append(opened) }
    return opened
  }

  /// Takes a connection back. One that cannot be used again is closed when its last user lets go of it.
  func give(_ connection: SchemaConnection) {
    state.withLock { state in
      state.busy.removeAll { $0 === connection }
      let isDoomed = state.doomed.contains { $0 === connection }
      state.doomed.removeAll { $0 === connection }
      if !isDoomed, connection.isSound { state.idle.append(connection) }
    }
  }

  var areTooMany: Bool { state.withLock { $0.idle.count > limit } }

  /// Hands over those that are too many, the longest unused first. They close when they are let go of, which may wait
  /// for the disk.
  func surplus() -> [SchemaConnection] {
    state.withLock { state in
      let count = max(state.idle.count - limit, 0)
      defer { state.idle.removeFirst(count) }
      return Array(state.idle.prefix(count))
    }
  }

  /// Hands over the idle ones of a schema; those in use will not be used again.
  func doom(_ schema: Schema) -> [SchemaConnection] {
    state.withLock { state in
      state.doomed += state.busy.filter { $0.schema == schema }
      defer { state.idle.removeAll { $0.schema == schema } }
      return state.idle.filter { $0.schema == schema }
    }
  }

  /// Hands over all idle ones.
  func empty() -> [SchemaConnection] {
    state.withLock { state in
      defer { state.idle = [] }
      return state.idle
    }
  }
}
