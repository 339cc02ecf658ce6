import SyncCore
import Synchronization

/// Connections that wait to be used again. How many there are at once is decided by the threads that use them.
final class ConnectionPool<Server: DatabaseServer>: Sendable {
  private struct Lease: Sendable {
    let connection: Server.Connection
    let opened: ContinuousClock.Instant
  }

  private let server: Server
  private let age: Duration
  private let now: @Sendable () -> ContinuousClock.Instant
  /// The one that was used last is last.
  private let idle = Mutex<[Lease]>([])

  /// - Parameter age: after which a connection is replaced. A session of a server only grows: it remembers every table
  ///   that it has seen.
  init(_ server: Server, age: Duration, now: @escaping @Sendable () -> ContinuousClock.Instant) {
    (self.server, self.age, self.now) = (server, age, now)
  }

  /// Runs `body` with a connection. A cancellation interrupts it; whatever that makes fail is a cancellation.
  func using<T>(_ cancellation: Cancellation, _ body: (Server.Connection) throws -> T) throws -> T {
    let lease = try take()
    defer { give(lease) }
    do {
      return try cancellation.interrupting(with: lease.connection.interrupt) { try body(lease.connection) }
    } catch {
      try cancellation.check()
      throw error
    }
  }

  /// Lets go of all idle ones, which closes them.
  func empty() { idle.withLock { $0 = [] } }

  /// One that is there and alive, or else a new one. What has died meanwhile costs nobody an error.
  private func take() throws -> Lease {
    while let lease = idle.withLock({ $0.popLast() }) {
      if isFresh(lease), lease.connection.state.isUsable { return lease }
    }
    do { return Lease(connection: try server.connect(), opened: now()) } catch let error as StorageError
      where error.code == .invalid
    {
      // That it refuses us is told to those who ask as what it is: no fault of theirs.
      throw StorageError(.unavailable, error.message)
    }
  }

  private func give(_ lease: Lease) {
    guard isFresh(lease), lease.connection.state.isUsable else { return }
    let old = idle.withLock { idle in
      idle.append(lease)
      let old = idle.filter { !isFresh($0) }
      if !old.isEmpty { idle.removeAll { !isFresh($0) } }
      return old
    }
    // Closed here, outside the lock.
    _ = old
  }

  private func isFresh(_ lease: Lease) -> Bool { lease.opened.duration(to: now()) < age }
}
