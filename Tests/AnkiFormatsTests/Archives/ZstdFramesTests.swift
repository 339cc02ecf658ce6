import AnkiFormats
import Testing

@Suite("Small zstd frames")
struct ZstdFramesTests {
  private let frames = ZstdFrames()

  private func unpack(_ frame: [UInt8], atMost room: Int) throws -> [UInt8]? {
    try frame.withUnsafeBytes { try frames.unpack($0, atMost: room) }
  }

  @Test("what was packed comes back, into exactly enough room", arguments: [0, 1, 100, 5000, 100_000])
  func roundTrip(size: Int) throws {
    var random = SplitMix(state: UInt64(size))
    let bytes = (0..<size).map { _ in UInt8.random(in: 0...15, using: &random) }
    let frame = try frames.pack(bytes)
    for room in [size, size + 1, 2 * size + 7] where room > 0 { #expect(try unpack(frame, atMost: room) == bytes) }
    guard size > 1 else { return }
    #expect(try unpack(frame, atMost: size - 1) == nil)
  }

  @Test("a frame without its size, as clients send it, is unpacked too")
  func streamed() throws {
    let encoder = try ZstdEncoder(level: 3)
    let bytes = Array(String(repeating: "a client's words ", count: 300).utf8)
    var frame: [UInt8] = []
    try bytes.withUnsafeBytes { try encoder.encode($0) { frame.append(contentsOf: $0) } }
    try encoder.finish { frame.append(contentsOf: $0) }
    #expect(try unpack(frame, atMost: 64 << 10) == bytes)
  }

  @Test("a frame that was refused leaves nothing behind for the next one")
  func refusals() throws {
    let good = try frames.pack(Array("good".utf8))
    let wide: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x00, (24 - 10) << 3, 0x09, 0x00, 0x00, 0x61]
    let cases: [([UInt8], ArchiveError)] = [
      (Array(good.dropLast()), .truncated), (good + [0], .corrupt), ([1, 2, 3, 4, 5], .corrupt), (wide, .corrupt),
    ]
    for (frame, error) in cases {
      #expect(throws: error) { try unpack(frame, atMost: 1000) }
      #expect(try unpack(good, atMost: 1000) == Array("good".utf8))
    }
  }

  @Test("many at once do not meet")
  func manyAtOnce() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<64 {
        group.addTask { [self] in
          let bytes = [UInt8](repeating: UInt8(number), count: 1 + number * 100)
          for _ in 0..<50 {
            let frame = try frames.pack(bytes)
            #expect(try unpack(frame, atMost: bytes.count) == bytes)
          }
        }
      }
      try await group.waitForAll()
    }
  }
}
