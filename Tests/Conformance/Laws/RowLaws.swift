import SyncCore
import Testing

extension Law {
  static let rows: [Law] = [
    Law(.rows, "A row comes back as it was stored, in every column.") { bench in
      for (number, kind) in Schema.Kind.allCases.enumerated() {
        for (index, type) in kind.rows.enumerated() {
          try await bench.roundTrip(type, seeds: [3], schema: kind.schema(Int64(number * 100 + index + 1)))
        }
      }
    },
    Law(.rows, "Integers keep all 64 bits, and keys may be negative.") { bench in
      for (index, type) in Schema.Kind.collection.rows.enumerated() {
        try await bench.roundTrip(
          type, seeds: Array(0..<8), schema: .collection(user: 7, generation: Int64(index + 1)))
      }
    },
    Law(.rows, "An empty text and an empty blob are values.") { bench in
      let schema = try await bench.collection([Deck(1, common: []), Deck(2, common: [0])])
      try await bench.backend.put([Tag("", usn: 1), Tag("a", usn: 1)], schema)
      let decks = try await bench.backend.get(Deck.self, schema)
      #expect(decks == [Deck(1, common: []), Deck(2, common: [0])])
      let tags = try await bench.backend.get(Tag.self, schema, .keys([""]))
      #expect(tags == [Tag("", usn: 1)])
    },
    Law(.rows, "Of two rows with one key the last one stays.") { bench in
      let schema = try await bench.collection([Note(1, usn: 1), Note(2, usn: 1), Note(1, usn: 2)])
      try await bench.backend.put([Note(2, usn: 3)], schema)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1, usn: 2), Note(2, usn: 3)])
    },
    Law(.rows, "A row that was replaced is found by its new usn and owner, not by the old ones.") { bench in
      let schema = try await bench.collection([Card(1, nid: 10, usn: 9)])
      try await bench.backend.put([Card(1, nid: 20, usn: 5)], schema)
      let changed = try await bench.backend.get(Card.self, schema, .changed(since: 6, after: nil, limit: 9))
      #expect(changed == [])
      let found = try await bench.backend.get(Card.self, schema, .changed(since: 5, after: nil, limit: 9))
      #expect(found == [Card(1, nid: 20, usn: 5)])
      let old = try await bench.backend.get(Card.self, schema, .owned(by: 10))
      #expect(old == [])
      let new = try await bench.backend.get(Card.self, schema, .owned(by: 20))
      #expect(new == [Card(1, nid: 20, usn: 5)])
    },
    Law(
      .rows, "Deleting removes the rows with these keys and no others; keys without a row are ignored."
    ) { bench in
      let schema = try await bench.collection([Note(1), Note(2), Note(3)])
      try await bench.backend.write(schema, .relaxed) { rows in
        try rows.upsert([Field(1, 0), Field(1, 1), Field(2, 0)])
        try rows.delete(Note.self, [2, 99, 2])
        try rows.delete(Field.self, [PairKey(1, 0), PairKey(0, 1)])
      }
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1), Note(3)])
      let fields = try await bench.backend.get(Field.self, schema)
      #expect(fields == [Field(1, 1), Field(2, 0)])
      let changed = try await bench.backend.get(Note.self, schema, .changed(since: 0, after: nil, limit: 9))
      #expect(changed == [Note(1), Note(3)])
    },
    Law(.rows, "Clearing a table leaves the other tables as they were.") { bench in
      let schema = try await bench.collection([Note(1), Note(2)])
      try await bench.backend.put([Card(1, nid: 1)], schema)
      try await bench.backend.write(schema, .relaxed) { try $0.clear(Note.self) }
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [])
      let changed = try await bench.backend.get(Note.self, schema, .changed(since: 0, after: nil, limit: 9))
      #expect(changed == [])
      let cards = try await bench.backend.get(Card.self, schema)
      #expect(cards == [Card(1, nid: 1)])
    },
    Law(.rows, "Counting gives the rows that are there.") { bench in
      let schema = try await bench.collection((1...100).map { Note($0) })
      let counts = try await bench.backend.write(schema, .relaxed) { rows in
        var counts = [try rows.count(Note.self)]
        try rows.upsert([Note(100, usn: 1), Note(101)])
        counts.append(try rows.count(Note.self))
        try rows.delete(Note.self, [1, 2, 500])
        return counts + [try rows.count(Note.self), try rows.count(Card.self)]
      }
      #expect(counts == [100, 101, 99, 0])
      let after = try await bench.backend.read(schema) { try $0.count(Note.self) }
      #expect(after == 99)
    },
    Law(.rows, "Empty lists of rows and keys do nothing.") { bench in
      let schema = try await bench.collection([Note(1)])
      try await bench.backend.write(schema, .relaxed) { rows in
        try rows.upsert([Note]())
        try rows.delete(Note.self, [])
      }
      let none = try await bench.backend.get(Note.self, schema, .keys([]))
      #expect(none == [])
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1)])
    },
  ]
}

extension Bench {
  /// Stores a row per seed in a new schema, and wants them back in every way.
  fileprivate func roundTrip<R: Row>(_ type: R.Type, seeds: [Int], schema: Schema) async throws {
    let rows = try seeds.map { try Filler.row(type, seed: $0) }
    try await backend.create(schema)
    try await backend.put(rows, schema)
    let sorted = rows.sorted { $0.key < $1.key }
    let (all, keyed, scanned) = try await backend.read(schema) { reader in
      var scanned: [R] = []
      try reader.scan(type) { scanned.append($0) }
      return (try reader.fetch(type, .all), try reader.fetch(type, .keys(rows.map(\.key))), scanned)
    }
    let areSame = (all == sorted, keyed.sorted { $0.key < $1.key } == sorted, scanned == sorted)
    #expect(areSame == (true, true, true), "\(type): all, by key, in a scan")
  }
}

extension Schema.Kind {
  fileprivate func schema(_ number: Int64) -> Schema {
    switch self {
    case .accounts: .accounts
    case .user: .user(number)
    case .collection: .collection(user: 7, generation: number)
    }
  }
}
