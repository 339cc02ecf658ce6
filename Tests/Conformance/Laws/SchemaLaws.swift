import SyncCore
import Testing

extension Law {
  static let schemas: [Law] = [
    Law(.schemas, "Creating a schema again changes nothing.") { bench in
      let schema = try await bench.collection([Note(1)])
      try await bench.backend.create(schema)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [Note(1)])
    },
    Law(
      .schemas,
      """
      A schema that a newer server has written is refused as tooNew; an engine that keeps nothing has no schemas when \
      it is opened.
      """
    ) { bench in
      let schema = try await bench.collection([Note(1)])
      guard case .durable = bench.subject.persistence else {
        let found = try await bench.openAgain().schemas()
        #expect(found == [])
        return
      }
      await bench.backend.close()
      try await bench.age(schema)
      let backend = try await bench.openAgain()
      #expect(await refusal { try await backend.create(schema) } == .tooNew)
      #expect(await refusal { _ = try await backend.get(Note.self, schema) } == .tooNew)
      #expect(await refusal { try await backend.put([Note(2)], schema) } == .tooNew)
    },
    Law(.schemas, "Dropping a schema that is not there does nothing.") { bench in
      try await bench.backend.drop(.user(3))
      let schema = try await bench.collection()
      try await bench.backend.drop(schema)
      try await bench.backend.drop(schema)
      let left = try await bench.backend.schemas()
      #expect(left == [])
    },
    Law(.schemas, "A dropped schema is not found.") { bench in
      let schema = try await bench.collection([Note(1)])
      try await bench.backend.drop(schema)
      #expect(await refusal { _ = try await bench.backend.get(Note.self, schema) } == .notFound)
      #expect(await refusal { try await bench.backend.put([Note(1)], schema) } == .notFound)
      let later = try await bench.later()
      #expect(await refusal { _ = try await later.get(Note.self, schema) } == .notFound)
      try await bench.backend.create(schema)
      let notes = try await bench.backend.get(Note.self, schema)
      #expect(notes == [])
      // Dropped by another process, too.
      try await later.drop(schema)
      #expect(await refusal { _ = try await bench.backend.get(Note.self, schema) } == .notFound)
      #expect(await refusal { try await bench.backend.put([Note(1)], schema) } == .notFound)
    },
    Law(.schemas, "Every schema that was made and not dropped is listed once.") { bench in
      let (first, last) = (Schema.collection(user: 300, generation: 1), Schema.collection(user: 300, generation: 12))
      let made: [Schema] = [.accounts, .user(1), .user(300), first, last, .collection(user: 1, generation: 2)]
      for schema in made + [.user(1)] { try await bench.backend.create(schema) }
      try await bench.backend.drop(first)
      let listed = try await bench.later().schemas()
      #expect(listed.count == made.count - 1)
      #expect(Set(listed) == Set(made).subtracting([first]))
    },
    Law(.schemas, "Schemas share nothing.") { bench in
      let schemas =
        [Schema.collection(user: 1, generation: 1), .collection(user: 1, generation: 2)]
        + [.collection(user: 2, generation: 1), .collection(user: 257, generation: 1)]
      for (number, schema) in schemas.enumerated() {
        try await bench.backend.create(schema)
        try await bench.backend.put([Note(1, usn: Int64(number))], schema)
      }
      for (number, schema) in schemas.enumerated() {
        let notes = try await bench.backend.get(Note.self, schema)
        #expect(notes == [Note(1, usn: Int64(number))])
      }
    },
    Law(.schemas, "A read of two schemas gives what two reads would give, one after the other.") { bench in
      let (one, other) = (try await bench.collection(1), try await bench.collection(2))
      try await bench.backend.put([Note(1)], one)
      try await bench.backend.put([Note(2)], other)
      let found = try await bench.backend.read(one, { try $0.fetch(Note.self, .all) }, then: other) {
        $1 + (try $0.fetch(Note.self, .all))
      }
      #expect(found == [Note(1), Note(2)])
      for (first, second) in [(Schema.user(7), other), (other, .user(7))] {
        let code = await refusal { try await bench.backend.read(first, { _ in }, then: second) { _, _ in } }
        #expect(code == .notFound)
      }
    },
    Law(.schemas, "Reading a schema that does not exist is notFound.") { bench in
      let schema = try await bench.collection()
      let missing: [Schema] = [.accounts, .user(7), .collection(user: 7, generation: 2)]
      for missing in missing {
        #expect(await refusal { try await bench.backend.read(missing) { _ in } } == .notFound)
      }
      let listed = try await bench.backend.schemas()
      #expect(listed == [schema])
    },
    Law(.schemas, "Writing to a schema that does not exist is notFound.") { bench in
      #expect(await refusal { try await bench.backend.write(.user(7), .relaxed) { _ in } } == .notFound)
      let missing = Schema.collection(user: 7, generation: 1)
      #expect(await refusal { try await bench.backend.put([Note(1)], missing) } == .notFound)
      let listed = try await bench.backend.schemas()
      #expect(listed == [])
    },
    Law(.schemas, "Closing waits for what is running.") { bench in
      let (began, mayEnd, ended) = (Gate(), Gate(), Gate())
      let schema = try await bench.collection()
      let write = Task {
        try await bench.backend.write(schema, .acknowledged) { rows in
          began.open()
          mayEnd.pass(within: 5)
          try rows.upsert([Note(1)])
          ended.open()
        }
      }
      #expect(await began.passed())
      await bench.backend.close()
      #expect(ended.isOpen)
      await #expect(throws: Never.self) { try await write.value }
    },
    Law(.schemas, "A closed engine refuses everything as unavailable.") { bench in
      let schema = try await bench.collection()
      let backend = bench.backend
      await backend.close()
      #expect(await refusal { _ = try await backend.get(Note.self, schema) } == .unavailable)
      #expect(await refusal { try await backend.put([Note(1)], schema) } == .unavailable)
      #expect(await refusal { try await backend.create(.user(1)) } == .unavailable)
      #expect(await refusal { try await backend.drop(schema) } == .unavailable)
      #expect(await refusal { _ = try await backend.schemas() } == .unavailable)
      #expect(await refusal { try await backend.load(.user(2)) { _ in } } == .unavailable)
    },
  ]
}
