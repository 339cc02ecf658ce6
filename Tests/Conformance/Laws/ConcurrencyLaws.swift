import SyncCore
import Testing

extension Law {
  static let concurrency: [Law] = [
    Law(.concurrency, "A read sees one moment, whatever is written meanwhile.") { bench in
      let schema = try await bench.collection([Note(1, usn: 1)])
      let (began, mayGoOn) = (Gate(), Gate())
      let read = Task {
        try await bench.backend.read(schema) { rows in
          let before = try rows.fetch(Note.self, .all)
          began.open()
          mayGoOn.pass()
          return (before, try rows.fetch(Note.self, .all), try rows.fetch(Card.self, .all), try rows.count(Note.self))
        }
      }
      #expect(await began.passed())
      try await bench.backend.put([Note(1, usn: 2), Note(2)], schema)
      try await bench.backend.put([Card(1, nid: 1)], schema)
      mayGoOn.open()
      let (before, after, cards, count) = try await read.value
      #expect(before == [Note(1, usn: 1)] && after == before)
      #expect(cards == [] && count == 1)
    },
    Law(.concurrency, "A reader never waits for a writer.") { bench in
      let schema = try await bench.collection([Note(1)])
      let (began, mayEnd) = (Gate(), Gate())
      let write = Task {
        try await bench.backend.write(schema, .relaxed) { rows in
          try rows.upsert([Note(2)])
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      let isQuick = await finishes(within: 10) {
        let notes = try await bench.backend.get(Note.self, schema)
        if notes != [Note(1)] { Issue.record("a reader saw what is not committed") }
      }
      mayEnd.open()
      #expect(isQuick)
      try await write.value
    },
    Law(.concurrency, "Writes to one schema never interleave.") { bench in
      let schema = try await bench.collection([Note(1)])
      let (first, second) = (Gate(), Gate())
      let overlap = Task {
        try await bench.backend.write(schema, .relaxed) { _ in
          first.open()
          return second.pass(within: 0.2)
        }
      }
      #expect(await first.passed())
      try await bench.backend.write(schema, .relaxed) { _ in second.open() }
      let hasOverlapped = try await overlap.value
      #expect(!hasOverlapped)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask { for _ in 0..<10 { try await bench.backend.increment(schema) } }
        }
        try await group.waitForAll()
      }
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1, usn: 80)])
    },
    Law(.concurrency, "Writers of different schemas do not wait for each other.") { bench in
      let (schema, other) = (try await bench.collection(1), try await bench.collection(2))
      let (began, mayEnd) = (Gate(), Gate())
      let write = Task {
        try await bench.backend.write(schema, .relaxed) { _ in
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      let isQuick = await finishes(within: 10) { try await bench.backend.put([Note(1)], other) }
      mayEnd.open()
      #expect(isQuick)
      try await write.value
    },
    Law(.concurrency, "A write that is cancelled while it waits for its turn never begins.") { bench in
      let schema = try await bench.collection()
      let (began, mayEnd, hasBegun) = (Gate(), Gate(), Gate())
      let write = Task {
        try await bench.backend.write(schema, .relaxed) { _ in
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      let waiting = Task { try await bench.backend.write(schema, .relaxed) { _ in hasBegun.open() } }
      // Long enough to be in the line; one that is not yet must not begin either.
      try await Task.sleep(for: .milliseconds(20))
      waiting.cancel()
      let gaveUp = await finishes(within: 10) { try await waiting.value }
      mayEnd.open()
      #expect(gaveUp)
      try await write.value
      await #expect(throws: (any Error).self) { try await waiting.value }
      try await bench.backend.write(schema, .relaxed) { _ in }
      #expect(!hasBegun.isOpen)
    },
    Law(.concurrency, "A write that waits longer than the engine's patience is refused as unavailable.") { bench in
      let backend = try await bench.impatient(patience: 0.1, queue: 100)
      let schema = Schema.collection(user: 7, generation: 1)
      try await backend.create(schema)
      let (began, mayEnd) = (Gate(), Gate())
      let write = Task {
        try await backend.write(schema, .relaxed) { _ in
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      let refused = Gate()
      let waiting = Task {
        if await refusal({ try await backend.put([Note(1)], schema) }) == .unavailable { refused.open() }
      }
      #expect(await refused.passed(within: 10))
      mayEnd.open()
      try await write.value
      await waiting.value
      try await backend.put([Note(2)], schema)
      let notes = try await backend.get(Note.self, schema)
      #expect(notes == [Note(2)])
    },
    Law(
      .concurrency, "A write behind more waiting ones than the engine's queue holds is refused as unavailable."
    ) { bench in
      let backend = try await bench.impatient(patience: 30, queue: 2)
      let schema = Schema.collection(user: 7, generation: 1)
      try await backend.create(schema)
      let (began, mayEnd) = (Gate(), Gate())
      let write = Task {
        try await backend.write(schema, .relaxed) { _ in
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      let refused = Tally()
      let others = (1...5).map { (number: Int64) in
        Task {
          if await refusal({ try await backend.put([Note(number)], schema) }) == .unavailable { refused.add() }
        }
      }
      let areRefused = await finishes(within: 10) {
        while refused.value < 3 { try await Task.sleep(for: .milliseconds(1)) }
      }
      mayEnd.open()
      #expect(areRefused)
      try await write.value
      for other in others { await other.value }
      let stored = try await backend.get(Note.self, schema)
      #expect(refused.value == 3 && stored.count == 2)
    },
  ]
}

extension Backend {
  /// Reads a number and writes the next one, in one transaction.
  fileprivate func increment(_ schema: Schema) async throws {
    try await write(schema, .relaxed) { rows in
      let note = try rows.first(Note.self, 1) ?? Note(1)
      try rows.upsert([Note(1, usn: note.usn + 1)])
    }
  }
}
