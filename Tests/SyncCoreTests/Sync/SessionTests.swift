import SyncCore
import Testing

@Suite("Sessions")
struct SessionTests {
  /// Applies something of every kind.
  private func applyEverything(_ bench: Bench) async throws {
    try await bench.call { try $0.applyGraves(Graves(decks: [77])) }
    var changes = Changes()
    changes.decks = [Bench.deck(2, "Second", mtime: 5)]
    changes.tags = ["tag"]
    changes.config = [ConfigEntry("curDeck", "1")]
    changes.crt = 1_600_000_000
    _ = try await bench.call { [changes] in try $0.applyChanges(changes) }
    try await bench.apply(cards: [Bench.card(3)], notes: [Bench.note(3)], reviews: [Bench.review(3)])
  }

  @Test("A1: an aborted sync leaves no trace")
  func abortLeavesNoTrace() async throws {
    let bench = try await Bench()
    try await bench.start()
    let before = try await bench.base()
    try await applyEverything(bench)
    try await bench.call { try $0.abort() }
    #expect(try await bench.base() == before)
    while try await bench.backend.write(Bench.schema, .relaxed, { try Sweep.staged($0, now: 0) }) {}
    #expect(try await bench.rows(Staged.self).isEmpty)
  }

  @Test("A3: an abandoned sync is dead after five idle minutes")
  func idleSessionsDie() async throws {
    let bench = try await Bench()
    try await bench.start()
    let later = 2_000_000_000_000 + 5 * 60 * 1000 + 1 as Int64
    await #expect(throws: SyncError.self) { try await bench.call(now: later) { try $0.chunk() } }
  }

  @Test("A4: a sync becomes visible in one step, at finish")
  func visibleAtFinish() async throws {
    let bench = try await Bench()
    try await bench.start()
    let before = try await bench.base()
    try await applyEverything(bench)
    #expect(try await bench.base() == before)
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.notes.map(\.id) == [3])
    #expect(after.cards.map(\.id) == [3])
    #expect(after.reviews.map(\.id) == [3])
    #expect(after.decks.map(\.id) == [1, 2])
    #expect(after.tags.map(\.name) == ["tag"])
    #expect(after.graves == [Grave(.deck, 77, usn: 5)])
    #expect(after.col.crt == 1_600_000_000)
    #expect(try await bench.rows(ConfigEntry.self).map(\.name) == ["curDeck"])
  }

  @Test("A6: after bad, nothing of the session is kept and further calls of it are refused")
  func badEndsTheSession() async throws {
    let bench = try await Bench()
    try await bench.start()
    let before = try await bench.base()
    try await applyEverything(bench)
    let sanity = try await bench.call { try $0.sanityCheck(SanityCounts()) }
    #expect(!sanity.isOK)
    await #expect(throws: SyncError(.sessionConflict, "no sync is running")) { try await applyEverything(bench) }
    await #expect(throws: SyncError(.sessionConflict, "no sync is running")) {
      try await bench.call { try $0.finish() }
    }
    #expect(try await bench.base() == before)
  }

  @Test("A7: a new start supersedes the old session")
  func startSupersedes() async throws {
    let bench = try await Bench()
    try await bench.start("old")
    try await bench.apply("old", notes: [Bench.note(3)])
    try await bench.start("new")
    await #expect(throws: SyncError(.sessionConflict, "another sync has taken over")) {
      try await bench.apply("old", notes: [Bench.note(4)])
    }
    try await bench.finish("new")
    #expect(try await bench.base().notes.isEmpty)
  }

  @Test("A8: only calls with the session's key are part of it")
  func otherKeysAreRefused() async throws {
    let bench = try await Bench()
    try await bench.start("mine")
    await #expect(throws: SyncError.self) { try await bench.apply("yours", notes: [Bench.note(3)]) }
    #expect(try await bench.rows(Staged.self).isEmpty)
  }

  @Test("A10: a duplicated request changes nothing more")
  func duplicatesChangeNothing() async throws {
    let bench = try await Bench()
    try await bench.start()
    try await applyEverything(bench)
    let counts = try await bench.sessionCounts()
    try await applyEverything(bench)
    #expect(try await bench.sessionCounts() == counts)
    try await bench.finish()
    let after = try await bench.base()
    #expect(after.decks.map(\.name) == ["Default", "Second"])
    #expect(after.col.counts[.note] == 1)
    #expect(after.col.counts[.grave] == 1)
    #expect(after.col.counts[.config] == 1)
  }

  @Test("A11: abort without a session does nothing; H2: it ends only the caller's own")
  func abortIsOwn() async throws {
    let bench = try await Bench()
    try await bench.call { try $0.abort() }
    try await bench.start()
    try await bench.call("other", key: "key2") { try $0.abort() }
    try await bench.apply(notes: [Bench.note(3)])
    try await bench.call("other", key: "key1") { try $0.abort() }
    await #expect(throws: SyncError.self) { try await bench.apply(notes: [Bench.note(4)]) }
  }

  @Test("A15: finish needs a sanity check that was ok, with no apply call after it")
  func finishNeedsSanity() async throws {
    let bench = try await Bench()
    try await bench.start()
    await #expect(throws: SyncError.self) { try await bench.call { try $0.finish() } }
    let counts = try await bench.sessionCounts()
    let sanity = try await bench.call { try $0.sanityCheck(counts) }
    #expect(sanity.isOK)
    try await bench.apply(notes: [Bench.note(3)])
    await #expect(throws: SyncError.self) { try await bench.call { try $0.finish() } }
    #expect(try await bench.base().notes.isEmpty)
  }

  @Test("B3: usn grows by one per finished sync; B4: mod grows even when the clock goes back")
  func stamps() async throws {
    let bench = try await Bench()
    try await bench.start()
    let first = try await bench.finish()
    try await bench.start("s2", minUSN: 6)
    let second = try await bench.finish("s2", now: first - 3_600_000)
    #expect(second == first + 1)
    let col = try await bench.col()
    #expect(col.usn == 7)
    #expect(col.mod == second && col.ls == second)
    #expect(col.scm == 900)
  }

  @Test("B11: a client from the future sends every device through a full sync")
  func futureClients() async throws {
    let bench = try await Bench()
    let started = try await bench.call { try $0.start(StartRequest(minUSN: 6, clientIsNewer: false)) }
    #expect(started == .clientIsAhead)
    let col = try await bench.col()
    #expect(col.scm == 2_000_000_000_000 && col.mod == 2_000_000_000_000)
    #expect(try await bench.rows(Session.self).isEmpty)
  }

  @Test("D3: every pending row arrives exactly once, done last", arguments: [0, 1, 249, 250, 251, 500, 501])
  func chunks(count: Int) async throws {
    let bench = try await Bench { col, loader in
      for index in 0..<Int64(count) {
        switch index % 3 {
        case 0: try loader.append([Bench.note(1000 + index, usn: 5 + index % 2)])
        case 1: try loader.append([Bench.card(1000 + index, usn: 5)])
        default: try loader.append([Bench.review(1000 + index, usn: 6)])
        }
      }
      for kind in [ObjectKind.note, .card, .review] { col.highest[kind] = 6 }
      col.usn = 7
    }
    try await bench.start()
    var seen: [Int64] = []
    var isDone = false
    while !isDone {
      let chunk = try await bench.call { try $0.chunk() }
      #expect(chunk.count <= SyncCall.chunkSize)
      seen += chunk.notes.map(\.id) + chunk.cards.map(\.id) + chunk.reviews.map(\.id)
      isDone = chunk.done
    }
    #expect(seen.sorted() == (0..<Int64(count)).map { $0 + 1000 })
  }

  @Test("C14: a client is not sent what it has just sent, nor what it has just deleted")
  func noEcho() async throws {
    let bench = try await Bench { col, loader in
      try loader.append([Bench.note(1, usn: 5), Bench.note(2, usn: 5)])
      (col.counts[.note], col.highest[.note]) = (2, 5)
    }
    try await bench.start(graves: Graves(notes: [1]))
    try await bench.apply(notes: [Bench.note(3)])
    let chunk = try await bench.call { try $0.chunk() }
    #expect(chunk.notes.map(\.id) == [2])
  }

  @Test("a session that ends without a finish takes what it staged with it")
  func endedSessions() async throws {
    let endings: [@Sendable (SyncCall) throws -> Void] = [
      { try $0.abort() }, { try $0.fail() }, { _ = try $0.sanityCheck(nil) },
      { _ = try $0.start(StartRequest(minUSN: .max, clientIsNewer: false)) },
    ]
    for ending in endings {
      let bench = try await Bench()
      try await bench.start()
      try await bench.apply(notes: [Bench.note(3)])
      #expect(try await bench.rows(Staged.self).count == 1)
      try await bench.call { try ending($0) }
      #expect(try await bench.rows(Staged.self).isEmpty)
      #expect(try await bench.rows(Session.self).isEmpty)
    }
  }

  @Test("a start removes what dead sessions staged; a finish of many rows leaves them to the sweep")
  func deadRows() async throws {
    let bench = try await Bench()
    try await bench.start("dead")
    try await bench.apply("dead", notes: [Bench.note(3)])
    try await bench.start()
    #expect(try await bench.rows(Staged.self).isEmpty)

    try await bench.apply(reviews: (0..<2500).map { Bench.review($0) })
    let counts = try await bench.sessionCounts()
    _ = try await bench.call { try $0.sanityCheck(counts) }
    let finished = try await bench.call { try $0.finish() }
    #expect(finished.leavesStagedRows)
    #expect(try await bench.rows(Review.self).count == 2500)
    var sweeps = 1
    while try await bench.backend.write(Bench.schema, .relaxed, { try Sweep.staged($0, now: 0) }) { sweeps += 1 }
    #expect(sweeps == 3)
    #expect(try await bench.rows(Staged.self).isEmpty)
  }
}
