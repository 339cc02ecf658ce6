import HummingbirdCore
import NIOCore

/// The connection broke within a body, or what came was no HTTP.
struct BodyInterrupted: Error {
  let cause: any Error
}

/// The bytes of one body, in the pieces in which they come.
struct BodyStream {
  private var pieces: HummingbirdCore.RequestBody.AsyncIterator
  private let exchange: Exchange
  private(set) var isAtEnd = false

  init(_ body: HummingbirdCore.RequestBody, _ exchange: Exchange) {
    (pieces, self.exchange) = (body.makeAsyncIterator(), exchange)
  }

  /// Nil at the end.
  mutating func next() async throws(BodyInterrupted) -> ByteBuffer? {
    let piece: ByteBuffer?
    do { piece = try await pieces.next() } catch { throw BodyInterrupted(cause: error) }
    guard let piece else {
      isAtEnd = true
      exchange.watch.bodyEnded()
      return nil
    }
    exchange.watch.pieceCame()
    exchange.note { $0.bytesIn += piece.readableBytes }
    return piece
  }

  /// Reads to the end and drops what comes, for an answer that the client reads only when all is sent.
  mutating func drain() async throws(BodyInterrupted) {
    while try await next() != nil {}
  }
}
