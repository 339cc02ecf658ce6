import AnkiFormats
import SyncCore
import Testing

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

@Suite("replies")
struct WireReplyTests {
  @Test("small replies are those of the reference server")
  func small() {
    #expect(text(Wire.null) == "null")
    #expect(text(Wire.encode(hostKey: "26aef0")) == #"{"key":"26aef0"}"#)
    #expect(text(Wire.encode(finish: 1_795_219_481_840)) == "1795219481840")
  }

  @Test("meta has every key with its type")
  func meta() {
    let reply = MetaReply(
      mod: 1_795_219_444_257, scm: 1_795_219_444_258, usn: 1, now: 1_795_219_444, isEmpty: false, mediaUSN: 7)
    let expected =
      #"{"mod":1795219444257,"scm":1795219444258,"usn":1,"ts":1795219444,"msg":"","cont":true,"hostNum":0,"#
      + #""empty":false,"media_usn":7}"#
    #expect(text(Wire.encode(reply)) == expected)
  }

  @Test("graves are three lists, always")
  func graves() {
    #expect(text(Wire.encode(Graves())) == #"{"cards":[],"decks":[],"notes":[]}"#)
    let graves = Graves(cards: [1_795_219_444_207], decks: [1, -2], notes: [3])
    #expect(text(Wire.encode(graves)) == #"{"cards":[1795219444207],"decks":[1,-2],"notes":[3]}"#)
  }

  @Test("a chunk without rows still says whether it is the last")
  func emptyChunk() throws {
    var chunk = Chunk()
    #expect(text(try Wire.encode(chunk)) == #"{"done":false}"#)
    chunk.done = true
    #expect(text(try Wire.encode(chunk)) == #"{"done":true}"#)
  }

  @Test("a sanity check answers with both lists")
  func sanity() throws {
    let request = try Wire.sanity(Array(#"{"client":[[1,2,3],2,1,1,4,6,2,2]}"#.utf8))
    let counts = try #require(request.counts)
    #expect(
      text(Wire.encode(isOK: true, counts, to: request))
        == #"{"status":"ok","c":[[1,2,3],2,1,1,4,6,2,2],"s":[[0,0,0],2,1,1,0,6,2,2]}"#)
  }

  @Test("a client whose own check failed is answered bad, without its text")
  func failedSanity() throws {
    let request = try Wire.sanity(Array(#"{"client":"missing notes"}"#.utf8))
    #expect(
      text(Wire.encode(isOK: false, SanityCounts(), to: request))
        == #"{"status":"bad","c":null,"s":[[0,0,0],0,0,0,0,0,0,0]}"#)
  }
}
