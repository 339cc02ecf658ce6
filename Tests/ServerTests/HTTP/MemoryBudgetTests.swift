import SyncCore
import Testing

@testable import Server

@Suite struct MemoryBudgetTests {
  @Test("what is taken is not free, and what is given back is")
  func accounts() async throws {
    let budget = MemoryBudget(bytes: 100)
    try await budget.take(60, patience: .seconds(9))
    #expect(budget.free == 40)
    #expect(!budget.takeNow(41))
    #expect(budget.takeNow(40))
    budget.give(100)
    #expect(budget.free == 100)
  }

  @Test("who asks for more than there is gets all of it")
  func clamps() async throws {
    let budget = MemoryBudget(bytes: 100)
    try await budget.take(1_000, patience: .seconds(9))
    #expect(budget.free == 0)
  }

  @Test("nobody overtakes who waits")
  func order() async throws {
    let budget = MemoryBudget(bytes: 100)
    try await budget.take(90, patience: .seconds(9))
    let large = Task { try await budget.take(50, patience: .seconds(9)) }
    while budget.waiting == 0 { await Task.yield() }
    #expect(!budget.takeNow(5))
    let small = Task { try await budget.take(5, patience: .seconds(9)) }
    while budget.waiting == 1 { await Task.yield() }
    budget.give(90)
    try await large.value
    try await small.value
    #expect(budget.free == 45)
  }

  @Test("a wait that is too long is unavailable, and leaves the line to the others")
  func patience() async throws {
    let budget = MemoryBudget(bytes: 100)
    try await budget.take(90, patience: .seconds(9))
    let large = Task { try await budget.take(50, patience: .milliseconds(20)) }
    while budget.waiting == 0 { await Task.yield() }
    let small = Task { try await budget.take(10, patience: .seconds(9)) }
    await #expect(throws: SyncError(.unavailable, "too many requests are held in memory")) { try await large.value }
    try await small.value
    #expect(budget.free == 0)
  }

  @Test("who is cancelled leaves the line")
  func cancellation() async throws {
    let budget = MemoryBudget(bytes: 100)
    try await budget.take(90, patience: .seconds(9))
    let waiter = Task { try await budget.take(50, patience: .seconds(9)) }
    while budget.waiting == 0 { await Task.yield() }
    waiter.cancel()
    await #expect(throws: CancellationError.self) { try await waiter.value }
    #expect(budget.waiting == 0)
    #expect(budget.free == 10)
  }
}
