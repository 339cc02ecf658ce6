import SyncCore
import Testing

extension Law {
  static let selections: [Law] = [
    Law(.selections, "Selecting all gives every row in key order.") { bench in
      let schema = try await bench.collection([3, -1, 2, .max, .min, 0].map { Note($0) })
      let fields = [Field(2, 0), Field(-5, 7), Field(1, 1), Field(1, -1), Field(10, 0)]
      try await bench.backend.put(fields, schema)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes.map(\.id) == [.min, -1, 0, 2, 3, .max])
      let sorted = try await bench.backend.get(Field.self, schema)
      #expect(sorted.map(\.key) == fields.map(\.key).sorted())
    },
    Law(.selections, "Selecting keys gives each row that is there once, and nothing for the others.") { bench in
      let schema = try await bench.collection((1...20).map { Note($0) })
      try await bench.backend.put([Field(1, 0), Field(1, 1), Field(2, 1)], schema)
      let notes = try await bench.backend.get(Note.self, schema, .keys([5, 99, 3, 5, -3, 20]))
      #expect(notes.map(\.id).sorted() == [3, 5, 20])
      let fields = try await bench.backend.get(
        Field.self, schema, .keys([PairKey(1, 1), PairKey(2, 0), PairKey(2, 1)]))
      #expect(fields.map(\.key).sorted() == [PairKey(1, 1), PairKey(2, 1)])
    },
    Law(.selections, "Selecting what changed gives the rows from that usn on, by usn and then key.") { bench in
      let schema = try await bench.collection(
        [Note(1, usn: 7), Note(2, usn: 5), Note(3, usn: 5), Note(4, usn: 4), Note(-1, usn: 7), Note(6, usn: -1)])
      try await bench.backend.put([Grave(.note, 5, usn: 6), Grave(.card, 9, usn: 6), Grave(.deck, 1, usn: 3)], schema)
      try await bench.backend.put([ConfigEntry("b", "1", usn: 2), ConfigEntry("a", "1", usn: 2)], schema)
      let notes = try await bench.backend.get(Note.self, schema, .changed(since: 5, after: nil, limit: 100))
      #expect(notes.map(\.id) == [2, 3, -1, 1])
      let first = try await bench.backend.get(Note.self, schema, .changed(since: .min, after: nil, limit: 3))
      #expect(first.map(\.id) == [6, 4, 2])
      let graves = try await bench.backend.get(Grave.self, schema, .changed(since: 4, after: nil, limit: 100))
      #expect(graves.map(\.key) == [PairKey(0, 9), PairKey(1, 5)])
      let config = try await bench.backend.get(ConfigEntry.self, schema, .changed(since: 2, after: nil, limit: 100))
      #expect(config.map(\.name) == ["a", "b"])
    },
    Law(.selections, "Following the cursor meets every changed row once, however many share a usn.") { bench in
      let notes = (1...50).map { Note($0 * 7 % 51, usn: [3, 5, 5, 5, 9][Int($0 % 5)]) }
      let graves = (1...20).map { Grave($0 % 2 == 0 ? .card : .note, $0 / 3, usn: $0 % 2) }
      let schema = try await bench.collection(notes)
      try await bench.backend.put(graves, schema)
      let followed = try await bench.follow(Note.self, in: schema, since: 4) { $0.usn }
      let wanted = notes.filter { $0.usn >= 4 }.sorted { ($0.usn, $0.id) < ($1.usn, $1.id) }
      #expect(followed == wanted)
      let buried = try await bench.follow(Grave.self, in: schema, since: .min) { $0.usn }
      let keys = Set(graves.map { "\($0.usn) \($0.key)" })
      #expect(buried.count == keys.count && Set(buried.map { "\($0.usn) \($0.key)" }) == keys)
      // A cursor of an earlier usn leaves the bound as it is, and one at the end finds nothing.
      let early = ChangeCursor<Int64>(usn: 3, key: .max)
      let again = try await bench.backend.get(Note.self, schema, .changed(since: 4, after: early, limit: 100))
      #expect(again == wanted)
      let end = ChangeCursor<Int64>(usn: .max, key: .max)
      let nothing = try await bench.backend.get(Note.self, schema, .changed(since: 4, after: end, limit: 100))
      #expect(nothing == [])
    },
    Law(.selections, "Selecting by owner gives the rows of that owner in key order.") { bench in
      let schema = try await bench.collection([Card(4, nid: 1), Card(2, nid: 1), Card(3, nid: 2), Card(5, nid: -1)])
      try await bench.backend.put([Field(2, 1), Field(1, 9), Field(2, 0), Field(3, 0)], schema)
      let staged = [(1, "b"), (1, "a"), (2, "a")].map { session, object in
        Staged(StagedKey(session: session, kind: 0, object: Text(object)), [1])
      }
      try await bench.backend.put(staged, schema)
      let cards = try await bench.backend.get(Card.self, schema, .owned(by: 1))
      #expect(cards.map(\.id) == [2, 4])
      let fields = try await bench.backend.get(Field.self, schema, .owned(by: 2))
      #expect(fields == [Field(2, 0), Field(2, 1)])
      let session = try await bench.backend.get(Staged.self, schema, .owned(by: 1))
      #expect(session == [staged[1], staged[0]])
      let none = try await bench.backend.get(Card.self, schema, .owned(by: 77))
      #expect(none == [])
    },
    Law(.selections, "Following a page's last key meets every row once, in key order.") { bench in
      let fields = (0..<25).map { Field($0 % 4, 10 - $0) }
      let schema = try await bench.collection(fields)
      var (after, met): (PairKey?, [Field]) = (nil, [])
      for _ in fields.indices {
        let page = try await bench.backend.get(Field.self, schema, .page(after: after, limit: 4))
        guard let last = page.last else { break }
        #expect(page.count <= 4)
        met += page
        after = last.key
      }
      #expect(met == fields.sorted { $0.key < $1.key })
    },
    Law(.selections, "A limit of zero or less gives nothing.") { bench in
      let schema = try await bench.collection([Note(1, usn: 1), Note(2, usn: 1)])
      for limit in [0, -1, Int.min] {
        let changed = try await bench.backend.get(Note.self, schema, .changed(since: 0, after: nil, limit: limit))
        let page = try await bench.backend.get(Note.self, schema, .page(after: nil, limit: limit))
        #expect(changed == [] && page == [])
      }
      let all = try await bench.backend.get(Note.self, schema, .page(after: nil, limit: .max))
      #expect(all.count == 2)
    },
    Law(.selections, "A selection that the table has no column for is refused as invalid.") { bench in
      let schema = try await bench.collection([Note(1)])
      #expect(await refusal { _ = try await bench.backend.get(Note.self, schema, .owned(by: 1)) } == .invalid)
      #expect(
        await refusal { _ = try await bench.backend.get(Field.self, schema, .changed(since: 0, after: nil, limit: 9)) }
          == .invalid)
    },
  ]
}

extension Bench {
  /// Every changed row, fetched a few at a time.
  fileprivate func follow<R: Row>(
    _ type: R.Type, in schema: Schema, since: Int64, usn: (R) -> Int64
  ) async throws -> [R] {
    var met: [R] = []
    var cursor: ChangeCursor<R.Key>?
    // An engine that never comes to an end stops here.
    for _ in 0..<100 {
      let page = try await backend.get(type, schema, .changed(since: since, after: cursor, limit: 4))
      guard let last = page.last else { break }
      met += page
      cursor = ChangeCursor(usn: usn(last), key: last.key)
    }
    return met
  }
}
