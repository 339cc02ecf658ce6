import Foundation
import SyncCore

/// Rows on their way from a reader on one thread to a loader on another. Only a few batches are under way: whoever is
/// faster waits for the other.
///
/// Unchecked: everything is read and changed under the lock of the condition.
final class RowPipe: @unchecked Sendable {
  private typealias Batch = (any RowLoader) throws -> Void
  /// How many batches wait at most, and when one is full: rows, or bytes unless a single row has more.
  private static let longest = 4
  static let batchRows = 1000
  static let batchBytes = 1 << 20

  private let condition = NSCondition()
  private var batches: [Batch] = []
  private var end: Result<Void, any Error>?
  private var isAbandoned = false

  private init() {}

  /// Runs both sides at once, each of which may block a thread of its own.
  /// - Parameters:
  ///   - read: puts rows into the pipe.
  ///   - write: takes them with ``drain(into:)``; fails with the reader's error where that fails.
  /// - Returns: what the reader returns.
  static func run<T: Sendable>(
    from read: @escaping @Sendable (RowPipe) async throws -> T,
    to write: (RowPipe) async throws -> Void
  ) async throws -> T {
    let pipe = RowPipe()
    async let reading = pipe.filled(by: read)
    do {
      try await write(pipe)
    } catch {
      pipe.abandon()
      _ = try? await reading
      throw error
    }
    return try await reading
  }

  /// Waits for room, and puts rows into the pipe.
  /// - Throws: `CancellationError` where nobody takes them any more.
  func put<R: Row>(_ rows: [R]) throws {
    try locked {
      while batches.count >= Self.longest, !isAbandoned { condition.wait() }
      if isAbandoned { throw CancellationError() }
      batches.append { try $0.append(rows) }
    }
  }

  /// Hands over everything that comes until the reader has ended.
  /// - Throws: what the reader has thrown, or the loader.
  func drain(into loader: any RowLoader) throws {
    while let batch = try next() { try batch(loader) }
  }

  private func next() throws -> Batch? {
    try locked {
      while batches.isEmpty, end == nil { condition.wait() }
      guard batches.isEmpty else { return batches.removeFirst() }
      try end?.get()
      return nil
    }
  }

  private func filled<T: Sendable>(by read: @Sendable (RowPipe) async throws -> T) async throws -> T {
    do {
      let value = try await read(self)
      finish(.success(()))
      return value
    } catch {
      finish(.failure(error))
      throw error
    }
  }

  private func finish(_ result: Result<Void, any Error>) { locked { end = result } }

  private func abandon() { locked { isAbandoned = true } }

  private func locked<T>(_ body: () throws -> T) rethrows -> T {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return try body()
  }
}
