import SyncCore
import Synchronization
import Testing

@testable import Server

@Suite("Rows on their way between threads")
struct RowPipeTests {
  private final class Taken: RowLoader, Sendable {
    let ids = Mutex<[Int64]>([])
    let limit: Int

    init(limit: Int = .max) { self.limit = limit }

    func append<R: Row>(_ rows: [R]) throws {
      try ids.withLock { ids in
        ids += rows.compactMap { ($0 as? Review)?.id }
        if ids.count > limit { throw StorageError(.full, "no room") }
      }
    }
  }

  private static func review(_ id: Int64) -> Review {
    var review = Review()
    review.id = id
    return review
  }

  private final class Last: Sendable {
    let id = Mutex<Int64>(0)
  }

  /// Moves so many rows one by one. Each side works on a thread of its own, as engines do.
  private func move(_ count: Int64, into taken: Taken, failing: Bool = false, last: Last = Last()) async throws {
    let (here, there) = (WorkerPool(threads: 1, patience: .seconds(5)), WorkerPool(threads: 1, patience: .seconds(5)))
    let result: Result<Void, any Error>
    do {
      try await RowPipe.run { pipe in
        try await here.run { _ in
          for id in 0..<count {
            try pipe.put([Self.review(id)])
            last.id.withLock { $0 = id }
          }
          if failing { throw StorageError(.corrupt, "cannot read") }
        }
      } to: { pipe in
        try await there.run { _ in try pipe.drain(into: taken) }
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    await here.close()
    await there.close()
    try result.get()
  }

  @Test("everything arrives in its order")
  func order() async throws {
    let taken = Taken()
    try await move(5000, into: taken)
    #expect(taken.ids.withLock { $0 } == Array(0..<5000))
  }

  @Test("a reader that fails is heard by the writer")
  func readerFails() async throws {
    let error = await #expect(throws: StorageError.self) { try await move(10, into: Taken(), failing: true) }
    #expect(error == StorageError(.corrupt, "cannot read"))
  }

  @Test("a writer that fails stops the reader, who is never more than a few batches ahead")
  func writerFails() async throws {
    let last = Last()
    let error = await #expect(throws: StorageError.self) {
      try await move(1_000_000, into: Taken(limit: 100), last: last)
    }
    #expect(error == StorageError(.full, "no room"))
    let put = last.id.withLock { $0 }
    #expect(put < 110)
  }
}
