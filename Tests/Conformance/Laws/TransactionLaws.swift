import SyncCore
import Testing

/// Thrown by the bodies of laws.
struct Stop: Error, Equatable {
  var reason = 0
}

extension Law {
  static let transactions: [Law] = [
    Law(.transactions, "A transaction reads its own writes.") { bench in
      let schema = try await bench.collection([Note(1, usn: 1), Note(2, usn: 1)])
      let (keyed, changed, count) = try await bench.backend.write(schema, .relaxed) { rows in
        try rows.upsert([Note(1, usn: 5), Note(3, usn: 4)])
        try rows.delete(Note.self, [2])
        return (
          try rows.fetch(Note.self, .keys([1, 2])),
          try rows.fetch(Note.self, .changed(since: 2, after: nil, limit: 9)), try rows.count(Note.self)
        )
      }
      #expect(keyed == [Note(1, usn: 5)])
      #expect(changed == [Note(3, usn: 4), Note(1, usn: 5)])
      #expect(count == 2)
    },
    Law(.transactions, "A body that throws leaves no trace.") { bench in
      let schema = try await bench.collection([Note(1), Note(2)])
      await #expect(throws: Stop.self) {
        try await bench.backend.write(schema, .acknowledged) { rows in
          try rows.upsert([Note(1, usn: 9), Note(3)])
          try rows.delete(Note.self, [2])
          try rows.upsert([Card(1, nid: 1)])
          throw Stop()
        }
      }
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1), Note(2)])
      let cards = try await bench.backend.get(Card.self, schema)
      #expect(cards == [])
      try await bench.backend.put([Note(4)], schema)
      let after = try await bench.backend.get(Note.self, schema)
      #expect(after == [Note(1), Note(2), Note(4)])
    },
    Law(.transactions, "A body that goes on after a row was refused keeps nothing either, and its write throws.") {
      bench in
      let schema = try await bench.collection([Note(1)])
      let code = await refusal {
        try await bench.backend.write(schema, .relaxed) { rows in
          try rows.upsert([Note(2)])
          _ = Result { try rows.upsert([Note(3), Note(4, flds: "\0")]) }
          try rows.upsert([Note(5)])
        }
      }
      #expect(code == .invalid)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1)])
      let loading = await refusal {
        try await bench.backend.load(.collection(user: 8, generation: 1)) { loader in
          _ = Result { try loader.append([Note(1), Note(1)]) }
          try loader.append([Note(2)])
        }
      }
      #expect(loading == .invalid)
    },
    Law(.transactions, "What a body throws is thrown as it was.") { bench in
      let schema = try await bench.collection()
      await #expect(throws: Stop(reason: 1)) { try await bench.backend.read(schema) { _ in throw Stop(reason: 1) } }
      await #expect(throws: Stop(reason: 2)) {
        try await bench.backend.write(schema, .relaxed) { _ in throw Stop(reason: 2) }
      }
      await #expect(throws: Stop(reason: 3)) {
        try await bench.backend.load(.user(7)) { _ in throw Stop(reason: 3) }
      }
    },
    Law(.transactions, "A body whose task is cancelled fails at its next call.") { bench in
      let schema = try await bench.collection([Note(1)])
      for writes in [false, true] {
        let began = Gate()
        let loop: @Sendable (any RowReader) throws -> Void = { rows in
          let end = ContinuousClock.now.advanced(by: .seconds(5))
          while ContinuousClock.now < end {
            _ = try rows.first(Note.self, 1)
            began.open()
          }
        }
        let task = Task {
          if writes {
            try await bench.backend.write(schema, .relaxed) { try loop($0) }
          } else {
            try await bench.backend.read(schema, loop)
          }
        }
        #expect(await began.passed())
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
      }
    },
    Law(.transactions, "A cancelled write leaves no trace.") { bench in
      let schema = try await bench.collection([Note(1)])
      let (began, mayEnd) = (Gate(), Gate())
      let write = Task {
        try await bench.backend.write(schema, .acknowledged) { rows in
          try rows.upsert([Note(1, usn: 9), Note(2)])
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      write.cancel()
      mayEnd.open()
      await #expect(throws: (any Error).self) { try await write.value }
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1)])
      try await bench.backend.put([Note(3)], schema)
      let after = try await bench.backend.get(Note.self, schema)
      #expect(after == [Note(1), Note(3)])
    },
    Law(.transactions, "A write to a sealed collection is refused as sealed, with its successor.") { bench in
      let schema = try await bench.collection([Note(1)])
      try await bench.backend.put([Col(usn: 5)], schema)
      try await bench.backend.put([Col(usn: 5, successor: 12)], schema, .acknowledged)
      let sealed = StorageError.Code.sealed(successor: 12)
      #expect(await refusal { try await bench.backend.put([Note(2)], schema) } == sealed)
      #expect(await refusal { try await bench.backend.put([Col(usn: 6)], schema, .acknowledged) } == sealed)
      for backend in [bench.backend, try await bench.later()] {
        #expect(await refusal { try await backend.write(schema, .relaxed) { _ in } } == sealed)
        let notes = try await backend.get(Note.self, schema)
        #expect(notes == [Note(1)])
      }
      try await bench.backend.drop(schema)
    },
    Law(
      .transactions,
      """
      An acknowledged write is on the disk when it returns; an engine that keeps nothing shows it to every later read.
      """
    ) { bench in
      let schema = try await bench.collection([Note(1, usn: 1)])
      let value = try await bench.backend.write(schema, .acknowledged) { rows in
        try rows.upsert([Note(2, usn: 2), Note(1, usn: 3)])
        return 42
      }
      #expect(value == 42)
      let notes = try await bench.later().get(Note.self, schema)
      #expect(notes == [Note(1, usn: 3), Note(2, usn: 2)])
    },
    Law(.transactions, "A relaxed write is seen by every read that begins after it has returned.") { bench in
      let schema = try await bench.collection()
      for number in 1...20 {
        try await bench.backend.put([Note(1, usn: Int64(number))], schema, .relaxed)
        let notes = try await bench.backend.get(Note.self, schema)
        #expect(notes == [Note(1, usn: Int64(number))])
      }
    },
  ]
}
