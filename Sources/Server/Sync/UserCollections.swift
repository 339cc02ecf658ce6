import SyncCore
import Synchronization

/// Finds the current generation of a user's collection, and runs transactions on it.
///
/// What is remembered is only which generation was current. One that is not says so itself: it is sealed, or gone.
final class UserCollections: Sendable {
  let backend: any Backend
  private let views: (any CollectionViews)?
  private let clock: @Sendable () -> Int64
  private let revive: @Sendable (Int64) async throws -> Void
  /// The remembered pointers; emptied when it grows beyond ``mostRemembered``.
  private let pointers = Mutex<[Int64: Int64]>([:])
  private static let mostRemembered = 10_000
  private static let tries = 5

  /// - Parameters:
  ///   - views: what shows the collections to the owner of the database, where the engine does that.
  ///   - clock: milliseconds since 1970.
  ///   - revive: makes the schema of an account that has lost it, because its engine keeps nothing.
  init(
    _ backend: any Backend, views: (any CollectionViews)? = nil, clock: @escaping @Sendable () -> Int64,
    revive: @escaping @Sendable (Int64) async throws -> Void
  ) {
    (self.backend, self.views, self.clock, self.revive) = (backend, views, clock, revive)
  }

  /// Reads the current collection; nil where the account has none yet.
  func read<T: Sendable>(
    _ account: Int64, _ body: @escaping @Sendable (any RowReader, Col) throws -> T
  ) async throws -> T? {
    try await onCurrent(account) { schema in
      try await self.backend.read(schema) { try body($0, $0.col(of: schema)) }
    }
  }

  /// Reads the user's row and then the current collection; nil where the account has none yet.
  func read<T: Sendable>(
    _ account: Int64, _ body: @escaping @Sendable (any RowReader, Col, User) throws -> T
  ) async throws -> T? {
    try await onCurrent(account) { schema in
      try await self.backend.read(.user(account), { try $0.user() }, then: schema) { rows, user in
        try body(rows, rows.col(of: schema), user)
      }
    }
  }

  /// Writes to the current collection; nil where the account has none yet.
  func write<T: Sendable>(
    _ account: Int64, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T? {
    try await onCurrent(account) { try await self.backend.write($0, durability, body) }
  }

  private func onCurrent<T: Sendable>(
    _ account: Int64, _ body: @Sendable (Schema) async throws -> T
  ) async throws -> T? {
    for _ in 0..<Self.tries {
      let generation = try await current(account)
      guard generation > 0 else { return nil }
      do {
        return try await body(.collection(user: account, generation: generation))
      } catch let error as StorageError {
        switch error.code {
        case .sealed(let successor): try await advance(account, from: generation, to: successor)
        case .notFound: forget(account)
        default: throw error
        }
      }
    }
    throw StorageError(.conflict, "the collection is being replaced")
  }

  /// The number of the current generation, 0 where there is none.
  func current(_ account: Int64) async throws -> Int64 {
    if let known = pointers.withLock({ $0[account] }) { return known }
    let generation = try await user(account).generation
    if generation > 0 { remember(account, generation) }
    return generation
  }

  /// The row of the user's own schema.
  func user(_ account: Int64) async throws -> User {
    do {
      return try await readUser(account)
    } catch let error as StorageError where error.code == .notFound {
      try await revive(account)
      return try await readUser(account)
    }
  }

  private func readUser(_ account: Int64) async throws -> User {
    try await backend.read(.user(account)) { try $0.user() }
  }

  /// Moves the pointer behind a seal. The successor was complete and durable before its predecessor was sealed, so
  /// whoever meets the seal may do this (DESIGN, "Full upload").
  func advance(_ account: Int64, from old: Int64, to new: Int64) async throws {
    let now = clock()
    let current = try await backend.write(.user(account), .acknowledged) { rows in
      var user = try rows.user()
      guard user.generation == old else { return user.generation }
      user.generation = new
      try rows.upsert([user])
      var generations = try rows.fetch(Generation.self, .keys([old, new]))
      for index in generations.indices {
        let isNew = generations[index].number == new
        generations[index].state = isNew ? .current : .sealed
        if !isNew { generations[index].replaced = now }
      }
      try rows.upsert(generations)
      return new
    }
    remember(account, current)
  }

  /// Shows the current collection to the owner of the database.
  /// - Returns: where; nil where the engine has no views, or the user no collection.
  /// - Throws: `conflict` where the collection is replaced again and again meanwhile.
  func show(_ account: Int64) async throws -> String? {
    guard let views else { return nil }
    var (shown, place): (Int64, String?) = (0, nil)
    for _ in 0..<Self.tries {
      // Somebody may have shown what he found current after another one had replaced it: the last one to show looks
      // once more.
      let current = try await user(account).generation
      guard current != shown else { return place }
      do {
        place = try await views.show(user: account, generation: current)
        shown = current
      } catch let error as StorageError where error.code == .notFound {
        continue
      }
    }
    throw StorageError(.conflict, "the collection is being replaced")
  }

  func forget(_ account: Int64) { pointers.withLock { _ = $0.removeValue(forKey: account) } }

  private func remember(_ account: Int64, _ generation: Int64) {
    pointers.withLock { known in
      if known.count >= Self.mostRemembered { known.removeAll() }
      known[account] = generation
    }
  }
}

extension RowReader {
  /// - Throws: `sealed` where the collection was replaced.
  fileprivate func col(of schema: Schema) throws -> Col {
    let col = try col()
    guard col.successor == 0 else {
      throw StorageError(.sealed(successor: col.successor), "\(schema) was replaced")
    }
    return col
  }
}
