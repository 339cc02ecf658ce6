import SyncCore
import Testing

extension Law {
  /// Texts that some engine or other takes for equal, in bytewise order (invariants.md J2).
  private static let similar: [Text] = [
    "", " ", "A", "A ", "a", "a\t", "a ", "ab", "e\u{301}", "ss", "ß", "ä", "é", "ﬀ", "\u{FFFD}", "🙂", "🙃",
  ]

  static let text: [Law] = [
    Law(.text, "Texts are equal as keys only where they are the same bytes.") { bench in
      let entries = similar.map { ConfigEntry($0, $0, usn: 1) }
      let schema = try await bench.collection(entries)
      let count = try await bench.backend.read(schema) { try $0.count(ConfigEntry.self) }
      #expect(count == entries.count)
      for entry in entries {
        let found = try await bench.backend.get(ConfigEntry.self, schema, .keys([entry.name]))
        #expect(found == [entry])
      }
      try await bench.backend.write(schema, .relaxed) { try $0.delete(ConfigEntry.self, ["a", "e\u{301}", ""]) }
      let left = try await bench.backend.get(ConfigEntry.self, schema)
      #expect(Set(left.map(\.name)) == Set(similar).subtracting(["a", "e\u{301}", ""]))
    },
    Law(.text, "Text keys are ordered by their bytes.") { bench in
      let schema = try await bench.collection(similar.reversed().map { ConfigEntry($0, "1", usn: 1) })
      let all = try await bench.backend.get(ConfigEntry.self, schema)
      #expect(all.map(\.name) == similar)
      let changed = try await bench.backend.get(ConfigEntry.self, schema, .changed(since: 0, after: nil, limit: 99))
      #expect(changed.map(\.name) == similar)
      for (index, name) in similar.enumerated() {
        let page = try await bench.backend.get(ConfigEntry.self, schema, .page(after: name, limit: 1))
        #expect(page.map(\.name) == Array(similar.dropFirst(index + 1).prefix(1)))
      }
    },
    Law(.text, "Any text without a NUL is kept as it is.") { bench in
      let scalars = (1...0x3_FFFF).filter { $0 % 61 == 0 || $0 < 0x100 || $0 > 0xFF00 }.compactMap(Unicode.Scalar.init)
      let texts: [Text] = [
        "'; DROP TABLE notes; --", "\\'\"`%_?$1:a@b\\", "\r\n\t\u{1F}\u{7F}", "\u{FEFF}bom", "\u{FFFE}\u{FFFF}",
        "👩‍👩‍👧‍👦🇩🇪", "\u{10FFFF}", "trailing  ", "e\u{301}é", Text(String(String.UnicodeScalarView(scalars))),
      ]
      let notes = texts.enumerated().map { Note(Int64($0.offset), flds: $0.element) }
      let schema = try await bench.collection(notes)
      let stored = try await bench.backend.get(Note.self, schema)
      #expect(stored == notes)
    },
    Law(.text, "A row with a NUL in a text is refused as invalid, and nothing of its transaction is kept.") { bench in
      let schema = try await bench.collection([Note(1)])
      for (table, nul) in Nul.all {
        let code = await refusal {
          try await bench.backend.write(schema, .relaxed) { rows in
            try rows.upsert([Note(2)])
            try nul.upsert(rows)
          }
        }
        #expect(code == .invalid, "a NUL in \(table)")
        let notes = try await bench.backend.get(Note.self, schema)
        #expect(notes == [Note(1)])
        let loading = await refusal { try await bench.backend.load(.collection(user: 8, generation: 1), nul.append) }
        #expect(loading == .invalid, "a NUL in \(table), loaded")
      }
    },
    Law(.text, "A key with a NUL names no row.") { bench in
      let schema = try await bench.collection([ConfigEntry("a", "1"), ConfigEntry("", "2")])
      let found = try await bench.backend.get(ConfigEntry.self, schema, .keys(["a\0", "\0", "a"]))
      #expect(found == [ConfigEntry("a", "1")])
      try await bench.backend.write(schema, .relaxed) { try $0.delete(ConfigEntry.self, ["a\0b", "\0"]) }
      let left = try await bench.backend.get(ConfigEntry.self, schema)
      #expect(left == [ConfigEntry("", "2"), ConfigEntry("a", "1")])
    },
  ]
}

/// A row with a NUL in a text, of any kind.
private struct Nul: Sendable {
  let upsert: @Sendable (any RowStore) throws -> Void
  let append: @Sendable (any RowLoader) throws -> Void

  init<R: Row>(_ row: R) {
    upsert = { try $0.upsert([row]) }
    append = { try $0.append([row]) }
  }

  /// One for every table of a collection that has a text, by the table's name.
  static var all: [(String, Nul)] {
    Schema.Kind.collection.rows.compactMap { type in make(type).map { (type.table.name.text, $0) } }
  }

  private static func make<R: Row>(_ type: R.Type) -> Nul? {
    guard R.table.columns.contains(where: { $0.kind == .text }) else { return nil }
    var row = R()
    var spoiler = Spoiler()
    // It throws nothing, and a row that is whole would be found out by the law.
    try? row.columns(&spoiler)
    return Nul(row)
  }

  private struct Spoiler: ColumnVisitor {
    mutating func integer(_ name: StaticString, _ value: inout Int64) {}
    mutating func text(_ name: StaticString, _ value: inout Text) { value = "a\0b" }
    mutating func blob(_ name: StaticString, _ value: inout [UInt8]) {}
  }
}
