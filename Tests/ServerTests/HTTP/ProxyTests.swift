import HTTPTypes
import SyncCore
import Synchronization
import Testing

@testable import Server

@Suite("Proxies and names", .timeLimit(.minutes(1)))
struct ProxyTests {
  /// What a request says on its way, and whose it is.
  struct Way: Sendable, CustomTestStringConvertible {
    var trusted = "127.0.0.1, 10.0.0.0/8 fd00::/8"
    var peer = "127.0.0.1"
    var headers: [(String, String)] = []
    let client: String
    var testDescription: String { "\(trusted) | \(peer) | \(headers) → \(client)" }
  }

  private static let forwardedFor: [Way] = [
    ("192.0.2.1", "192.0.2.1"), ("198.51.100.9, 192.0.2.1", "192.0.2.1"), ("192.0.2.1, 10.1.2.3", "192.0.2.1"),
    ("192.0.2.1,10.1.2.3,  fd00::1 ", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"), ("10.1.2.3", "10.1.2.3"),
    ("192.0.2.1:4711", "192.0.2.1"), ("[2001:db8::1]:4711", "2001:db8::1"), ("::ffff:192.0.2.1", "192.0.2.1"),
    ("unknown", "127.0.0.1"), ("", "127.0.0.1"), ("192.0.2.1, nonsense", "127.0.0.1"),
    ("192.0.2.1, nonsense, 10.0.0.1", "10.0.0.1"), ("192.0.2.1,", "127.0.0.1"), ("1.2.3.4.5", "127.0.0.1"),
  ].map { Way(headers: [("x-forwarded-for", $0)], client: $1) }

  private static let forwarded: [Way] = [
    ("for=192.0.2.1", "192.0.2.1"), ("For=\"[2001:db8::1]:4711\";proto=https", "2001:db8::1"),
    ("for=198.51.100.9, proto=http;for=192.0.2.1;by=10.0.0.1", "192.0.2.1"),
    ("for=192.0.2.1, for=10.0.0.1", "192.0.2.1"),
    ("for=_hidden", "127.0.0.1"), ("proto=https", "127.0.0.1"), ("for=192.0.2.1, for=unknown", "127.0.0.1"),
  ].map { Way(headers: [("forwarded", $0)], client: $1) }

  private static let others = [
    Way(trusted: "", headers: [("x-forwarded-for", "192.0.2.1")], client: "127.0.0.1"),
    Way(peer: "198.51.100.1", headers: [("x-forwarded-for", "192.0.2.1")], client: "198.51.100.1"),
    Way(peer: "::ffff:10.0.0.1", headers: [("x-forwarded-for", "192.0.2.1")], client: "192.0.2.1"),
    Way(trusted: "0.0.0.0/0", peer: "198.51.100.1", headers: [("x-forwarded-for", "192.0.2.1")], client: "192.0.2.1"),
    Way(trusted: "::/0", peer: "127.0.0.1", headers: [("x-forwarded-for", "192.0.2.1")], client: "127.0.0.1"),
    Way(trusted: "127.0.0.1/25", peer: "127.0.0.127", headers: [("x-forwarded-for", "192.0.2.1")], client: "192.0.2.1"),
    Way(trusted: "127.0.0.1/25", peer: "127.0.0.128", headers: [("x-forwarded-for", "9.9.9.9")], client: "127.0.0.128"),
    Way(headers: [("x-forwarded-for", "9.9.9.9"), ("x-forwarded-for", "192.0.2.1")], client: "192.0.2.1"),
    // The client may have sent the one that the proxy does not write.
    Way(headers: [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=9.9.9.9")], client: "127.0.0.1"),
    Way(headers: [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")], client: "192.0.2.1"),
  ]

  @Test("a trusted proxy is believed, and nobody before it", arguments: forwardedFor + forwarded + others)
  func client(way: Way) throws {
    var headers = HTTPFields()
    for (name, value) in way.headers {
      headers.append(HTTPField(name: try #require(HTTPField.Name(name)), value: value))
    }
    let proxies = try #require(TrustedProxies(way.trusted))
    #expect(proxies.client(way.peer, headers) == way.client)
  }

  @Test(
    "what is no address or network is not taken for one",
    arguments: ["x", "10.0.0.0/33", "10.0.0.0/", "1.2.3", "::/129"])
  func noNetwork(text: String) {
    #expect(TrustedProxies("127.0.0.1, \(text)") == nil)
    let error = #expect(throws: ConfigurationError.self) {
      try Configuration(environment: ["DJANKISERV_TRUSTED_PROXIES": text])
    }
    #expect(error?.message.contains("10.0.0.0/8") == true)
  }

  @Test("the limits of logins and the log are told the client's own address, in both framings")
  func told() async throws {
    let seen = Mutex<[String]>([])
    let handler = FakeSync(onAdmit: { head in
      seen.withLock { $0.append(head.address) }
      throw SyncError(.forbidden, "wrong")
    })
    try await LiveServer.run(handler, proxies: TrustedProxies("127.0.0.0/8") ?? TrustedProxies()) { server in
      let header = "X-Forwarded-For: 203.0.113.5"
      let new = try await server.call(Call(method: "hostKey", headers: [Call.header(), header]))
      let old = try await server.call(Form(method: "hostKey", headers: [header]), payload: [])
      #expect([new.status, old.status] == [403, 403])
      #expect(server.log.requests.filter { $0.contains(" from=203.0.113.5 ") }.count == 2)
    }
    #expect(seen.withLock { $0 } == ["203.0.113.5", "203.0.113.5"])
  }

  @Test(
    "a name is allowed if it is listed, whatever the port and the case",
    arguments: [
      ("", "anything", true), ("*", "anything", true), ("a.org", "a.org", true), ("a.org", "A.org:8443", true),
      ("a.org", "a.org.", true), ("a.org", "b.a.org", false), (".a.org", "b.a.org", true), (".a.org", "a.org", true),
      (".a.org", "xa.org", false), ("x, 127.0.0.1", "127.0.0.1:27701", true), ("::1", "[::1]:27701", true),
      ("a.org", "", false), ("a.org", "[", false),
    ])
  func names(list: String, host: String, isAllowed: Bool) {
    #expect(AllowedHosts(list).allow(host) == isAllowed)
  }

  @Test("a request to another name is refused with a text that says why, but for the probe")
  func refused() async throws {
    try await LiveServer.run(hosts: AllowedHosts("anki.example.org")) { server in
      let right = try await RawClient.connected(server.port) { client in
        try await client.send(Call().head.replacing("host: x", with: "host: anki.example.org"))
        try await client.endChunks()
        return try await client.answer()
      }
      #expect(right.status == 200)
      let wrong = try await server.call()
      #expect(wrong.status == 400 && wrong.text.contains("DJANKISERV_ALLOWED_HOSTS"))
      let page = try await server.raw("GET / HTTP/1.1\r\nhost: x\r\n\r\n")
      #expect(page.status == 400)
      let probe = try await server.raw("GET /health HTTP/1.1\r\nhost: 10.1.2.3\r\n\r\n")
      #expect(probe.status == 200)
    }
  }
}
