@testable import Server

/// A request of an old client, as its bytes (sync-protocol.md 2.4).
struct Form: Sendable {
  static let hostKey = "KeyThatNobodyMaySee"

  var method = "meta"
  var boundary = "Anki-sync-boundary"
  var version = "1.1"
  var headers: [String] = []
  /// In order; nil is the payload.
  var parts: [(name: String, value: String)?] = [("k", hostKey), ("s", "15399bde"), ("c", "1"), nil]

  /// The body, as Python's old client lays it out.
  func body(_ payload: [UInt8]) -> [UInt8] {
    var body: [UInt8] = []
    for part in parts {
      let name = part?.name ?? "data"
      body += Array("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"".utf8)
      if let part {
        body += Array("\r\n\r\n\(part.value)\r\n".utf8)
      } else {
        body += Array("; filename=\"data\"\r\nContent-Type: application/octet-stream\r\n\r\n".utf8) + payload
        body += Array("\r\n".utf8)
      }
    }
    return body + Array("--\(boundary)--\r\n".utf8)
  }

  func head(length: Int?, path: String? = nil) -> String {
    let lines =
      [
        "POST \(path ?? "/sync/\(method)") HTTP/\(version)", "host: x",
        "Content-Type: multipart/form-data; boundary=\(boundary)",
        length.map { "Content-Length: \($0)" } ?? "Transfer-Encoding: chunked",
      ] + headers
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }

  /// With the head.
  func bytes(_ payload: [UInt8]) -> [UInt8] {
    let body = body(payload)
    return Array(head(length: body.count).utf8) + body
  }
}

extension LiveServer {
  func call(_ form: Form, payload: [UInt8]) async throws -> Answer {
    try await RawClient.connected(port) { client in
      for piece in form.bytes(payload).pieces(of: 60_000) { try await client.send(piece) }
      return try await client.answer()
    }
  }
}
