import AnkiFormats
import Testing

private func reading<T>(_ text: String, _ body: (JSONReader) throws -> T) throws -> T {
  try Array(text.utf8).withUnsafeBufferPointer { try body(JSONReader($0)) }
}

@Suite("JSON reader")
struct JSONReaderTests {
  @Test("the elements of a list deep inside come one by one, unknown keys are skipped")
  func elements() throws {
    let text = #" { "x":{"cards":[9]},"chunk":{"done":true,"cards":[ [1,"a"] , 2,{}],"y":[[[]]]}} "#
    var seen: [JSONValue] = []
    let isList = try reading(text) { reader in
      let chunk = try #require(try reader.members(["chunk"])?[0])
      let cards = try #require(try chunk.members(["cards"])?[0])
      return try cards.forEachElement { seen.append($0) }
    }
    #expect(isList)
    #expect(seen == [.array([.int(1), .string("a")]), .int(2), .object([:])])
  }

  @Test("of equal keys the last one is found, and a missing one is nil")
  func members() throws {
    try reading(#"{"a":1,"b":null,"\u0061":2}"#) { reader in
      let found = try #require(try reader.members(["a", "b", "c"]))
      #expect(try found[0]?.value() == .int(2))
      #expect(try found[1]?.isNull() == true)
      #expect(found[2] == nil)
    }
  }

  @Test("what is no object has no members, and what is no list no elements")
  func otherKinds() throws {
    #expect(try reading("[1]") { try $0.members(["a"]) } == nil)
    #expect(try reading("{}") { try $0.forEachElement { _ in } } == false)
    #expect(try reading("[]") { try $0.elements(atMost: 2)?.count } == 0)
    #expect(try reading("[1,2]") { try $0.elements(atMost: 2)?.count } == 2)
    #expect(try reading("[1,2,3]") { try $0.elements(atMost: 2)?.count } == nil)
  }

  @Test("a body that throws stops the walk")
  func stops() throws {
    struct Enough: Error {}
    var count = 0
    #expect(throws: Enough.self) {
      try reading("[1,2,3]") { reader in
        try reader.forEachElement { _ in
          count += 1
          if count == 2 { throw Enough() }
        }
      }
    }
    #expect(count == 2)
  }

  @Test("skipping refuses what reading refuses")
  func sameGrammar() throws {
    var random = SplitMix(state: 11)
    let spoilers = Array(#"{}[],:"\u0019eE+-.tfn "#.utf8) + [0x01, 0x0A, 0xC3]
    for _ in 0..<4000 {
      var bytes = Array("{\"a\":".utf8) + JSONWriter.bytes(of: .random(&random, depth: 3)) + Array("}".utf8)
      for _ in 0..<Int.random(in: 0...2, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = spoilers.randomElement(using: &random) ?? 0
      }
      let read = Result { try JSONValue(parsing: bytes) }
      let skipped = Result { try bytes.withUnsafeBufferPointer { try JSONReader($0).members([])?.count } }
      switch read {
      case .success(let value): #expect((try? skipped.get()) == (value.object == nil ? nil : 0))
      case .failure(let error as JSONError) where error.kind == .notUTF8: break
      // The members of what is no object are not looked for, so its faults are not found.
      case .failure: #expect((try? skipped.get()) == nil)
      }
    }
  }
}
