import SyncCore
import Testing

extension Law {
  static let limits: [Law] = [
    Law(.limits, "A text and a blob may hold a megabyte.") { bench in
      let size = 1 << 20
      let note = Note(1, flds: Text(String(repeating: "é", count: size / 2)))
      let deck = Deck(1, common: (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
      let schema = try await bench.collection([note])
      try await bench.backend.put([deck], schema)
      let notes = try await bench.backend.get(Note.self, schema)
      let decks = try await bench.backend.get(Deck.self, schema)
      try await bench.backend.load(.collection(user: 8, generation: 1)) { try $0.append([note]) }
      let loaded = try await bench.backend.get(Note.self, .collection(user: 8, generation: 1))
      // As truth values: nobody wants to read the difference.
      let areSame = (notes == [note], decks == [deck], loaded == [note])
      #expect(areSame == (true, true, true))
    },
    Law(.limits, "Ten thousand rows can be given at once.") { bench in
      let notes = (1...10_000).map { Note($0, usn: $0 % 7) }
      let keys = notes.map(\.id)
      let schema = try await bench.collection(notes)
      try await bench.backend.put(notes, schema)
      let stored = try await bench.backend.get(Note.self, schema)
      let named = try await bench.backend.get(Note.self, schema, .keys(keys.reversed()))
      // As truth values: nobody wants to read the difference.
      let areSame = (stored == notes, named.map(\.id).sorted() == keys)
      #expect(areSame == (true, true))
      try await bench.backend.write(schema, .relaxed) { try $0.delete(Note.self, keys.dropLast()) }
      let left = try await bench.backend.get(Note.self, schema)
      #expect(left.count == 1 && left.first?.id == 10_000)
    },
    Law(.limits, "Two hundred schemas can be in use at once.") { bench in
      let schemas = (1...200).map { Schema.user($0) }
      for schema in schemas { try await bench.backend.create(schema) }
      for round in 1...2 {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for schema in schemas {
            var user = User()
            user.mediaUSN = Int64(round)
            group.addTask { [user] in try await bench.backend.put([user], schema) }
          }
          try await group.waitForAll()
        }
      }
      for schema in schemas {
        let users = try await bench.backend.get(User.self, schema)
        #expect(users.map(\.mediaUSN) == [2])
      }
      let listed = try await bench.backend.schemas()
      #expect(Set(listed) == Set(schemas))
    },
  ]
}
