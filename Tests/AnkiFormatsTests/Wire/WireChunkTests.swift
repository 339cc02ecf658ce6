import AnkiFormats
import SyncCore
import Testing

private func batches(_ text: String, limit: Int = 500) throws -> [Chunk] {
  var batches: [Chunk] = []
  try Array(text.utf8).withUnsafeBufferPointer { bytes in
    try Wire.forEachBatch(inChunk: bytes, limit: limit) { batches.append($0) }
  }
  return batches
}

private let review = "[1795219481909,1795219444207,3,3,-600,0,0,0,0]"
private let card =
  #"[1795219444207,1795219444208,1,0,1795219481,3,1,1,1795220109,0,2500,1,0,1001,7,-9,5,"{\"pos\":1}"]"#
private let note =
  #"[1795219481863,"F<cyA1wr6<",1795219441499,1795219481,3," Parent::child2 zeta ","{{c1::a}}\u001f","","",0,""]"#

@Suite("chunks")
struct WireChunkTests {
  @Test("rows are read and written as clients write them")
  func roundTrip() throws {
    let text = #"{"done":true,"revlog":["# + review + #"],"cards":["# + card + #"],"notes":["# + note + "]}"
    var chunk = try #require(try batches(#"{"chunk":"# + text + "}").first)
    #expect(chunk.reviews[0].ivl == -600)
    #expect(chunk.cards[0].nid == 1_795_219_444_208)
    #expect(chunk.cards[0].odid == -9)
    #expect(chunk.cards[0].data == #"{"pos":1}"#)
    #expect(chunk.notes[0].guid == "F<cyA1wr6<")
    #expect(chunk.notes[0].tags == " Parent::child2 zeta ")
    #expect(chunk.notes[0].flds == "{{c1::a}}\u{1F}")
    chunk.done = true
    #expect(try String(decoding: Wire.encode(chunk), as: UTF8.self) == text)
  }

  @Test("reviews come before cards before notes, whatever their order in the text, in batches of the limit")
  func order() throws {
    let list = { (row: String, count: Int) in "[" + Array(repeating: row, count: count).joined(separator: ",") + "]" }
    let text =
      #"{"chunk":{"notes":"# + list(note, 3) + #","cards":"# + list(card, 4) + #","revlog":"# + list(review, 5) + "}}"
    let sizes = try batches(text, limit: 3).map { [$0.reviews.count, $0.cards.count, $0.notes.count] }
    #expect(sizes == [[3, 0, 0], [2, 1, 0], [0, 3, 0], [0, 0, 3]])
    #expect(try batches(text).map(\.count) == [12])
  }

  @Test(
    "missing, empty and null lists are empty",
    arguments: [#"{"chunk":{}}"#, #"{"chunk":{"done":true,"cards":[],"notes":null,"x":[1]}}"#])
  func empty(text: String) throws {
    #expect(try batches(text).isEmpty)
  }

  @Test(
    "what is no chunk is invalid",
    arguments: [
      "", "null", "{}", #"{"chunk":[]}"#, #"{"chunk":{"cards":{}}}"#, #"{"chunk":{"notes":[1]}}"#, #"{"chunk":{}}1"#,
    ]
  )
  func broken(text: String) {
    let error = #expect(throws: SyncError.self) { try batches(text) }
    #expect(error?.code == .invalid)
  }

  @Test("a body that throws ends the walk with its own error")
  func stops() {
    struct Enough: Error {}
    #expect(throws: Enough.self) {
      try Array((#"{"chunk":{"cards":["# + card + "]}}").utf8).withUnsafeBufferPointer { bytes in
        try Wire.forEachBatch(inChunk: bytes, limit: 1) { _ in throw Enough() }
      }
    }
  }
}

@Suite("rows on the wire")
struct RowTupleTests {
  /// The row with one element replaced (or removed), read as the only row of its list.
  private func changed(_ list: String, _ row: String, _ index: Int, _ value: JSONValue?) throws -> Chunk {
    var elements = try #require(try JSONValue(parsing: row.utf8).array)
    if let value { elements[index] = value } else { elements.remove(at: index) }
    let body = JSONValue.object(["chunk": .object([list: .array([.array(elements)])])])
    return try #require(try batches(String(decoding: JSONWriter.bytes(of: body), as: UTF8.self)).first)
  }

  /// The elements of the only row of a list, as it is sent.
  private func sent(_ list: String, _ chunk: Chunk) throws -> [JSONValue] {
    let reply = try JSONValue(parsing: Wire.encode(chunk)).object
    return try #require(reply?[list]?.array?.first?.array)
  }

  @Test(
    "numbers of cards outside their range or kind are invalid",
    arguments: [
      (0, .number("1.0")), (1, .null), (2, .string("1")), (3, .int(65536)), (3, .int(-1)), (3, .number("0.0")),
      (4, .string("1")), (5, .number("3.0")), (6, .int(4)), (6, .int(-1)), (7, .int(5)), (7, .int(-4)),
      (8, .string("1")),
      (9, .null), (10, .int(65536)), (10, .number("2500.0")), (11, .int(-1)), (12, .int(4_294_967_296)),
      (13, .number("1.0")), (14, .bool(true)), (15, .number("0.0")), (16, .int(256)), (17, .null), (17, nil),
    ] as [(Int, JSONValue?)])
  func invalidCards(index: Int, value: JSONValue?) {
    let error = #expect(throws: SyncError.self) { try changed("cards", card, index, value) }
    #expect(error?.code == .invalid)
  }

  @Test(
    "other numbers of cards are read as Anki reads them",
    arguments: [
      (4, .number("1795219481.9"), 1_795_219_481), (5, .int(-1), -1), (8, .number("-1.9"), -1),
      (8, .int(4_294_967_297), 1), (8, .int(2_147_483_648), -2_147_483_648),
      (9, .int(-5), 0), (9, .number("3.7"), 3), (9, .int(4_294_967_296), 4_294_967_295),
      (14, .number("1e2"), 100), (14, .number("99999999999999999999"), -1), (0, .int(.min), .min),
      (3, .int(65535), 65535), (7, .int(-3), -3), (13, .int(4_294_967_295), 4_294_967_295),
    ] as [(Int, JSONValue, Int64)])
  func toleratedCards(index: Int, value: JSONValue, number: Int64) throws {
    #expect(try sent("cards", changed("cards", card, index, value))[index] == .int(number))
  }

  @Test(
    "columns of notes outside their kind are invalid",
    arguments: [
      (0, .string("1")), (1, .int(1)), (2, .number("1.0")), (3, .null), (5, .null), (6, .int(1)), (9, .int(-1)),
      (9, .null), (10, .int(0)), (10, nil),
    ] as [(Int, JSONValue?)])
  func invalidNotes(index: Int, value: JSONValue?) {
    #expect(throws: SyncError.self) { try changed("notes", note, index, value) }
  }

  @Test("of notes the usn, sort field and checksum may be anything, and flags and data are kept")
  func toleratedNotes() throws {
    #expect(try changed("notes", note, 3, .number("12.9")).notes[0].mod == 12)
    #expect(try changed("notes", note, 4, .string("x")).notes[0].usn == 0)
    #expect(try changed("notes", note, 7, .int(5)).notes[0].flds == "{{c1::a}}\u{1F}")
    #expect(try changed("notes", note, 8, .number("1.5")).notes[0].flags == 0)
    #expect(try changed("notes", note, 9, .int(3)).notes[0].flags == 3)
    #expect(try changed("notes", note, 10, .string("d")).notes[0].data == "d")
  }

  @Test("flags and data of notes are not sent")
  func sentNotes() throws {
    var chunk = Chunk()
    var note = Note()
    (note.id, note.guid, note.flags, note.data) = (7, "g", 3, "d")
    chunk.notes = [note]
    let text = String(decoding: try Wire.encode(chunk), as: UTF8.self)
    #expect(text == #"{"done":false,"notes":[[7,"g",0,0,0,"","","","",0,""]]}"#)
  }

  @Test(
    "numbers of reviews outside their range or kind are invalid",
    arguments: [
      (0, .number("1.0")), (1, .null), (3, .int(256)), (3, .int(-1)), (4, .string("1")), (6, .null), (7, .null),
    ] as [(Int, JSONValue)])
  func invalidReviews(index: Int, value: JSONValue) {
    #expect(throws: SyncError.self) { try changed("revlog", review, index, value) }
  }

  @Test(
    "other numbers of reviews are read as Anki reads them",
    arguments: [
      (4, .number("-600.7"), -600), (5, .number("3.9"), 3), (6, .int(-1), 0),
      (7, .number("9.9"), 9), (8, nil, 0), (8, .null, 0), (8, .int(6), 0),
      (8, .string("1"), 0), (8, .int(5), 5),
    ] as [(Int, JSONValue?, Int64)])
  func toleratedReviews(index: Int, value: JSONValue?, number: Int64) throws {
    #expect(try sent("revlog", changed("revlog", review, index, value))[index] == .int(number))
  }

  @Test(
    "rows of another length are invalid", arguments: [("cards", card, 17), ("notes", note, 0), ("revlog", review, 0)])
  func length(list: String, row: String, index: Int) throws {
    let longer = row.dropLast() + ",0]"
    #expect(throws: SyncError.self) { try batches(#"{"chunk":{"\#(list)":[\#(longer)]}}"#) }
    if list != "revlog" { #expect(throws: SyncError.self) { try changed(list, row, index, nil) } }
    #expect(throws: SyncError.self) { try batches(#"{"chunk":{"\#(list)":[[]]}}"#) }
  }

  @Test("a refusal names the row and the column, and no content")
  func refusal() {
    let error = #expect(throws: SyncError.self) { try changed("notes", note, 10, .int(0)) }
    #expect(error?.message.contains("1795219481863") == true)
    #expect(error?.message.contains("\"data\"") == true)
    #expect(error?.message.contains("c1::a") == false)
  }

  @Test("what no client could read is never written")
  func bounds() throws {
    var chunk = Chunk()
    var card = Card()
    (card.ord, card.type, card.queue, card.due) = (70_000, 9, -8, 5_000_000_000)
    (card.ivl, card.factor, card.flags) = (-4, -1, 300)
    chunk.cards = [card]
    let text = String(decoding: try Wire.encode(chunk), as: UTF8.self)
    #expect(text == #"{"done":false,"cards":[[0,0,0,65535,0,0,3,-3,2147483647,0,0,0,0,0,0,0,255,""]]}"#)
  }
}
