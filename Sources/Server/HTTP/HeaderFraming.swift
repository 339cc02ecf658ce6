import AnkiFormats
import HTTPTypes
import HummingbirdCore
import NIOCore
import SyncCore

extension HTTPField.Name {
  static let ankiSync = HTTPField.Name("anki-sync")!
  static let ankiOriginalSize = HTTPField.Name("anki-original-size")!
}

/// Framing of sync version 11: who asks is in a header, the body is one zstd frame (sync-protocol.md 2.3).
enum HeaderFraming {
  /// Small bodies are decompressed in one go, so that a slow client holds no decoder.
  private static let gathered = 64 << 10

  /// Reads the head of a request.
  static func head(of request: Request, method: SyncMethod, address: String) throws -> SyncHead {
    let values = request.headers[values: .ankiSync]
    guard let value = values.first else { throw SyncError(.invalid, "the anki-sync header is missing") }
    guard values.count == 1 else { throw SyncError(.invalid, "there are two anki-sync headers") }
    let header = try Wire.syncHeader(value)
    guard (8...11).contains(header.version) else {
      throw SyncError(.invalid, "the anki-sync header names sync version \(header.version)")
    }
    return SyncHead(
      method: method, framing: .header, version: header.version, hostKey: header.hostKey, session: header.session,
      client: header.client, address: address)
  }

  /// Takes in a body and decompresses it. One without a byte is an empty one (sync-protocol.md 2.3).
  /// - Throws: what ``BodySpool`` throws, and ``BodyInterrupted``.
  static func receive(_ stream: inout BodyStream, into spool: BodySpool) async throws -> RequestBody {
    var bytes = try await stream.next() ?? ByteBuffer()
    try await spool.open()
    while let piece = try await stream.next() {
      if bytes.readableBytes + piece.readableBytes > gathered {
        let full = bytes
        try await spool.work { try full.withUnsafeReadableBytes(spool.inflate) }
        bytes = piece
      } else {
        bytes.writeImmutableBuffer(piece)
      }
    }
    let rest = bytes
    if let whole = try rest.withUnsafeReadableBytes(spool.takeWhole) { return whole }
    return try await spool.work {
      if rest.readableBytes > 0 { try rest.withUnsafeReadableBytes(spool.inflate) }
      return try spool.finish()
    }
  }
}
