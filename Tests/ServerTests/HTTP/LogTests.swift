import Logging
import SyncCore
import Testing

@testable import Server

@Suite struct LogTests {
  @Test("a request leaves one line that says who, what, how much and how it ended")
  func line() async throws {
    try await LiveServer.run { server in
      _ = try await server.call(Call(method: "start"), Array("{}".utf8))
      let line = try #require(server.log.requests.first)
      #expect(server.log.requests.count == 1)
      #expect(line.hasPrefix("1970-01-01T00:00:00.000Z info start client=26.09.3,29bb700b,linux in="))
      #expect(line.contains(" session=\(RequestLog.digest(Call.session)) status=200 user=\"anna b\""))
      #expect(line.contains(" ms="))
      #expect(!line.contains("in=0 "))
      #expect(!line.contains("out=0 "))
      #expect(!line.contains("cause="))
    }
  }

  @Test("a refusal says why", arguments: [(SyncError.Code.sessionConflict, "info"), (.unavailable, "error")])
  func cause(code: SyncError.Code, level: String) async throws {
    let handler = FakeSync(onRespond: { _, _ in throw SyncError(code, "rule 7, note 12") })
    try await LiveServer.run(handler) { server in
      _ = try await server.call()
      let line = try #require(server.log.requests.first)
      #expect(line.contains("Z \(level) meta cause=\"rule 7, note 12\""))
    }
  }

  @Test("no line holds a key, a session, a query or content")
  func secrets() async throws {
    struct Loud: Error { var text = "secretContent" }
    let handler = FakeSync(onRespond: { _, _ in throw Loud() })
    try await LiveServer.run(handler) { server in
      _ = try await server.call(Call(), Array("secretContent".utf8))
      _ = try await server.raw("GET /msync/begin?k=\(Call.hostKey)&v=1 HTTP/1.1\r\nhost: x\r\n\r\n")
      let call = Call(headers: ["anki-sync: {\"k\":\"\(Call.hostKey)\"}"])
      _ = try await server.call(call)
      #expect(server.log.requests.count == 3)
      for secret in [Call.hostKey, Call.session, "secretContent"] {
        #expect(!server.log.all.contains { $0.contains(secret) })
      }
    }
  }

  @Test(
    "a value cannot break its line or pretend to be another",
    arguments: [
      ("plain", "plain"), ("", "\"\""), ("a b", "\"a b\""), ("a=b", "\"a=b\""), ("a\"b", "\"a\\\"b\""),
      ("a\nb", "a\\u{a}b"), ("\r\u{0}\u{1b}[2J", "\\u{d}\\u{0}\\u{1b}[2J"), ("\u{202e}x", "\\u{202e}x"),
      ("a\u{2028}b", "a\\u{2028}b"), ("\\n", "\\u{5c}n"), ("žluťoučký", "žluťoučký"),
      (String(repeating: "x", count: 400), String(repeating: "x", count: 300) + "…"),
    ])
  func values(value: String, shown: String) {
    #expect(LogFormat.quoted(value) == shown)
  }

  @Test(
    "times are those of the calendar",
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"), (1_793_456_789_012, "2026-10-31T14:26:29.012Z"),
    ] as [(Int64, String)])
  func times(milliseconds: Int64, shown: String) {
    #expect(LogFormat.time(milliseconds) == shown)
  }

  @Test("metadata of the logger, of its values and of the message are all shown, in order")
  func metadata() {
    let lines = Lines()
    var logger = Logger(label: "x") { _ in LogFormat(now: { 0 }, write: lines.append) }
    logger[metadataKey: "b"] = "1"
    logger.warning("two\nlines", metadata: ["a": "2", "b": "3"])
    logger.debug("below the level")
    #expect(lines.all == ["1970-01-01T00:00:00.000Z warning two\\u{a}lines a=2 b=3\n"])
  }
}
