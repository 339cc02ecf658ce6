import SyncCore
import Testing

@Suite("Counting anew")
struct RecountTests {
  private func differences(_ bench: Bench) async throws -> [Recount.Difference] {
    try await bench.backend.read(Bench.schema) { try Recount($0).differences }
  }

  @Test("counters agree with the rows after every sync")
  func agree() async throws {
    let bench = try await Bench()
    #expect(try await differences(bench) == [])
    try await bench.start()
    try await bench.apply(cards: [Bench.card(1), Bench.card(2, queue: -2), Bench.card(3, queue: -3)])
    try await bench.apply(notes: [Bench.note(1), Bench.note(2)])
    #expect(try await differences(bench) == [])
    try await bench.finish()
    #expect(try await differences(bench) == [])
    var graves = Graves()
    (graves.cards, graves.notes) = ([2], [2])
    try await bench.start(minUSN: 6, graves: graves)
    try await bench.apply(cards: [Bench.card(3, mod: 200)])
    try await bench.finish()
    #expect(try await differences(bench) == [])
    let col = try await bench.col()
    #expect(col.counts[.card] == 2 && col.counts[.note] == 1 && col.buried == 0)
  }

  struct Damage: Sendable, CustomTestStringConvertible {
    let counter: String
    let change: @Sendable (inout Col) -> Void
    var testDescription: String { counter }
  }

  static let damages =
    [
      (ObjectKind.card, "cards"), (.note, "notes"), (.deck, "decks"), (.review, "reviews"), (.notetype, "notetypes"),
      (.deckConfig, "deck options"), (.tag, "tags"), (.config, "configuration"), (.grave, "graves"),
    ].map { kind, name in Damage(counter: name) { $0.counts[kind] += 3 } } + [
      Damage(counter: "buried cards") { $0.buried = 7 },
      Damage(counter: "usn of decks") { $0.highest[.deck] = -4 },
    ]

  @Test("a wrong counter is named, and counted anew under the lock of writers", arguments: damages)
  func repair(damage: Damage) async throws {
    let bench = try await Bench()
    try await bench.backend.write(Bench.schema, .relaxed) { rows in
      var col = try rows.col()
      damage.change(&col)
      try rows.upsert([col])
    }
    #expect(try await differences(bench).map(\.counter) == [damage.counter])
    let repaired = try await bench.backend.write(Bench.schema, .acknowledged) { try Recount.repair($0) }
    #expect(repaired.map(\.counter) == [damage.counter])
    #expect(try await differences(bench) == [])
  }

  @Test("the usn of a row that was deleted may stay the highest")
  func highest() async throws {
    let bench = try await Bench { col, _ in col.highest[.card] = 5 }
    #expect(try await differences(bench) == [])
  }
}
