import Dispatch
import Foundation
import SyncCore
import Synchronization
import Testing

@Suite("Turns and threads")
struct WaitingTests {
  @Test("as many are inside at once as there is room for", arguments: [1, 3])
  func turns(width: Int) async throws {
    let turns = Turns<Int>(width: width, length: 100, patience: .seconds(30))
    let inside = Inside()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await turns.take(1) {
            inside.come()
            await Task.yield()
            inside.go()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(inside.most <= width)
  }

  @Test("a turn is free again after an error, a cancellation and a refusal")
  func failures() async throws {
    let turns = Turns<Int>(length: 0, patience: .seconds(30))
    await #expect(throws: StorageError.self) {
      try await turns.take(1) { try await turns.take(1) {} }
    }
    await #expect(throws: CancellationError.self) {
      try await turns.take(1) { throw CancellationError() }
    }
    let value = try await turns.take(1) { 5 }
    #expect(value == 5)
  }

  @Test("a pool of one thread does everything, one after the other, off the cooperative threads")
  func oneThread() async throws {
    let pool = WorkerPool(threads: 1, patience: .seconds(30))
    let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<200 { group.addTask { try await pool.run { _ in number } } }
      return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
    }
    #expect(numbers.count == 200)
    let first = try await pool.run { _ in ObjectIdentifier(Thread.current) }
    let second = try await pool.run { _ in ObjectIdentifier(Thread.current) }
    #expect(first == second)
    await pool.close()
  }

  @Test("work waits for a thread only so long")
  func patience() async throws {
    let pool = WorkerPool(threads: 1, patience: .milliseconds(20))
    let mayEnd = DispatchSemaphore(value: 0)
    let (started, start) = AsyncStream.makeStream(of: Void.self)
    let long = Task {
      try await pool.run { _ in
        start.finish()
        mayEnd.wait()
      }
    }
    for await _ in started {}
    let refused = await #expect(throws: StorageError.self) { try await pool.run { _ in } }
    #expect(refused?.code == .unavailable)
    mayEnd.signal()
    try await long.value
    try await pool.run { _ in }
    await pool.close()
    await #expect(throws: StorageError.self) { try await pool.run { _ in } }
  }
}

private final class Inside: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }
  func come() { counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }
  func go() { counts.withLock { $0.now -= 1 } }
}
