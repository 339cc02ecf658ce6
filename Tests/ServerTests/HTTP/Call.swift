import AnkiFormats

@testable import Server

/// The head of a request, as current clients send it.
struct Call: Sendable {
  static let hostKey = "KeyThatNobodyMaySee"
  static let session = "KcCOY"

  var method = "meta"
  var verb = "POST"
  var headers = [Call.header()]

  static func header(version: Int = 11) -> String {
    #"anki-sync: {"v":\#(version),"k":"\#(hostKey)","c":"26.09.3,29bb700b,linux","s":"\#(session)"}"#
  }

  var head: String { head(path: "/sync/\(method)") }
  func head(path: String) -> String {
    let lines = ["\(verb) \(path) HTTP/1.1", "host: x", "transfer-encoding: chunked"] + headers
    return lines.joined(separator: "\r\n") + "\r\n\r\n"
  }
}

extension [UInt8] {
  /// As one zstd frame.
  var zstd: [UInt8] {
    get throws { try withUnsafeBytes { try ZstdEncoder().encodeAll($0) } }
  }

  /// The content of one zstd frame.
  func unzstd() throws -> [UInt8] {
    try withUnsafeBytes { try ZstdDecoder(limit: 1 << 30).decodeAll($0) }
  }

  /// Bytes that do not compress, the same every time.
  static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var state = seed
    let words = (0...(count / 8)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ (state >> 29)
    }
    return words.withUnsafeBytes { [UInt8]($0.prefix(count)) }
  }

  /// In pieces of at most this size.
  func pieces(of size: Int) -> [[UInt8]] {
    stride(from: 0, to: count, by: size).map { [UInt8](self[$0..<Swift.min($0 + size, count)]) }
  }
}

extension Answer {
  /// The answer of a success, decompressed.
  func content() throws -> String { String(decoding: try body.unzstd(), as: UTF8.self) }
}
