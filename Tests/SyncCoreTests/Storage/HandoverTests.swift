import SyncCore
import Synchronization
import Testing

@Suite("What one thread hands to another")
struct HandoverTests {
  /// Which of the two works on a thread of its own.
  enum Side: CaseIterable, Sendable { case giver, taker }

  private struct Wrong: Error, Equatable { let who: String }

  private func run(
    _ side: Side, giving give: @escaping (Handover<Int>) throws -> Void,
    taking take: @escaping (Handover<Int>) throws -> Void
  ) throws {
    switch side {
    case .giver: try Handover<Int>.run(giving: give, taking: take)
    case .taker: try Handover<Int>.run(taking: take, giving: give)
    }
  }

  @Test("everything arrives in its order", arguments: Side.allCases)
  func order(side: Side) throws {
    let taken = Mutex<[Int]>([])
    try run(side) { handover in
      for number in 0..<5000 { try handover.give(number) }
    } taking: { handover in
      try handover.drain { number in taken.withLock { $0.append(number) } }
    }
    #expect(taken.withLock { $0 } == Array(0..<5000))
  }

  @Test("a giver that fails is heard by the taker, behind what it gave", arguments: Side.allCases)
  func giverFails(side: Side) {
    let taken = Mutex(0)
    let error = #expect(throws: Wrong.self) {
      try run(side) { handover in
        for number in 1...10 { try handover.give(number) }
        throw Wrong(who: "giver")
      } taking: { handover in
        try handover.drain { number in taken.withLock { $0 = number } }
      }
    }
    #expect(error == Wrong(who: "giver"))
    #expect(taken.withLock { $0 } == 10)
  }

  @Test("a taker that fails stops the giver, who is never more than a few things ahead", arguments: Side.allCases)
  func takerFails(side: Side) {
    let given = Mutex(0)
    let error = #expect(throws: Wrong.self) {
      try run(side) { handover in
        for number in 0..<1_000_000 {
          try handover.give(number)
          given.withLock { $0 = number }
        }
      } taking: { handover in
        try handover.drain { if $0 == 100 { throw Wrong(who: "taker") } }
      }
    }
    #expect(error == Wrong(who: "taker"))
    #expect(given.withLock { $0 } < 110)
  }

  @Test("what is heavy is not joined by others, and what is too heavy goes alone", arguments: Side.allCases)
  func weight(side: Side) throws {
    let given = Mutex(0)
    let farthest = Mutex(0)
    try run(side) { handover in
      for number in 1...100 {
        try handover.give(number, weight: 1000)
        given.withLock { $0 = number }
      }
    } taking: { handover in
      try handover.drain { number in
        // One may be waiting behind it.
        let ahead = given.withLock { $0 } - number
        farthest.withLock { $0 = max($0, ahead) }
      }
    }
    #expect(farthest.withLock { $0 } <= 1)
  }

  @Test("a taker that ends early stops the giver, too", arguments: Side.allCases)
  func takerEnds(side: Side) {
    #expect(throws: CancellationError.self) {
      try run(side) { handover in
        for number in 0..<1_000_000 { try handover.give(number) }
      } taking: {
        $0.abandon()
      }
    }
  }
}
