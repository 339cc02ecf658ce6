import AnkiFormats
import HTTPTypes

/// How an answer goes out, which depends on how its request came in (sync-protocol.md 2.3, 2.5).
struct ReplyFraming: Sendable {
  /// Whether the answer is a zstd frame and its size before that goes ahead of it.
  let isCompressed: Bool

  /// What is promised when the answer is not known yet: clients take any number (sync-protocol.md 2.3).
  static let unknownSize = 64 << 10
  private static let fileLevel = 1

  init(_ head: SyncHead) { isCompressed = head.framing == .header && head.version >= 11 }

  /// - Parameter size: of the answer, in bytes, before it is compressed.
  func headers(size: Int) -> HTTPFields {
    var headers: HTTPFields = [.contentType: "application/octet-stream"]
    // Clients read 32 bits and fail on more, but do not mind a wrong number.
    if isCompressed { headers[.ankiOriginalSize] = String(min(size, Int(UInt32.max))) }
    return headers
  }

  func frame(_ bytes: [UInt8], _ frames: ZstdFrames) throws -> [UInt8] {
    isCompressed ? try frames.pack(bytes) : bytes
  }

  func encoder(size: Int) throws -> ZstdEncoder? {
    isCompressed ? try ZstdEncoder(level: Self.fileLevel, size: size) : nil
  }
}
