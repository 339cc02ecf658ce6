import AnkiFormats
import SyncCore
import Testing

/// What a form says: its fields, and its payload put together.
private struct Said: Equatable {
  var fields: [String: String] = [:]
  var payload: [UInt8] = []

  /// - Parameter pieces: in which the form comes.
  init(_ pieces: [[UInt8]], boundary: String = "B", fields: Set<String> = ["k", "c"]) throws {
    var parser = try FormParser(boundary: boundary, fields: fields)
    for piece in pieces {
      piece.withUnsafeBytes { parser.feed($0) }
      while let event = try parser.next() {
        switch event {
        case .field(let name, let value): self.fields[name] = value
        case .payload(let bytes): payload += bytes
        }
      }
    }
    try parser.finish()
  }

  init(_ text: String, boundary: String = "B") throws { try self.init([Array(text.utf8)], boundary: boundary) }
}

private func part(_ name: String, _ value: String) -> String {
  "--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
}
private func payload(_ value: String) -> String {
  "--B\r\nContent-Disposition: form-data; name=\"data\"; filename=\"data\"\r\n"
    + "Content-Type: application/octet-stream\r\n\r\n\(value)\r\n"
}
private let end = "--B--\r\n"
/// Looks like a boundary here and there.
private let tricky = "\r\n--A\r\n-\r\n--\r\n--C\r\n\r--B\n--B\r\r\n--BB\r\n--B-\r\n--B \r\n"

@Suite("A form")
struct FormParserTests {
  @Test(
    "parts may come in any order, the payload first or last",
    arguments: [
      payload("xyz") + part("k", "key") + part("c", "1"), part("k", "key") + part("c", "1") + payload("xyz"),
      part("c", "1") + payload("xyz") + part("k", "key"),
    ])
  func order(parts: String) throws {
    let said = try Said(parts + end)
    #expect(said.fields == ["k": "key", "c": "1"])
    #expect(said.payload == Array("xyz".utf8))
  }

  @Test("however a form is cut into two pieces, or into single bytes, it says the same")
  func splits() throws {
    let form = Array((part("k", "key\r\n--") + payload(tricky) + part("other", "\r\n") + part("c", "") + end).utf8)
    let whole = try Said([form])
    #expect(whole.fields == ["k": "key\r\n--", "c": ""])
    #expect(whole.payload == Array(tricky.utf8))
    for cut in 0...form.count {
      #expect(try Said([Array(form[..<cut]), Array(form[cut...])]) == whole, "cut at \(cut)")
    }
    #expect(try Said(form.map { [$0] }) == whole)
  }

  @Test("a form that ends anywhere before its end is refused")
  func truncated() throws {
    let form = Array((part("k", "key") + payload("xyz") + end).utf8)
    for length in 0..<(form.count - 2) {
      #expect(throws: SyncError.self, "\(length) bytes") { try Said([Array(form[..<length])]) }
    }
    // The line end behind the last boundary may be missing.
    #expect(try Said([form.dropLast(2)]).payload == Array("xyz".utf8))
  }

  @Test("what stands before the first part and behind the last one means nothing")
  func around() throws {
    let said = try Said("preamble\r\n--\r\n" + part("k", "key") + end + part("k", "other") + "epilogue")
    #expect(said.fields == ["k": "key"])
  }

  @Test("a payload may be missing or without a byte")
  func emptyPayload() throws {
    #expect(try Said(part("k", "key") + end).payload == [])
    #expect(try Said(payload("") + part("k", "key") + end) == Said(part("k", "key") + end))
    #expect(try Said(end).fields == [:])
  }

  @Test(
    "the headers of a part are read as they may be written",
    arguments: [
      "content-disposition: form-data; name=k", "CONTENT-DISPOSITION:form-data;NAME=\"k\"",
      "X: y\r\nContent-Disposition: form-data; filename=\"a;name=c\"; name=\"k\"",
      "Content-Disposition: form-data; name = \"\\k\" ; x=\"\"",
    ])
  func headers(text: String) throws {
    #expect(try Said("--B\r\n\(text)\r\n\r\nkey\r\n" + end).fields == ["k": "key"])
  }

  @Test(
    "parts without a name that is asked for are ignored",
    arguments: ["", "X: y", "Content-Disposition: form-data", "Content-Disposition: form-data; name=\"z\"", ": :;"])
  func unnamed(headers: String) throws {
    let head = headers.isEmpty ? "" : headers + "\r\n"
    #expect(try Said("--B\r\n\(head)\r\nkey\r\n" + part("c", "0") + end).fields == ["c": "0"])
  }

  @Test("a boundary has 1 to 70 printable characters", arguments: [0, 1, 70, 71])
  func boundaries(length: Int) throws {
    let boundary = String(repeating: "x", count: length)
    guard (1...70).contains(length) else {
      #expect(throws: SyncError.self) { try Said("", boundary: boundary) }
      return
    }
    #expect(try Said("--\(boundary)--", boundary: boundary).fields == [:])
    #expect(throws: SyncError.self) { try Said("", boundary: "a\u{7}") }
  }

  @Test("16 parts are allowed, 17 are not")
  func parts() throws {
    let parts = (1...16).map { part("x\($0)", "") }.joined()
    #expect(try Said(parts + end).fields == [:])
    #expect(throws: SyncError.self) { try Said(parts + part("k", "") + end) }
  }

  @Test("a field has at most 4 KiB, a part's headers at most 8", arguments: [1, 1 << 20])
  func lengths(pieces: Int) throws {
    func said(_ text: String) throws -> Said {
      let bytes = Array(text.utf8)
      return try Said(stride(from: 0, to: bytes.count, by: pieces).map { Array(bytes[$0...].prefix(pieces)) })
    }
    let field = String(repeating: "f", count: 4096)
    #expect(try said(part("k", field) + end).fields == ["k": field])
    #expect(throws: SyncError.self) { try said(part("k", field + "f") + end) }
    let headers = "\r\nX: " + String(repeating: "h", count: 8192 - 5)
    #expect(try said("--B\(headers)\r\n\r\n\r\n" + end).fields == [:])
    #expect(throws: SyncError.self) { try said("--B\(headers)h\r\n\r\n\r\n" + end) }
  }

  @Test("all but the payload has a limit")
  func besides() throws {
    let long = String(repeating: "x", count: 300_000)
    #expect(try Said(payload(long) + end).payload.count == 300_000)
    for form in [long + part("k", "") + end, part("other", long) + end, part("k", "") + end + long] {
      #expect(throws: SyncError.self) { try Said(form) }
    }
  }

  @Test("nothing may be there twice")
  func twice() throws {
    #expect(throws: SyncError.self) { try Said(part("k", "1") + part("k", "1") + end) }
    #expect(throws: SyncError.self) { try Said(payload("1") + payload("1") + end) }
  }

  @Test("a long payload costs the memory of its pieces")
  func memory() throws {
    var parser = try FormParser(boundary: "B", fields: [])
    Array(payload("").utf8.dropLast(2)).withUnsafeBytes { parser.feed($0) }
    // Every byte may begin a boundary.
    let piece = [UInt8](repeating: 13, count: 64 << 10)
    var (total, longest) = (0, 0)
    for _ in 0..<64 {
      piece.withUnsafeBytes { parser.feed($0) }
      while case .payload(let bytes)? = try parser.next() {
        total += bytes.count
        longest = max(longest, bytes.count)
      }
    }
    #expect(total > 63 * piece.count)
    #expect(longest < 2 * piece.count)
  }
}
