import Crypto
import Foundation
import Testing

@testable import Server

@Suite("The page at the address") struct AddressPageTests {
  private static let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

  private static func get(_ target: String, _ headers: String..., verb: String = "GET") -> String {
    ([verb + " \(target) HTTP/1.1", "accept: \(browser)"] + headers).joined(separator: "\r\n") + "\r\n\r\n"
  }

  @Test(
    "a browser sees what to type, wherever below the address it looks",
    arguments: [
      ("/", "/"), ("/sync/", "/"), ("/msync/", "/"), ("/sync", "/"), ("/djs/", "/djs/"), ("/djs/sync/", "/djs/"),
      ("/a//b/msync", "/a/b/"), ("/sync/meta", "/"), ("/x?y=z", "/x/"), ("//", "/"),
    ])
  func addresses(target: String, path: String) async throws {
    try await LiveServer.run { server in
      let answer = try await server.raw(Self.get(target, "host: anki.example:8080"))
      #expect(answer.status == 200)
      #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
      let own = "http://anki.example:8080\(path)"
      for tail in ["", "sync/", "msync/", "msync"] {
        #expect(answer.text.contains("<code data-own>\(own)\(tail)</code>"))
      }
      #expect(server.log.requests.allSatisfy { $0.contains("page") })
    }
  }

  @Test(
    "behind a trusted proxy the page has the address that the browser saw; from anybody else it is hearsay",
    arguments: [("127.0.0.1", "https://anki.example/cards/"), ("192.0.2.1", "http://inner:1/")])
  func proxies(trusted: String, own: String) async throws {
    try await LiveServer.run(proxies: try #require(TrustedProxies(trusted))) { server in
      let answer = try await server.raw(
        Self.get(
          "/sync/", "host: inner:1", "x-forwarded-proto: https, http", "x-forwarded-host: anki.example",
          "x-forwarded-prefix: /cards"))
      #expect(answer.text.contains("<code data-own>\(own)</code>"))
    }
  }

  @Test(
    "what a proxy says and is no address is not taken",
    arguments: [
      "x-forwarded-proto: javascript", "x-forwarded-host: a\"><b",
      "x-forwarded-prefix: \(String(repeating: "/a", count: 200))",
    ])
  func hearsay(header: String) async throws {
    try await LiveServer.run(proxies: try #require(TrustedProxies("127.0.0.1"))) { server in
      let answer = try await server.raw(Self.get("/", "host: h:1", header))
      #expect(answer.text.contains("<code data-own>http://h:1/</code>"))
    }
  }

  @Test("HEAD has the heads alone")
  func head() async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Self.get("/", "host: h"))
        let whole = try await client.answer()
        try await client.send(Self.get("/", "host: h", verb: "HEAD"))
        let head = try await client.head()
        #expect(head.status == 200)
        #expect(head.headers["content-length"] == whole.headers["content-length"])
        #expect(head.headers["content-security-policy"] == whole.headers["content-security-policy"])
        // Nothing came behind it: the connection is at the next answer.
        try await client.send("GET /health HTTP/1.1\r\nhost: h\r\n\r\n")
        #expect(try await client.answer().body.isEmpty)
      }
    }
  }

  @Test(
    "what is not a browser's look is answered as ever",
    arguments: [
      ("GET /", ["accept: */*"], 404), ("GET /", [], 404), ("GET /sync/meta", ["accept: application/json"], 405),
      ("GET /favicon.ico", ["accept: image/avif,image/webp,*/*;q=0.8"], 404),
      ("GET /health", ["accept: text/html"], 200),
      ("GET /msync/begin?k=key&v=1", ["accept: text/html"], 200), ("POST /sync/", ["accept: text/html"], 404),
      ("POST /sync/meta", ["accept: text/html"], 400), ("PUT /", ["accept: text/html"], 404),
      ("GET /sync/meta", ["accept: text/html", Call.header()], 405),
    ] as [(String, [String], Int)])
  func others(line: String, headers: [String], status: Int) async throws {
    try await LiveServer.run { server in
      let lines = ["\(line) HTTP/1.1", "host: h", "content-length: 0"] + headers
      let answer = try await server.raw(lines.joined(separator: "\r\n") + "\r\n\r\n")
      #expect(answer.status == status)
      #expect(!answer.text.contains("<html"))
    }
  }

  @Test(
    "nothing that came with the request is markup",
    arguments: [
      ("/\"><script>alert(1)</script>/", "h"), ("/'onload=alert(1)//", "h"), ("/", "h\"><script>alert(1)</script>"),
      ("/?address=%3Cscript%3Ealert(1)%3C/script%3E", "h"), ("/?address=http://h/%22%3E%3Cscript%3Ealert(1)", "h"),
      ("/?address=%22autofocus%20onfocus=alert(1)%20x=%22", "h"), ("/?address=%00%1B", "h"),
      ("/?address=http://%3Cscript%3E:1/", "h"), ("/<script>/sync/", "h"), ("/&lt;script&gt;/", "h"),
    ])
  func hostile(target: String, host: String) async throws {
    try await LiveServer.run { server in
      let answer = try await server.raw(Self.get(target, "host: \(host)"))
      guard answer.status == 200 else {
        // A parser that does not take such a head at all does as well.
        #expect(answer.status == 400)
        return
      }
      #expect(answer.text.components(separatedBy: "<script").count == 2)
      for part in ["<script>alert", "\"autofocus", "\"onload", "'onload", "h\"", "\u{0}", "\u{1B}"] {
        #expect(!answer.text.contains(part), "\(part)")
      }
    }
  }

  @Test("a page is small, whatever it is asked for")
  func size() async throws {
    let long = String(repeating: "a", count: 10_000)
    try await LiveServer.run { server in
      let plain = try await server.raw(Self.get("/", "host: h")).body.count
      for target in ["/\(long)/", "/?address=http://h/\(long)", "/?address=\(long)"] {
        let answer = try await server.raw(Self.get(target, "host: h"))
        #expect(answer.status == 200)
        #expect(answer.body.count < plain + long.count + 5_000)
      }
    }
  }

  @Test("a page may load nothing, and run nothing but its own style and script")
  func policy() async throws {
    try await LiveServer.run { server in
      let answer = try await server.raw(Self.get("/", "host: h"))
      let policy = try #require(answer.headers["content-security-policy"])
      for element in ["style", "script"] {
        let start = try #require(answer.text.components(separatedBy: "<\(element)>").last)
        let content = try #require(start.components(separatedBy: "</\(element)>").first)
        let digest = Data(SHA256.hash(data: Array(content.utf8))).base64EncodedString()
        #expect(policy.contains("\(element)-src 'sha256-\(digest)'"))
      }
      for directive in ["default-src 'none'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"] {
        #expect(policy.contains(directive))
      }
      #expect(answer.headers["x-content-type-options"] == "nosniff")
      #expect(answer.headers["referrer-policy"] == "no-referrer")
      #expect(answer.headers["cache-control"] == "no-store")
      #expect(!answer.text.contains("//cdn") && !answer.text.contains(" src="))
    }
  }

  @Test("what was typed comes back with what becomes of it")
  func check() async throws {
    try await LiveServer.run { server in
      let answer = try await server.raw(Self.get("/djs/?address=+http%3A%2F%2Fh%2Fdjs", "host: h"))
      #expect(answer.text.contains("value=\" http://h/djs\""))
      #expect(answer.text.contains("<code>http://h/sync/hostKey</code>"))
      #expect(answer.text.contains("mark fails") && answer.text.contains("mark works"))
      let refused = try await server.raw(Self.get("/?address=localhost%3A27701", "host: h"))
      #expect(refused.text.contains("It must begin with http://"))
      let none = try await server.raw(Self.get("/?address=", "host: h"))
      #expect(!none.text.contains("class=\"result\""))
    }
  }

  @Test("a server that nobody named is called by the address that was reached")
  func unnamed() async throws {
    try await LiveServer.run { server in
      let answer = try await server.raw("GET / HTTP/1.0\r\naccept: text/html\r\n\r\n")
      #expect(answer.text.contains("http://127.0.0.1:\(server.port)/"))
    }
  }
}
