import AnkiFormats
import Testing

private let text = Array(String(repeating: "what was compressed comes back; ", count: 20_000).utf8)

/// Unpacks in pieces of a size.
private func unpacked(_ decoder: some Decoder, _ input: [UInt8], pieces: Int = .max) throws -> [UInt8] {
  var bytes: [UInt8] = []
  try input.withUnsafeBytes { input in
    var rest = input[...]
    while !rest.isEmpty {
      try decoder.decode(UnsafeRawBufferPointer(rebasing: rest.prefix(pieces))) { bytes.append(contentsOf: $0) }
      rest = rest.dropFirst(pieces)
    }
  }
  try decoder.finish()
  #expect(decoder.count == bytes.count)
  return bytes
}

private func gunzip(_ input: [UInt8], limit: Int = 1 << 20, pieces: Int = .max) throws -> [UInt8] {
  try unpacked(GzipDecoder(limit: limit), input, pieces: pieces)
}

@Suite("gzip")
struct GzipTests {
  @Test("what was compressed comes back, in pieces of any size", arguments: [1, 7, 1000, 1 << 17, .max])
  func roundTrip(pieces: Int) throws {
    #expect(try gunzip(text.gzip, pieces: pieces) == text)
  }

  @Test("nothing is a member too")
  func empty() throws {
    #expect(try gunzip([UInt8]().gzip) == [])
  }

  @Test("the limit is met exactly, and one byte more is too large")
  func limit() throws {
    #expect(try gunzip(text.gzip, limit: text.count) == text)
    #expect(throws: ArchiveError.tooLarge) { try gunzip(text.gzip, limit: text.count - 1) }
    #expect(throws: ArchiveError.tooLarge) { try gunzip(text.gzip, limit: 0) }
  }

  @Test("a bomb gives no more than its limit")
  func bomb() throws {
    let bomb = [UInt8](repeating: 0, count: 50 << 20).gzip
    let decoder = try GzipDecoder(limit: 1 << 20)
    var seen = 0
    #expect(throws: ArchiveError.tooLarge) {
      try bomb.withUnsafeBytes { try decoder.decode($0) { seen += $0.count } }
    }
    #expect(seen <= 1 << 20)
  }

  @Test("a member that is cut short is truncated", arguments: [0, 1, 9, 10, 40, -1, -8])
  func truncated(count: Int) throws {
    let member = text.gzip
    let cut = count < 0 ? Array(member.dropLast(-count)) : Array(member.prefix(count))
    #expect(throws: ArchiveError.truncated) { try gunzip(cut) }
  }

  @Test("bytes behind the member are refused, in the same piece or the next", arguments: [1, .max])
  func trailing(pieces: Int) throws {
    #expect(throws: ArchiveError.corrupt) { try gunzip(text.gzip + [0], pieces: pieces) }
    #expect(throws: ArchiveError.corrupt) { try gunzip(text.gzip + text.gzip, limit: .max, pieces: pieces) }
  }

  @Test("what is no member, or has changed on the way, is corrupt")
  func garbage() throws {
    #expect(throws: ArchiveError.corrupt) { try gunzip(Array("{\"v\":10} and more".utf8)) }
    var member = text.gzip
    member[member.count - 5] ^= 0xFF
    #expect(throws: ArchiveError.corrupt) { try gunzip(member) }
  }
}

@Suite("The payload of a form")
struct FormPayloadTests {
  @Test("packed or bare, it comes out the same, in pieces of any size", arguments: [1, 2, 3, .max])
  func either(pieces: Int) throws {
    #expect(try unpacked(FormPayload(limit: text.count), text.gzip, pieces: pieces) == text)
    let bare = Array(text.prefix(5000))
    #expect(try unpacked(FormPayload(limit: text.count), bare, pieces: pieces) == bare)
  }

  @Test("it knows which of the two it was")
  func kinds() throws {
    for (input, fitsPacked, fitsBare) in [(text.gzip, true, false), (Array("{}".utf8), false, true), ([], true, true)] {
      let payload = FormPayload(limit: 1 << 20)
      _ = try unpacked(payload, input)
      #expect(payload.isAsSaid(packed: true) == fitsPacked)
      #expect(payload.isAsSaid(packed: false) == fitsBare)
    }
  }

  @Test("a limit holds for both")
  func limit() throws {
    #expect(throws: ArchiveError.tooLarge) { try unpacked(FormPayload(limit: 9), Array("0123456789".utf8)) }
    #expect(throws: ArchiveError.tooLarge) { try unpacked(FormPayload(limit: 9), Array("0123456789".utf8).gzip) }
    #expect(try unpacked(FormPayload(limit: 1), [7]) == [7])
  }

  @Test("half a magic number is truncated, one that goes on otherwise is bare")
  func magic() throws {
    #expect(throws: ArchiveError.truncated) { try unpacked(FormPayload(limit: 9), [0x1F]) }
    #expect(try unpacked(FormPayload(limit: 9), [0x1F, 0x1F, 0x8B], pieces: 1) == [0x1F, 0x1F, 0x8B])
  }
}
