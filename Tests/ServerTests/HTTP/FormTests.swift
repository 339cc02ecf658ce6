import AnkiFormats
import Foundation
import SyncCore
import Testing

@testable import Server

private let json = Array(#"{"v": 10, "cv": "ankidesktop,2.1.26 (70784154),lin:debian:12"}"#.utf8)

/// Says what arrived.
private let telling = FakeSync(onRespond: { head, body in
  let size =
    switch body {
    case .bytes(let bytes): "\(bytes.count) bytes"
    case .file(_, let size): "a file of \(size)"
    }
  return .text("\(head.method) \(head.framing) [\(head.hostKey)] [\(head.session)] [\(head.client)] \(size)")
})

@Suite("Forms of old clients") struct FormTests {
  @Test("a payload arrives packed or bare, as the form says, and its answer is bare")
  func echo() async throws {
    try await LiveServer.run { server in
      let packed = try await server.call(Form(), payload: json.gzip)
      #expect(packed.status == 200)
      #expect(packed.body == json)
      #expect(packed.headers["anki-original-size"] == nil)
      #expect(packed.headers["content-length"] == "\(json.count)")
      let bare = try await server.call(Form(parts: [nil, ("c", "0"), ("k", "x")]), payload: json)
      #expect(bare.body == json)
      let silent = try await server.call(Form(parts: [nil, ("k", "x")]), payload: json)
      #expect(silent.body == json)
      let emptyWord = try await server.call(Form(parts: [nil, ("c", "")]), payload: json.gzip)
      #expect(emptyWord.body == json)
    }
  }

  @Test("a payload that is not what the form says is refused")
  func disagreement() async throws {
    try await LiveServer.run { server in
      for (word, payload) in [("1", json), ("0", json.gzip), ("x", json)] {
        let answer = try await server.call(Form(parts: [nil, ("c", word), ("k", "x")]), payload: payload)
        #expect(answer.status == 400, "c=\(word)")
      }
      let absent = try await server.call(Form(parts: [nil, ("k", "x")]), payload: json.gzip)
      #expect(absent.status == 400)
    }
  }

  @Test(
    "the sync side learns what the form says",
    arguments: [
      ([("k", "key"), ("s", "sess"), ("c", "0"), nil], "[key] [sess] [] 2 bytes"),
      ([nil, ("c", "0"), ("k", "key"), ("s", "a;,!&#(){}")], "[key] [a;,!&#(){}] [] 2 bytes"),
      ([nil, ("sk", "key")], "[key] [] [] 2 bytes"),
      (
        [("sk", ""), nil, ("k", "key"), ("v", "anki,2.1.49 (dc80804a),linux")],
        "[key] [] [anki,2.1.49 (dc80804a),linux] 2 bytes"
      ),
      ([("k", "key"), ("v", "ankidroid,2.15.6,"), ("c", "1")], "[key] [] [ankidroid,2.15.6,] 0 bytes"),
      ([("k", "key"), ("unknown", "x"), nil], "[key] [] [] 2 bytes"),
      ([("c", "1")], "[] [] [] 0 bytes"),
    ] as [([(String, String)?], String)])
  func heads(parts: [(String, String)?], told: String) async throws {
    try await LiveServer.run(telling) { server in
      let answer = try await server.call(Form(method: "download", parts: parts), payload: Array("{}".utf8))
      #expect(answer.text == "download form \(told)")
    }
  }

  @Test("what a device said last stands for a version that its form does not tell, in the log too")
  func client() async throws {
    let handler = FakeSync(onAdmitted: { $0.client = "ankidroid,2.9" }, onRespond: { head, _ in .text(head.client) })
    try await LiveServer.run(handler) { server in
      let silent = try await server.call(Form(), payload: json.gzip)
      #expect(silent.text == "ankidroid,2.9")
      let told = try await server.call(Form(parts: [("v", "anki,2.1.49"), nil]), payload: json)
      #expect(told.text == "anki,2.1.49")
      #expect(server.log.requests.contains { $0.contains("client=ankidroid,2.9 ") })
    }
  }

  @Test("a form may be cut into packets anywhere")
  func splits() async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        let form = Form(parts: [nil, ("c", "1"), ("k", "x"), ("s", "y")]).bytes(json.gzip)
        for cut in stride(from: 1, to: form.count, by: 7) {
          try await client.send(form[..<cut])
          try await client.send(form[cut...])
          #expect(try await client.answer().body == json)
        }
      }
    }
  }

  @Test("a large payload goes through a file, which is gone afterwards", arguments: [70_000, 3 << 20])
  func large(size: Int) async throws {
    var limits = HTTPLimits()
    limits.memoryPerBody = 70_000
    let handler = FakeSync(
      limit: size,
      onRespond: { _, body in
        guard case .file(let path, let size) = body else { return try FakeSync.echo(body) }
        return .text("\(size) \(FileManager.default.contents(atPath: path) == Data([UInt8].noise(size)))")
      })
    try await LiveServer.run(handler, limits) { server in
      let answer = try await server.call(Form(method: "applyChunk"), payload: [UInt8].noise(size).gzip)
      #expect(size > 70_000 ? answer.text == "\(size) true" : answer.body == [UInt8].noise(size))
      let upload = try await server.call(Form(method: "upload"), payload: [UInt8].noise(size).gzip)
      #expect(upload.text == "\(size) true")
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test("who has no right is refused after the body, and the connection goes on")
  func refused() async throws {
    let handler = FakeSync(onAdmit: { _ in throw SyncError(.forbidden, "unknown host key") })
    try await LiveServer.run(handler) { server in
      try await RawClient.connected(server.port) { client in
        for payload in [json.gzip, Array("nonsense".utf8), [UInt8](repeating: 0, count: 3 << 20).gzip] {
          try await client.send(Form().bytes(payload))
          let answer = try await client.answer()
          #expect(answer.status == 403)
        }
      }
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test("a payload beyond the limit is 413, of an upload a text; both when all was read")
  func tooLarge() async throws {
    try await LiveServer.run(FakeSync(limit: 100_000)) { server in
      try await RawClient.connected(server.port) { client in
        for payload in [[UInt8](repeating: 65, count: 100_001), .noise(1 << 20)] {
          for part in ["0", "1"] {
            let sent = part == "1" ? payload.gzip : payload
            let parts: [(String, String)?] = [nil, ("c", part), ("k", "x")]
            try await client.send(Form(method: "applyChunk", parts: parts).bytes(sent))
            let refused = try await client.answer()
            #expect(refused.status == 413)
            try await client.send(Form(method: "upload", parts: parts).bytes(sent))
            let upload = try await client.answer()
            #expect(upload.text == "refused: the body is larger than 100000 bytes")
          }
        }
      }
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }

  @Test("a gigabyte of zeros is refused in bounded memory", arguments: ["applyChunk", "upload"])
  func bomb(method: String) async throws {
    let bomb = [UInt8](repeating: 0, count: 1 << 30).gzip
    let before = try ProcessMemory.peak()
    try await LiveServer.run(FakeSync(limit: 300 << 20)) { server in
      let answer = try await server.call(Form(method: method), payload: bomb)
      #expect(answer.status == (method == "upload" ? 200 : 413))
      #expect(await server.eventually { $0.files.isEmpty })
    }
    // Other tests run beside this one.
    #expect(try ProcessMemory.peak() - before < 200 << 20)
  }

  @Test("nobody fills the disk before it is known who they are")
  func unclaimed() async throws {
    var limits = HTTPLimits()
    limits.unclaimed = 2 << 20
    try await LiveServer.run(FakeSync(limit: 1 << 30), limits) { server in
      for method in ["applyChunk", "upload"] {
        let refused = try await server.call(Form(method: method), payload: [UInt8](repeating: 0, count: 4 << 20).gzip)
        #expect(refused.status == 503)
        for _ in 0..<5 {
          // What was taken is given back.
          let fits = try await server.call(Form(method: method), payload: [UInt8](repeating: 0, count: 1 << 20).gzip)
          #expect(fits.status == 200)
        }
      }
    }
  }

  @Test(
    "what is no form is refused, and the next request answered",
    arguments: [
      "", "--", "--Anki-sync-boundary", "--Anki-sync-boundary\r\n", "{}", "--Anki-sync-boundary--\r\n\0",
      "--Anki-sync-boundary\r\nContent-Disposition: form-data; name=\"data\"\r\n\r\nx",
    ])
  func garbage(body: String) async throws {
    try await LiveServer.run { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Form().head(length: body.utf8.count) + body)
        let answer = try await client.answer()
        #expect(answer.status == (body.hasSuffix("--\r\n\0") ? 200 : 400))
      }
      #expect(try await server.call(Form(), payload: json.gzip).body == json)
    }
  }

  @Test("a boundary may be quoted, and the type in any case")
  func contentType() async throws {
    try await LiveServer.run { server in
      let form = Form(boundary: "a;b \"c")
      let head = form.head(length: form.body(json.gzip).count)
        .replacing("multipart/form-data; boundary=a;b \"c", with: #"Multipart/Form-Data; x=y; BOUNDARY="a;b \"c""#)
      let answer = try await RawClient.connected(server.port) { client in
        try await client.send(Array(head.utf8) + form.body(json.gzip))
        return try await client.answer()
      }
      #expect(answer.body == json)
    }
  }

  @Test("a late answer follows its early head, bare and of unknown length")
  func earlyHead() async throws {
    let gate = Gate()
    let handler = FakeSync(onRespond: { _, _ in
      await gate.wait()
      return .text("OK")
    })
    try await LiveServer.run(handler, EarlyHeadTests.impatient()) { server in
      try await RawClient.connected(server.port) { client in
        try await client.send(Form(method: "upload").bytes(json.gzip))
        var answer = try await client.head()
        #expect(answer.status == 200)
        #expect(answer.headers["content-length"] == nil)
        gate.open()
        await client.readBody(&answer)
        #expect(answer.text == "OK")
      }
    }
  }

  @Test("`begin` is asked for by a GET too")
  func begin() async throws {
    try await LiveServer.run(telling) { server in
      let target = "/msync/begin?k=a%2Bb&v=anki%2C2.1.49+%28dc80804a%29%2Clinux"
      let answer = try await server.raw("GET \(target) HTTP/1.1\r\nhost: x\r\n\r\n")
      #expect(answer.text == "begin form [a+b] [] [anki,2.1.49 (dc80804a),linux] 0 bytes")
      let silent = try await server.raw("GET /begin?&=&x&k HTTP/1.1\r\nhost: x\r\n\r\n")
      #expect(silent.text == "begin form [] [] [] 0 bytes")
    }
  }
}
