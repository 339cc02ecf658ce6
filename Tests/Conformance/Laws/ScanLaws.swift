import SyncCore
import Testing

extension Law {
  static let scansAndLoads: [Law] = [
    Law(.scansAndLoads, "A scan gives every row once, in key order.") { bench in
      let schema = try await bench.collection((1...3_000).reversed().map { Review($0 * 3) })
      try await bench.backend.put([Field(2, 0), Field(1, 1), Field(1, 0)], schema)
      let (reviews, fields) = try await bench.backend.read(schema) { rows in
        var (reviews, fields): ([Int64], [PairKey]) = ([], [])
        try rows.scan(Review.self) { reviews.append($0.id) }
        try rows.scan(Field.self) { fields.append($0.key) }
        return (reviews, fields)
      }
      let areAllThere = reviews == (1...3_000).map { $0 * 3 }
      #expect(areAllThere)
      #expect(fields == [PairKey(1, 0), PairKey(1, 1), PairKey(2, 0)])
    },
    Law(.scansAndLoads, "A scan that throws stops there.") { bench in
      let schema = try await bench.collection((1...100).map { Note($0) })
      let (seen, usable) = try await bench.backend.read(schema) { rows in
        var seen = 0
        do {
          try rows.scan(Note.self) { note in
            seen += 1
            if note.id == 10 { throw Stop() }
          }
          return (-1, 0)
        } catch is Stop {
          return (seen, try rows.fetch(Note.self, .all).count)
        }
      }
      #expect(seen == 10)
      #expect(usable == 100)
    },
    Law(.scansAndLoads, "A scan reads at most a thousand rows ahead.") { bench in
      let schema = try await bench.collection((1...5_000).map { Note($0) })
      let ahead = try await bench.backend.read(schema) { rows in
        let made = Tally()
        var (seen, ahead) = (0, 0)
        try Probe.counting(made) {
          try rows.scan(Probe.self) { _ in
            seen += 1
            ahead = max(ahead, made.value - seen)
          }
        }
        return seen == 5_000 ? ahead : .max
      }
      #expect(ahead <= 1_000)
    },
    Law(
      .scansAndLoads,
      """
      A load is complete and on the disk when it returns; an engine that keeps nothing shows it to every later read.
      """
    ) { bench in
      let schema = Schema.collection(user: 7, generation: 1)
      let answer = try await bench.backend.load(schema) { loader in
        try loader.append([Note(30, usn: 2), Note(10, usn: 1)])
        try loader.append([Card(2, nid: 10), Card(1, nid: 30)])
        try loader.append([Note(20, usn: 1)])
        try loader.append((1...2_000).map { Review($0, usn: $0 % 3) })
        try loader.append([Grave]())
        return "done"
      }
      #expect(answer == "done")
      for backend in [bench.backend, try await bench.later()] {
        let notes = try await backend.get(Note.self, schema, .changed(since: 1, after: nil, limit: 9))
        #expect(notes.map(\.id) == [10, 20, 30])
        let cards = try await backend.get(Card.self, schema, .owned(by: 30))
        #expect(cards == [Card(1, nid: 30)])
        let reviews = try await backend.get(Review.self, schema)
        let areAllThere = reviews == (1...2_000).map { Review($0, usn: $0 % 3) }
        #expect(areAllThere)
      }
      try await bench.backend.put([Note(40)], schema)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes.map(\.id) == [10, 20, 30, 40])
    },
    Law(.scansAndLoads, "A load that throws leaves no schema.") { bench in
      let schema = Schema.collection(user: 7, generation: 1)
      await #expect(throws: Stop.self) {
        try await bench.backend.load(schema) { loader in
          try loader.append([Note(1)])
          throw Stop()
        }
      }
      #expect(await refusal { _ = try await bench.backend.get(Note.self, schema) } == .notFound)
      for backend in [bench.backend, try await bench.later()] {
        let listed = try await backend.schemas()
        #expect(listed == [])
      }
      try await bench.backend.load(schema) { try $0.append([Note(2)]) }
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(2)])
    },
    Law(.scansAndLoads, "A load into a schema that exists is refused as conflict.") { bench in
      let schema = try await bench.collection([Note(1)])
      #expect(await refusal { try await bench.backend.load(schema) { try $0.append([Note(2)]) } } == .conflict)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1)])
    },
    Law(.scansAndLoads, "A key that is loaded twice is refused as invalid.") { bench in
      let loads: [@Sendable (any RowLoader) throws -> Void] = [
        { try $0.append([Note(1), Note(2), Note(1, usn: 3)]) },
        { loader in
          try loader.append([Field(1, 0)])
          try loader.append([Field(1, 0)])
        },
        { try $0.append([Tag("a", usn: 1), Tag("a", usn: 1)]) },
      ]
      for load in loads {
        #expect(await refusal { try await bench.backend.load(.collection(user: 7, generation: 1), load) } == .invalid)
      }
      let listed = try await bench.backend.schemas()
      #expect(listed == [])
    },
    Law(.scansAndLoads, "A schema that is being loaded is not found.") { bench in
      let schema = Schema.collection(user: 7, generation: 1)
      let (began, mayEnd) = (Gate(), Gate())
      let load = Task {
        try await bench.backend.load(schema) { loader in
          try loader.append([Note(1)])
          began.open()
          mayEnd.pass()
        }
      }
      #expect(await began.passed())
      #expect(await refusal { _ = try await bench.backend.get(Note.self, schema) } == .notFound)
      let listed = try await bench.later().schemas()
      #expect(listed == [])
      mayEnd.open()
      try await load.value
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1)])
    },
  ]
}
