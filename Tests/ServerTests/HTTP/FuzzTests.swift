import AnkiFormats
import Foundation
import SyncCore
import Testing

@testable import Server

/// Spoils bytes, the same way for the same seed.
private struct Spoiler: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  /// A few changes of the kinds that parsers mind.
  mutating func spoiled(_ bytes: [UInt8], _ dictionary: [[UInt8]]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 0...6, using: &self) {
      let at = Int.random(in: 0...bytes.count, using: &self)
      let length = Int.random(in: 0...min(40, bytes.count - at), using: &self)
      switch Int.random(in: 0..<6, using: &self) {
      case 0: bytes.removeSubrange(at..<(at + length))
      case 1: bytes.insert(contentsOf: bytes[at..<(at + length)], at: at)
      case 2: bytes.insert(contentsOf: dictionary.randomElement(using: &self) ?? [], at: at)
      case 3: bytes.removeSubrange(at...)
      case 4: for index in at..<(at + length) { bytes[index] = .random(in: .min ... .max, using: &self) }
      default: if length > 0 { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self) }
      }
    }
    return bytes
  }

  /// In pieces of any size.
  mutating func cut(_ bytes: [UInt8]) -> [[UInt8]] {
    var (pieces, rest): ([[UInt8]], ArraySlice<UInt8>) = ([], bytes[...])
    while !rest.isEmpty {
      let piece = rest.prefix(Int.random(in: 1...max(1, bytes.count), using: &self))
      pieces.append(Array(piece))
      rest = rest.dropFirst(piece.count)
    }
    return pieces
  }
}

/// Requests that nobody sends on purpose. `FUZZ_ROUNDS` says how many, `FUZZ_SEED` which.
@Suite("Spoiled requests", .timeLimit(.minutes(60))) struct FuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = Int(environment["FUZZ_ROUNDS"] ?? "") ?? 400
  private static let seed = UInt64(environment["FUZZ_SEED"] ?? "") ?? 1

  private static let words = [
    "\r\n", "\r\n\r\n", "--", "\r\n--Anki-sync-boundary", "--Anki-sync-boundary--", "\"", ";", "name=\"data\"",
    "name=\"k\"",
    "Content-Disposition: form-data; ", "\0", "\u{1F}", "\\", "{", "[[[[", "\"v\":11", "(\u{B5}/\u{FD}", "=",
  ].map { Array($0.utf8) }
  private static let json = Array(#"{"v":10,"cv":"anki,2.1.49 (dc80804a),linux","a":[1,2,[3]]}"#.utf8)
  private static let forms: [Form] = [
    Form(), Form(parts: [nil, ("c", "1"), ("k", "x"), ("s", "a;b")]), Form(parts: [("sk", "x"), nil]),
    Form(parts: [("k", "x"), ("v", "anki"), ("c", "0")]),
  ]

  private static func limits() -> HTTPLimits {
    var limits = HTTPLimits()
    (limits.head, limits.idle, limits.bodyPause) = (.milliseconds(100), .milliseconds(100), .milliseconds(100))
    limits.memoryPerBody = 1 << 10
    return limits
  }

  @Test("a form parser reads or refuses, and says the same however its input is cut")
  func parser() throws {
    var spoiler = Spoiler(state: Self.seed)
    func said(_ pieces: [[UInt8]]) -> [String]? {
      guard var parser = try? FormParser(boundary: "Anki-sync-boundary", fields: ReceivedForm.fieldNames) else {
        return nil
      }
      var (fields, payload): ([String], [UInt8]) = ([], [])
      do {
        for piece in pieces {
          piece.withUnsafeBytes { parser.feed($0) }
          while let event = try parser.next() {
            switch event {
            case .field(let name, let value): fields.append("\(name)=\(value)")
            case .payload(let bytes): payload += bytes
            }
          }
        }
        try parser.finish()
      } catch { return nil }
      return fields + [payload.description]
    }
    for _ in 0..<(Self.rounds * 10) {
      let form = Self.forms.randomElement(using: &spoiler) ?? Form()
      let bytes = spoiler.spoiled(form.body(Self.json), Self.words)
      #expect(said([bytes]) == said(spoiler.cut(bytes)))
    }
  }

  @Test("a body that is spoiled gets an answer, in either framing, and leaves nothing behind")
  func bodies() async throws {
    let before = try ProcessMemory.peak()
    try await LiveServer.run(FakeSync(limit: 100_000), Self.limits()) { server in
      var spoiler = Spoiler(state: Self.seed)
      for round in 0..<Self.rounds {
        let method = SyncMethod.allCases[round % SyncMethod.allCases.count].rawValue
        let form = Self.forms[round % Self.forms.count]
        let payload = spoiler.spoiled(round % 3 == 0 ? Self.json : Self.json.gzip, Self.words)
        let isForm = round.isMultiple(of: 2)
        let body = spoiler.spoiled(isForm ? form.body(payload) : try Self.json.zstd, Self.words)
        let head =
          isForm
          ? form.head(length: body.count, path: "/sync/\(method)")
          : "POST /sync/\(method) HTTP/1.1\r\nhost: x\r\ncontent-length: \(body.count)\r\n\(Call.header())\r\n\r\n"
        let pieces = spoiler.cut(body)
        let answer = try await server.untilAnswered { client in
          try await client.send(head)
          for piece in pieces { try await client.send(piece) }
          return try await client.answer()
        }
        #expect([200, 400, 413].contains(answer.status), "round \(round): \(answer.status) \(answer.text)")
      }
      #expect(await server.eventually { $0.files.isEmpty })
    }
    // Other tests run beside this one.
    #expect(try ProcessMemory.peak() - before < 100 << 20)
  }

  @Test("a request that is spoiled as a whole is answered or cut off, and the next one served")
  func requests() async throws {
    try await LiveServer.run(FakeSync(), Self.limits()) { server in
      var spoiler = Spoiler(state: Self.seed &+ 1)
      for round in 0..<(Self.rounds / 4) {
        let frame = try Self.json.zstd
        let bytes =
          round.isMultiple(of: 2)
          ? Self.forms[round % Self.forms.count].bytes(Self.json.gzip)
          : Array("POST /sync/meta HTTP/1.1\r\ncontent-length: \(frame.count)\r\n\(Call.header())\r\n\r\n".utf8) + frame
        let spoiled = spoiler.spoiled(bytes, Self.words)
        let answer = try? await RawClient.connected(server.port) { client in
          try await client.send(spoiled)
          return try await client.answerWithin(.seconds(5))
        }
        if let answer { #expect((100..<600).contains(answer.status), "round \(round)") }
        #expect(try await server.raw("GET /health HTTP/1.1\r\nhost: x\r\n\r\n").status == 200, "round \(round)")
      }
      #expect(await server.eventually { $0.files.isEmpty })
    }
  }
}
