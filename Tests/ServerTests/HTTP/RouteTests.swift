import Testing

@testable import Server

@Suite struct RouteTests {
  @Test(
    "the last component of an address decides",
    arguments: [
      "/sync/meta", "/anki/sync/meta", "/sync/sync/meta", "/meta", "//sync//meta", "/sync/meta/", "/a/b/c/meta//",
      "/sync/meta?x=1", "/sync/meta#f", "/syncmeta", "/x/syncmeta", "http://h/sync/meta", "meta",
    ])
  func known(target: String) {
    #expect(SyncRoute(target: target) == .sync(.meta))
  }

  @Test("every method is found", arguments: SyncMethod.allCases)
  func methods(method: SyncMethod) {
    #expect(SyncRoute(target: "/sync/\(method.rawValue)") == .sync(method))
  }

  @Test(
    "other addresses are unknown",
    arguments: [
      "", "/", "//", "?meta", "/sync/", "/sync/Meta", "/sync/meta/x", "/sync/metax", "/sync/%6deta", "*", "/xsyncmeta",
      "/syncsyncmeta", "/sync", "/msync",
    ])
  func unknown(target: String) {
    #expect(SyncRoute(target: target) == nil)
  }

  @Test("health is an empty 200 wherever it is asked for, and leaves no line", arguments: ["/health", "/anki/health/"])
  func health(path: String) async throws {
    try await LiveServer.run { server in
      let answer = try await server.raw("GET \(path) HTTP/1.1\r\nhost: x\r\n\r\n")
      #expect(answer.status == 200)
      #expect(answer.body.isEmpty)
      #expect(server.log.requests.isEmpty)
    }
  }

  @Test(
    "an odd request has its status",
    arguments: [
      ("GET /sync/meta", [], 405), ("PUT /sync/meta", [Call.header()], 405), ("POST /health", [], 405),
      ("POST /sync/nothing", [Call.header()], 404), ("GET /", [], 404),
      ("POST /sync/meta", [], 400),
      ("POST /sync/meta", [Call.header(), Call.header()], 400),
      ("POST /sync/meta", ["anki-sync: {}"], 400), ("POST /sync/meta", ["anki-sync: [1"], 400),
      ("POST /sync/meta", [Call.header(version: 7)], 400), ("POST /sync/meta", [Call.header(version: 12)], 400),
      ("POST /sync/meta", ["content-type: multipart/form-data; boundary=x"], 400),
      ("POST /sync/meta", ["content-type: multipart/form-data"], 400),
      ("POST /sync/meta", ["content-type: application/json"], 400),
    ] as [(String, [String], Int)])
  func odd(line: String, headers: [String], status: Int) async throws {
    try await LiveServer.run { server in
      let lines = ["\(line) HTTP/1.1", "host: x", "content-length: 0"] + headers
      let answer = try await server.raw(lines.joined(separator: "\r\n") + "\r\n\r\n")
      #expect(answer.status == status)
    }
  }

  @Test("headers in any case and unknown ones do not matter")
  func headers() async throws {
    try await LiveServer.run { server in
      let odd = Call.header().replacing("anki-sync", with: "ANKI-Sync")
      let answer = try await server.call(Call(headers: ["x-unknown: 1", odd, "Cookie: a=b"]), Array("[1]".utf8))
      #expect(try answer.content() == "[1]")
    }
  }

  @Test("the sync side learns what the head says")
  func head() async throws {
    let handler = FakeSync(onRespond: { head, _ in
      .text("\(head.method) \(head.version) \(head.hostKey) \(head.session) \(head.client) \(head.address)")
    })
    try await LiveServer.run(handler) { server in
      let answer = try await server.call(Call(method: "start"))
      #expect(try answer.content() == "start 11 KeyThatNobodyMaySee KcCOY 26.09.3,29bb700b,linux 127.0.0.1")
    }
  }
}
