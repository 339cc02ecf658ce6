import SyncCore

/// Rows on their way from a reader on one thread to a loader on another.
struct RowPipe: Sendable {
  /// When a batch is full: rows, or bytes unless a single row has more.
  static let batchRows = 1000
  static let batchBytes = 1 << 20

  private let batches = Handover<(any RowLoader) throws -> Void>()

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
      pipe.batches.abandon()
      _ = try? await reading
      throw error
    }
    return try await reading
  }

  /// Waits for room, and puts rows into the pipe.
  /// - Throws: `CancellationError` where nobody takes them any more.
  func put<R: Row>(_ rows: [R]) throws { try batches.give { try $0.append(rows) } }

  /// Hands over everything that comes until the reader has ended.
  /// - Throws: what the reader has thrown, or the loader.
  func drain(into loader: any RowLoader) throws { try batches.drain { try $0(loader) } }

  private func filled<T: Sendable>(by read: @Sendable (RowPipe) async throws -> T) async throws -> T {
    do {
      let value = try await read(self)
      batches.end(.success(()))
      return value
    } catch {
      batches.end(.failure(error))
      throw error
    }
  }
}
