import AnkiFormats
import Testing

private let text = Array(String(repeating: "what was compressed comes back; ", count: 20_000).utf8)

private func compressed(_ bytes: [UInt8], size: Int? = nil) throws -> [UInt8] {
  try bytes.withUnsafeBytes { try ZstdEncoder(level: 3, size: size).encodeAll($0) }
}

private func decompressed(_ frame: [UInt8], limit: Int = 1 << 20, pieces: Int = .max) throws -> [UInt8] {
  let decoder = try ZstdDecoder(limit: limit)
  var bytes: [UInt8] = []
  try frame.withUnsafeBytes { frame in
    var rest = frame[...]
    while !rest.isEmpty {
      try decoder.decode(UnsafeRawBufferPointer(rebasing: rest.prefix(pieces))) { bytes.append(contentsOf: $0) }
      rest = rest.dropFirst(pieces)
    }
  }
  try decoder.finish()
  #expect(decoder.count == bytes.count)
  return bytes
}

/// A frame of one raw byte that asks for a window of 2 to the power of `windowLog`.
private func frame(windowLog: UInt8) -> [UInt8] {
  [0x28, 0xB5, 0x2F, 0xFD, 0x00, (windowLog - 10) << 3, 0x09, 0x00, 0x00, 0x61]
}

@Suite("zstd")
struct ZstdTests {
  @Test("what was compressed comes back, in pieces of any size", arguments: [1, 7, 1000, 1 << 17, .max])
  func roundTrip(pieces: Int) throws {
    #expect(try decompressed(compressed(text), pieces: pieces) == text)
  }

  @Test("nothing is a frame too")
  func empty() throws {
    #expect(try decompressed(compressed([])) == [])
    #expect(try decompressed(compressed([], size: 0)) == [])
  }

  @Test("a body written in pieces is one frame")
  func streamed() throws {
    let encoder = try ZstdEncoder(level: 1)
    var frame: [UInt8] = []
    for start in stride(from: 0, to: text.count, by: 9999) {
      try text[start..<min(start + 9999, text.count)].withUnsafeBytes { piece in
        try encoder.encode(piece) { frame.append(contentsOf: $0) }
      }
    }
    try encoder.finish { frame.append(contentsOf: $0) }
    #expect(try decompressed(frame) == text)
  }

  @Test("what is large and does not compress comes back")
  func incompressible() throws {
    var random = SplitMix(state: 3)
    let noise = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    #expect(try decompressed(compressed(noise, size: noise.count)) == noise)
  }

  @Test("large bodies that are written side by side are each one frame")
  func large() throws {
    let large = (0..<3).map { number in
      [UInt8](unsafeUninitializedCapacity: 9 << 20) { bytes, count in
        for index in bytes.indices { bytes[index] = UInt8(truncatingIfNeeded: (index >> 3) &* (index >> 11) &+ number) }
        count = bytes.count
      }
    }
    let encoders = try large.map { try ZstdEncoder(level: 1, size: $0.count) }
    var frames = large.map { _ in [UInt8]() }
    for start in stride(from: 0, to: 9 << 20, by: 128 << 10) {
      for (place, encoder) in encoders.enumerated() {
        try large[place][start..<start + (128 << 10)].withUnsafeBytes { piece in
          try encoder.encode(piece) { frames[place].append(contentsOf: $0) }
        }
      }
    }
    for (place, encoder) in encoders.enumerated() {
      try encoder.finish { frames[place].append(contentsOf: $0) }
      #expect(try decompressed(frames[place], limit: 9 << 20) == large[place])
    }
  }

  @Test("the limit is met exactly, and one byte more is too large")
  func limit() throws {
    let frame = try compressed(text)
    #expect(try decompressed(frame, limit: text.count) == text)
    #expect(throws: ArchiveError.tooLarge) { try decompressed(frame, limit: text.count - 1) }
    #expect(throws: ArchiveError.tooLarge) { try decompressed(frame, limit: 0) }
  }

  @Test("a bomb gives no more than its limit and one piece")
  func bomb() throws {
    let bomb = try compressed([UInt8](repeating: 0, count: 50 << 20))
    let decoder = try ZstdDecoder(limit: 1 << 20)
    var seen = 0
    #expect(throws: ArchiveError.tooLarge) {
      try bomb.withUnsafeBytes { try decoder.decode($0) { seen += $0.count } }
    }
    #expect(seen <= 1 << 20)
  }

  @Test("a frame that is cut short is truncated", arguments: [0, 1, 5, 20, -1])
  func truncated(count: Int) throws {
    let frame = try compressed(text)
    let cut = Array(count < 0 ? frame.dropLast() : frame.prefix(count))
    #expect(throws: ArchiveError.truncated) { try decompressed(cut) }
  }

  @Test("bytes behind the frame are refused, in the same piece or the next", arguments: [1, .max])
  func trailing(pieces: Int) throws {
    let frame = try compressed(text)
    #expect(throws: ArchiveError.corrupt) { try decompressed(frame + [0], pieces: pieces) }
    #expect(throws: ArchiveError.corrupt) { try decompressed(frame + frame, limit: .max, pieces: pieces) }
  }

  @Test("what is no frame is corrupt")
  func garbage() throws {
    #expect(throws: ArchiveError.corrupt) { try decompressed(Array("{\"v\":11} and more".utf8)) }
    var frame = try compressed(text)
    frame[8] ^= 0xFF
    #expect(throws: ArchiveError.self) { try decompressed(frame) }
  }

  @Test("a window of 8 MiB is granted, a larger one is corrupt")
  func window() throws {
    #expect(try decompressed(frame(windowLog: 23)) == [0x61])
    #expect(throws: ArchiveError.corrupt) { try decompressed(frame(windowLog: 24)) }
  }

  @Test("a size that was told must be kept")
  func pledge() throws {
    for size in [4, 16 << 20] {
      let encoder = try ZstdEncoder(level: 3, size: size)
      #expect(throws: ArchiveError.corrupt) {
        try [1, 2, 3].withUnsafeBytes { try encoder.encode($0) { _ in } }
        try encoder.finish { _ in }
      }
    }
  }
}
