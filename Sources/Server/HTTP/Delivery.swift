import HTTPTypes
import Hummingbird
import NIOCore
import SyncCore

/// An answer on its way out, in the framing of its request.
struct Delivery: Sendable {
  let framing: ReplyFraming
  let store: BodyStore
  let loop: any EventLoop
  let exchange: Exchange

  /// What the sync side has answered.
  enum Content: Sendable {
    case bytes([UInt8])
    case file(ServedFile)

    init(_ reply: Reply) {
      switch reply {
      case .bytes(let bytes): self = .bytes(bytes)
      case .file(let path, let size, let done): self = .file(ServedFile(path: path, size: size, done: done))
      }
    }
  }

  /// Answers larger than this are compressed on threads that may be held for a while.
  private static let largeReply = 64 << 10

  func response(_ content: Content) async throws -> Response {
    switch content {
    case .bytes(let bytes):
      let framed = try await frame(bytes)
      exchange.note { $0.bytesOut = framed.readableBytes }
      exchange.end(200)
      return Response(status: .ok, headers: framing.headers(size: bytes.count), body: ResponseBody(byteBuffer: framed))
    case .file(let file):
      let source = try await open(file)
      let body = ResponseBody { writer in
        try await ended {
          try await send(source, to: &writer)
          try await writer.finish(nil)
        }
      }
      return Response(status: .ok, headers: framing.headers(size: file.size), body: body)
    }
  }

  /// The head of an answer that is not known yet (sync-protocol.md 2.6, H-2). When `content` throws, the connection is
  /// closed in the middle of the body, which the client takes for what it is: a failure.
  func earlyResponse(_ content: @escaping @Sendable () async throws -> Content) -> Response {
    let body = ResponseBody { writer in
      try await ended {
        switch try await content() {
        case .bytes(let bytes): try await send(try await frame(bytes), to: &writer)
        case .file(let file): try await send(try await open(file), to: &writer)
        }
        try await writer.finish(nil)
      }
    }
    return Response(status: .ok, headers: framing.headers(size: ReplyFraming.unknownSize), body: body)
  }

  private func ended(_ work: () async throws -> Void) async throws {
    do {
      try await work()
      exchange.end(200)
    } catch {
      exchange.end(200, cause: "cut off: \(ErrorResponse.cause(of: error))")
      throw error
    }
  }

  private func open(_ file: ServedFile) async throws -> FileSource {
    let framing = framing
    return try await store.onThread { try FileSource(file, framing) }
  }

  private func frame(_ bytes: [UInt8]) async throws -> ByteBuffer {
    guard bytes.count > Self.largeReply else { return ByteBuffer(bytes: try framing.frame(bytes, store.frames)) }
    let (framing, frames) = (framing, store.frames)
    return try await store.onThread { ByteBuffer(bytes: try framing.frame(bytes, frames)) }
  }

  private func send(_ source: FileSource, to writer: inout any ResponseBodyWriter) async throws {
    while let piece = try await store.onThread({ try source.next() }) {
      try await send(piece, to: &writer)
    }
  }

  private func send(_ piece: ByteBuffer, to writer: inout any ResponseBodyWriter) async throws {
    try await writer.write(piece)
    exchange.note { $0.bytesOut += piece.readableBytes }
    // Without this hop the writes of a fast reader pile up before the loop has sent them.
    try await loop.submit {}.get()
  }
}
