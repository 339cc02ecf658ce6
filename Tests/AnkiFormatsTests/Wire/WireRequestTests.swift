import AnkiFormats
import SyncCore
import Testing

private func expectInvalid(_ body: () throws -> Void) {
  let error = #expect(throws: SyncError.self, performing: body)
  #expect(error?.code == .invalid)
}

@Suite("requests")
struct WireRequestTests {
  @Test("the header of a real client is read, unknown keys are ignored")
  func header() throws {
    let header = try Wire.syncHeader(#"{"v":11,"k":"","c":"26.09.3,29bb700b,linux","s":"KcCOY","x":[1]}"#)
    #expect(header.version == 11)
    #expect(header.hostKey == "")
    #expect(header.client == "26.09.3,29bb700b,linux")
    #expect(header.session == "KcCOY")
  }

  @Test(
    "a header without its four keys is invalid",
    arguments: [
      "", "[]", "x", #"{"k":"","c":"","s":""}"#, #"{"v":11,"c":"","s":""}"#, #"{"v":11,"k":"","s":""}"#,
      #"{"v":11,"k":"","c":""}"#, #"{"v":"11","k":"","c":"","s":""}"#, #"{"v":11.0,"k":"","c":"","s":""}"#,
      #"{"v":11,"k":null,"c":"","s":""}"#, #"{"v":11,"k":"","c":"","s":""} x"#,
    ])
  func brokenHeader(text: String) {
    expectInvalid { _ = try Wire.syncHeader(text) }
  }

  @Test("name and password are read, and both must be there")
  func hostKey() throws {
    let login = try Wire.hostKey(Array(#"{"u":"ü@x","p":"p\"q"}"#.utf8))
    #expect(login.user == "ü@x")
    #expect(login.password == "p\"q")
    expectInvalid { _ = try Wire.hostKey(Array(#"{"u":"u"}"#.utf8)) }
    expectInvalid { _ = try Wire.hostKey(Array(#"{"u":"u","p":1}"#.utf8)) }
    expectInvalid { _ = try Wire.hostKey([]) }
  }

  @Test("a refusal names the place and holds no content")
  func noContent() {
    let body = Array(#"{"u":"somebody","p":"secret""#.utf8)
    let error = #expect(throws: SyncError.self) { try Wire.hostKey(body) }
    #expect(error?.message.contains("hostKey") == true)
    #expect(error?.message.contains("secret") == false)
    #expect(error?.message.contains("somebody") == false)
  }

  @Test("the protocol version and the client's are read")
  func meta() throws {
    let meta = try Wire.meta(Array(#"{"v":11,"cv":"anki,26.09.3 (29bb700b),linux"}"#.utf8))
    #expect(meta.version == 11)
    #expect(meta.client == "anki,26.09.3 (29bb700b),linux")
    expectInvalid { _ = try Wire.meta(Array(#"{"v":11}"#.utf8)) }
    expectInvalid { _ = try Wire.meta(Array(#"{"cv":"anki"}"#.utf8)) }
  }

  @Test(
    "start is read with graves in every form",
    arguments: [
      (#"{"minUsn":4,"lnewer":false,"graves":null}"#, Graves()), (#"{"minUsn":4,"lnewer":false}"#, Graves()),
      (#"{"minUsn":4,"lnewer":false,"graves":{},"offset":-60}"#, Graves()),
      (
        #"{"minUsn":4,"lnewer":false,"graves":{"notes":["123"],"cards":null,"decks":[1,"-2"]}}"#,
        Graves(cards: [], decks: [1, -2], notes: [123])
      ),
    ])
  func start(text: String, graves: Graves) throws {
    let request = try Wire.startRequest(Array(text.utf8))
    #expect(request == StartRequest(minUSN: 4, clientIsNewer: false, graves: graves))
  }

  @Test(
    "start without its keys is invalid",
    arguments: [
      "", "{}", "null", #"{"minUsn":4}"#, #"{"lnewer":true}"#, #"{"minUsn":"4","lnewer":true}"#,
      #"{"minUsn":4,"lnewer":1}"#, #"{"minUsn":4,"lnewer":true,"graves":[]}"#,
      #"{"minUsn":4,"lnewer":true,"graves":{"notes":[1.5]}}"#, #"{"minUsn":4,"lnewer":true,"graves":{"notes":["x"]}}"#,
      #"{"minUsn":4,"lnewer":true,"graves":{"notes":1}}"#, #"{"minUsn":4,"lnewer":true} ]"#,
    ])
  func brokenStart(text: String) {
    expectInvalid { _ = try Wire.startRequest(Array(text.utf8)) }
  }

  @Test("graves are read in any order of their lists")
  func graves() throws {
    let text = #"{"chunk":{"notes":[3],"decks":[-9223372036854775808,2],"cards":[1]}}"#
    #expect(try Wire.graves(Array(text.utf8)) == Graves(cards: [1], decks: [.min, 2], notes: [3]))
    #expect(try Wire.graves(Array(#"{"chunk":{}}"#.utf8)).isEmpty)
    expectInvalid { _ = try Wire.graves(Array(#"{"chunk":[1]}"#.utf8)) }
    expectInvalid { _ = try Wire.graves(Array("[]".utf8)) }
  }

  @Test("the client's counts are read, those that are not compared may be anything")
  func sanity() throws {
    let request = try Wire.sanity(Array(#"{"client":[[5,1,null],3,2,1,"x",6,4,7],"full":true}"#.utf8))
    var counts = SanityCounts()
    (counts.cards, counts.notes, counts.reviews) = (3, 2, 1)
    (counts.notetypes, counts.decks, counts.deckConfigs) = (6, 4, 7)
    #expect(request.counts == counts)
  }

  @Test("a client whose own check failed has no counts")
  func sanityText() throws {
    #expect(try Wire.sanity(Array(#"{"client":"deck had usn = -1"}"#.utf8)).counts == nil)
  }

  @Test(
    "other sanity checks are invalid",
    arguments: [
      "{}", #"{"client":null}"#, #"{"client":[[0,0,0],3,2,1,1,6,2]}"#, #"{"client":[[0,0,0],3,2,1,1,6,2,2,2]}"#,
      #"{"client":[[0,0,0],3.0,2,1,1,6,2,2]}"#,
    ])
  func brokenSanity(text: String) {
    expectInvalid { _ = try Wire.sanity(Array(text.utf8)) }
  }
}

@Suite("changes")
struct WireChangesTests {
  private func body() throws -> JSONObject {
    let captured = try Captured()
    let list = { (name: String) in JSONValue.array(try captured.objects(name).map(JSONValue.object)) }
    return [
      "models": try list("models"), "decks": .array([try list("decks"), try list("dconf")]),
      "tags": .array([.string("Parent::child2"), .string("zeta")]), "conf": .object(try captured.text("conf")),
      "crt": .int(1_795_147_200),
    ]
  }

  private func request(_ changes: JSONObject) -> [UInt8] {
    JSONWriter.bytes(of: .object(["changes": .object(changes)]))
  }

  @Test("what a real client sends goes back equal")
  func roundTrip() throws {
    let body = try body()
    let changes = try Wire.changes(request(body))
    #expect(changes.decks.count == 4)
    #expect(changes.deckConfigs.count == 2)
    #expect(changes.notetypes.count == 1)
    #expect(changes.tags == ["Parent::child2", "zeta"])
    #expect(changes.crt == 1_795_147_200)
    #expect(try JSONValue(parsing: Wire.encode(changes)) == .object(body))
  }

  @Test("nothing is three empty lists, without configuration and creation stamp")
  func empty() throws {
    #expect(try String(decoding: Wire.encode(Changes()), as: UTF8.self) == #"{"models":[],"decks":[[],[]],"tags":[]}"#)
    let text = #"{"changes":{"models":[],"decks":[[],[]],"tags":[],"conf":null,"crt":null}}"#
    #expect(try Wire.changes(Array(text.utf8)) == Changes())
  }

  @Test("configuration and creation stamp are written together or not at all")
  func together() throws {
    var changes = Changes()
    changes.config = []
    #expect(try !String(decoding: Wire.encode(changes), as: UTF8.self).contains("conf"))
    changes.crt = 5
    #expect(try String(decoding: Wire.encode(changes), as: UTF8.self).hasSuffix(#","conf":{},"crt":5}"#))
  }

  @Test(
    "missing and ill-typed parts are invalid",
    arguments: [
      ("models", nil), ("models", .null), ("models", .array([.int(1)])), ("decks", nil), ("decks", .array([])),
      ("decks", .array([.array([])])), ("decks", .array([.array([]), .array([]), .array([])])),
      ("decks", .array([.array([.object([:])]), .array([])])), ("tags", nil), ("tags", .null),
      ("tags", .array([.int(1)])), ("conf", .array([])), ("crt", .string("1")),
    ] as [(String, JSONValue?)])
  func invalid(key: String, value: JSONValue?) throws {
    var body = try body()
    body[key] = value
    let bytes = request(body)
    expectInvalid { _ = try Wire.changes(bytes) }
  }
}
