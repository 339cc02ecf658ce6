import SyncCore
import Testing

@testable import Server

/// What a person types into which field, and what the client makes of it (sync-protocol.md 2.1, 2.2; compat.md).
private enum Typed {
  /// Desktop from 2.1.57 on, AnkiDroid from 2.17 on: what stands behind the last slash is dropped.
  static let oneField = [
    "/", "/anki/", "/a/b/c/", "/sync/", "/msync/", "/djs/", "/djs/sync/", "/sync/sync/", "//", "/anki//",
    "/sync/hostKey/", "/%E6%97%A5/",
  ]
  /// AnkiDroid 2.13 to 2.15: `sync/` is added to the first field, nothing to the one for media; 2.8 to 2.12 add a slash
  /// to the latter whether it has one or not.
  static let twoFields = [
    "", "/", "/sync", "/sync/", "/msync", "/msync/", "/djs", "/djs/", "/djs/sync/", "/djs/msync/",
  ]
  /// Desktop 2.1.28 to 2.1.56: an environment variable, to which the method is glued.
  static let glued = ["/sync/", "/sync", "/msync/", "/msync", "/djs/sync/", "/djs/msync", "/anki//sync//", "/"]

  struct Address: Sendable, CustomTestStringConvertible {
    let path: String
    let method: SyncMethod
    var testDescription: String { path }
  }

  static var all: [Address] {
    func address(_ prefix: String, _ method: SyncMethod) -> Address {
      let path = prefix + method.rawValue
      return Address(path: path.hasPrefix("/") ? path : "/" + path, method: method)
    }
    return oneField.flatMap { [address($0 + "sync/", .meta), address($0 + "msync/", .begin)] }
      + twoFields.flatMap { base in
        let slash = base.hasSuffix("/") ? "" : "/"
        return [
          address(base + slash + "sync/", .hostKey), address(base + slash, .mediaChanges), address(base + "/", .begin),
          address(base + slash + "msync/", .uploadChanges),
        ]
      }
      + glued.flatMap { [address($0, .applyChunk), address($0, .mediaSanity)] }
  }
}

@Suite("Addresses") struct AddressTests {
  @Test("there are at least 40 of them")
  func enough() {
    #expect(Set(Typed.all.map(\.path)).count >= 40)
  }

  @Test("whatever was typed into whichever field, a request reaches its method, in both framings")
  func typed() async throws {
    let telling = FakeSync(onRespond: { head, _ in .text("\(head.method)") })
    try await LiveServer.run(telling) { server in
      try await RawClient.connected(server.port) { client in
        for address in Typed.all {
          let form = Form(method: address.method.rawValue)
          let body = form.body([])
          for tail in ["", "/", "//", "?x=y", "/?"] {
            try await client.send(Array(form.head(length: body.count, path: address.path + tail).utf8) + body)
            let old = try await client.answer()
            #expect(old.text == address.method.rawValue, "\(address.path + tail)")
            try await client.send(Call().head(path: address.path + tail))
            try await client.endChunks()
            let new = try await client.answer()
            #expect(try new.content() == address.method.rawValue, "\(address.path + tail)")
          }
        }
      }
    }
  }

  @Test("nothing is ever redirected", arguments: ["/", "/sync", "/djs", "/sync/", "/anki/sync/unknown"])
  func noRedirect(path: String) async throws {
    try await LiveServer.run { server in
      for verb in ["GET", "POST"] {
        let answer = try await server.raw("\(verb) \(path) HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n")
        #expect(answer.status == 404)
        #expect(answer.headers["location"] == nil)
      }
    }
  }
}
