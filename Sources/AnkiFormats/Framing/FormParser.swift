import Foundation
public import SyncCore

/// Takes a `multipart/form-data` body apart as it arrives, in bounded memory (sync-protocol.md 2.4): some short fields
/// and one payload of any size, in any order; other parts are ignored.
///
/// ``feed(_:)`` it each piece, then ask for ``next()`` until it has nothing more to say.
public struct FormParser: Sendable {
  public enum Event: Sendable, Equatable {
    case field(name: String, value: String)
    /// The next bytes of the payload.
    case payload(ArraySlice<UInt8>)
  }

  private enum Place: Equatable {
    /// Before the first part, or in one that nobody asked for.
    case ignored
    case headers
    case field(String)
    case payload
    /// Behind the last part.
    case end
  }

  private enum Search {
    case delimiter(at: Int, isLast: Bool)
    /// None that is complete; it cannot begin before this index.
    case none(before: Int)
  }

  public static let longestBoundary = 70
  public static let mostParts = 16
  /// In bytes.
  public static let longestHeaders = 8 << 10
  public static let longestField = 4 << 10
  /// All but the payload.
  public static let mostBesides = 256 << 10

  private static let payloadName = "data"
  private static let lineEnd = Array("\r\n".utf8)
  private static let headersEnd = Array("\r\n\r\n".utf8)

  private let fields: Set<String>
  /// Line end, two hyphens, boundary.
  private let delimiter: [UInt8]
  // The first delimiter may be without the line end in front: so there is one.
  private var buffer = FormParser.lineEnd
  private var start = 0
  private var place = Place.ignored
  private var parts = 0
  private var fed = 0
  private var payload = 0
  private var seen: Set<String> = []

  /// - Parameters:
  ///   - boundary: as the request's content type names it.
  ///   - fields: the names of the fields that are wanted.
  /// - Throws: `invalid` where it cannot be a boundary.
  public init(boundary: String, fields: Set<String>) throws(SyncError) {
    guard (1...Self.longestBoundary).contains(boundary.utf8.count),
      boundary.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
    else { throw Self.refusal("the boundary cannot be one") }
    self.fields = fields
    delimiter = Array("\r\n--\(boundary)".utf8)
  }

  public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    buffer.removeSubrange(..<start)
    start = 0
    fed += bytes.count
    // What comes behind the last part means nothing.
    if place != .end { buffer.append(contentsOf: bytes) }
  }

  /// What the bytes say that were fed; nil where it takes more of them to say anything.
  /// - Throws: `invalid`.
  public mutating func next() throws(SyncError) -> Event? {
    while true {
      if place == .end { start = buffer.count }
      guard fed - payload - (buffer.count - start) <= Self.mostBesides else { throw Self.refusal("too much in it") }
      switch place {
      case .headers:
        guard try readHeaders() else { return nil }
      case .ignored, .payload, .field:
        let (event, goesOn) = try readContent()
        if event != nil || !goesOn { return event }
      case .end:
        return nil
      }
    }
  }

  /// Says that no more comes.
  /// - Throws: `invalid` where the end is missing.
  public func finish() throws(SyncError) {
    guard place == .end else { throw Self.refusal("it ends too early") }
  }

  private static func refusal(_ reason: String) -> SyncError { SyncError(.invalid, "the form: \(reason)") }
}

extension FormParser {
  /// Reads a part's content as far as it goes.
  /// - Returns: what it says, and whether there is more to read.
  private mutating func readContent() throws(SyncError) -> (Event?, Bool) {
    let (from, found) = (start, search())
    switch found {
    case .none(let clear):
      if case .field = place {
        guard clear - from <= Self.longestField else { throw Self.refusal("a long field") }
        return (nil, false)
      }
      start = clear
      return (said(buffer[from..<clear]), false)
    case .delimiter(let end, let isLast):
      if case .field = place, end - from > Self.longestField { throw Self.refusal("a long field") }
      let event = said(buffer[from..<end])
      start = end + delimiter.count
      try begin(isLast)
      return (event, true)
    }
  }

  private mutating func said(_ content: ArraySlice<UInt8>) -> Event? {
    switch place {
    case .field(let name): return .field(name: name, value: String(decoding: content, as: UTF8.self))
    case .payload where !content.isEmpty:
      payload += content.count
      return .payload(content)
    default: return nil
    }
  }

  private mutating func begin(_ isLast: Bool) throws(SyncError) {
    place = isLast ? .end : .headers
    parts += isLast ? 0 : 1
    guard parts <= Self.mostParts else { throw Self.refusal("too many parts") }
  }

  /// Reads a part's headers, from the line end behind the boundary on.
  /// - Returns: whether they are complete.
  private mutating func readHeaders() throws(SyncError) -> Bool {
    guard let end = buffer[start...].firstRange(of: Self.headersEnd) else {
      // Their end may be there but for its last byte.
      guard buffer.count - start < Self.longestHeaders + Self.headersEnd.count else {
        throw Self.refusal("long headers of a part")
      }
      return false
    }
    guard end.lowerBound - start <= Self.longestHeaders else { throw Self.refusal("long headers of a part") }
    let headers = String(decoding: buffer[start..<end.lowerBound], as: UTF8.self)
    start = end.upperBound
    try open(name(in: headers))
    return true
  }

  private func name(in headers: String) -> String? {
    for line in headers.split(separator: "\r\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "content-disposition" else { continue }
      return HeaderParameter.named("name", in: String(parts[1]))
    }
    return nil
  }

  private mutating func open(_ name: String?) throws(SyncError) {
    guard let name, fields.contains(name) || name == Self.payloadName else { return place = .ignored }
    guard seen.insert(name).inserted else { throw Self.refusal("\"\(name)\" is there twice") }
    place = name == Self.payloadName ? .payload : .field(name)
  }

  /// Looks for the end of the part: a delimiter, and behind it a line end or two hyphens.
  private func search() -> Search {
    buffer.withUnsafeBytes { bytes in
      var rest = bytes[start...]
      while let candidate = rest.firstIndex(ofByte: Self.lineEnd[0]) {
        let line = bytes[candidate...]
        if line.count < delimiter.count + 2 {
          if delimiter.starts(with: line.prefix(delimiter.count)) { return .none(before: candidate) }
        } else if line.starts(with: delimiter) {
          let tail = line.dropFirst(delimiter.count).prefix(2)
          if tail.elementsEqual(Self.lineEnd) { return .delimiter(at: candidate, isLast: false) }
          if tail.elementsEqual("--".utf8) { return .delimiter(at: candidate, isLast: true) }
        }
        rest = bytes[(candidate + 1)...]
      }
      return .none(before: bytes.count)
    }
  }
}

extension Slice<UnsafeRawBufferPointer> {
  /// In a payload of gigabytes this is where the time goes.
  fileprivate func firstIndex(ofByte byte: UInt8) -> Int? {
    guard let base = UnsafeRawBufferPointer(rebasing: self).baseAddress, let found = memchr(base, Int32(byte), count)
    else { return nil }
    return startIndex + (UnsafeRawPointer(found) - base)
  }
}
