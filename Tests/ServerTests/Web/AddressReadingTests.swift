import Testing

@testable import Server

@Suite("What becomes of an address") struct AddressReadingTests {
  struct Seen: Sendable, CustomTestStringConvertible {
    let target: String
    let path: String
    let tail: String
    var testDescription: String { target }
  }

  static let seen = [
    Seen(target: "/", path: "/", tail: "/"),
    Seen(target: "", path: "/", tail: ""),
    Seen(target: "/sync/", path: "/", tail: "/sync/"),
    Seen(target: "/msync", path: "/", tail: "/msync"),
    Seen(target: "/sync/hostKey?x=1", path: "/", tail: "/sync/hostKey"),
    Seen(target: "/djs/", path: "/djs/", tail: "/"),
    Seen(target: "/djs", path: "/djs/", tail: ""),
    Seen(target: "/djs/sync/sync/", path: "/djs/", tail: "/sync/sync/"),
    Seen(target: "//a//b//sync", path: "/a/b/", tail: "//sync"),
    Seen(target: "/upload/", path: "/upload/", tail: "/"),
    Seen(target: "/%E6%97%A5/", path: "/%E6%97%A5/", tail: "/"),
    Seen(target: "/" + String(repeating: "a", count: 300), path: "/", tail: ""),
  ]

  @Test("the server's address ends where clients begin to append", arguments: seen)
  func own(seen: Seen) {
    let address = ServerAddress(scheme: "http", host: "h", target: seen.target)
    #expect(address.path == seen.path)
    #expect(address.tail == seen.tail)
    let behind = ServerAddress(scheme: "https", host: "h", target: seen.target, prefix: "/anki")
    #expect(behind.text == "https://h/anki" + seen.path)
  }

  @Test(
    "a host is shown if it has the characters of one",
    arguments: [
      ("h", true), ("h:27701", true), ("192.168.1.5:27701", true), ("[fd00::5]:1", true), ("a_b-c.example", true),
      ("", false), ("<script>", false), ("h\"", false), ("h'x", false), ("a b", false), ("h/x", false), ("ä", false),
      (String(repeating: "a", count: 256), false),
    ])
  func host(text: String, isHost: Bool) {
    #expect(ServerAddress.isHost(text) == isHost)
  }

  @Test(
    "what cannot be an address is refused with a reason",
    arguments: [
      "h", "h:27701", "localhost:27701/", "ftp://h/", "://h", "http://", "http:///sync", "http://:1/", "http://h:0/",
      "http://h:65536/", "http://h:x/", "http://h:-1", "http://[::1/", "http://::1/", "http://[]/", "http://a b/",
      "http://h/a b", "http://h/\r\nx",
      "http://<h>/", "javascript:alert(1)", String(repeating: "a", count: 501),
    ])
  func refused(typed: String) {
    #expect(throws: TypedAddress.Problem.self) { try TypedAddress(typed) }
  }

  @Test(
    "an address is taken apart",
    arguments: [
      (" http://H/ ", "h", 80, "/"), ("https://h", "h", 443, ""), ("HTTP://h:8080/a?b#c", "h", 8080, "/a"),
      ("http://[FD00::5]:1/", "[fd00::5]", 1, "/"), ("http://[::1]", "[::1]", 80, ""),
      ("http://u:p@h:5/x", "h", 5, "/x"),
      ("http://h?x", "h", 80, ""), ("http://日本.example/日", "日本.example", 80, "/日"),
    ])
  func parts(typed: String, name: String, port: Int, path: String) throws {
    let address = try TypedAddress(typed)
    #expect((address.name, address.port, address.path) == (name, port, path))
  }

  @Test(
    "loopback is told from its neighbours",
    arguments: [
      ("localhost", true), ("a.localhost", true), ("127.0.0.1", true), ("127.255.0.9", true), ("[::1]", true),
      ("127.0.0.1.example", false), ("notlocalhost", false), ("128.0.0.1", false), ("127.0.0.256", false),
    ])
  func loopback(name: String, isLoopback: Bool) throws {
    #expect(try TypedAddress("http://\(name)/").isLoopback == isLoopback)
  }

  /// Grades in the order of ``SyncClient/all``: one field, AnkiDroid 2.16, AnkiDroid 2.8, environment, add-on.
  struct Grades: Sendable, CustomTestStringConvertible {
    let typed: String
    let at: String
    let grades: [AddressVerdict.Grade]
    var testDescription: String { "\(typed) at \(at)" }
  }

  static let grades = [
    Grades(typed: "https://h/", at: "https://h/", grades: [.works, .works, .works, .works, .works]),
    Grades(typed: "https://h/sync/", at: "https://h/", grades: [.works, .works, .works, .works, .works]),
    Grades(typed: "https://h/msync", at: "https://h/", grades: [.works, .works, .works, .works, .works]),
    Grades(typed: "https://h", at: "https://h/", grades: [.works, .works, .works, .fails, .works]),
    Grades(typed: "https://h/djs/", at: "https://h/djs/", grades: [.works, .works, .works, .works, .works]),
    Grades(typed: "https://h/djs", at: "https://h/djs/", grades: [.fails, .works, .works, .fails, .works]),
    Grades(typed: "https://h/djs/sync", at: "https://h/djs/", grades: [.works, .works, .works, .works, .works]),
    Grades(typed: "https://h/", at: "https://h/djs/", grades: [.fails, .fails, .fails, .fails, .fails]),
    Grades(typed: "http://h/", at: "http://h/", grades: [.maybe, .works, .maybe, .works, .works]),
    Grades(typed: "http://127.0.0.1/", at: "http://127.0.0.1/", grades: [.works, .works, .works, .works, .works]),
  ]

  @Test("each client makes of an address what it makes of it", arguments: grades)
  func verdicts(case one: Grades) throws {
    let own = try Self.own(one.at)
    let typed = try TypedAddress(one.typed)
    #expect(SyncClient.all.map { AddressVerdict($0, typed, at: own).grade } == one.grades)
  }

  @Test("what each client is told to type works", arguments: ["https://h/", "https://h:8443/djs/", "https://h/a/b/"])
  func ownAdvice(at text: String) throws {
    let own = try Self.own(text)
    for client in SyncClient.all {
      let paths = try client.fields.map { client.requests(try TypedAddress(own.text + $0.tail).path) }
      let collection = try #require(paths.first).collection
      let media = try #require(paths.last).media
      #expect(SyncRoute(target: collection) == .sync(.hostKey) && collection.hasPrefix(own.path), "\(client.name)")
      #expect(SyncRoute(target: media) == .sync(.begin) && media.hasPrefix(own.path), "\(client.name)")
    }
  }

  @Test(
    "an address that may lead elsewhere is doubted",
    arguments: [
      ("http://h:27701/", nil), ("http://H:27701/x", nil), ("http://h/", "port 80"), ("http://h:1/", "port 1."),
      ("https://h:27701/", "https"), ("http://other:27701/", "cannot know"), ("http://localhost:27701/", "cannot know"),
    ])
  func doubt(typed: String, part: String?) throws {
    let doubt = AddressVerdict.doubt(about: try TypedAddress(typed), at: try Self.own("http://h:27701/"))
    #expect(part.map { doubt?.contains($0) == true } ?? (doubt == nil))
  }

  private static func own(_ text: String) throws -> ServerAddress {
    let typed = try TypedAddress(text)
    let isStandard = typed.port == (typed.scheme == "https" ? 443 : 80)
    return ServerAddress(
      scheme: typed.scheme, host: isStandard ? typed.name : "\(typed.name):\(typed.port)", target: typed.path)
  }
}
