/// Unpacks the payload of a form, which is one gzip member or bare (sync-protocol.md 2.4).
///
/// Which of the two, the form says in a part that may come behind the payload. Nothing that clients send bare (JSON,
/// a zip, a collection file) begins as gzip does, so the payload says it too and is unpacked as it arrives; whether
/// the form agrees is asked at its end.
public final class FormPayload: Decoder {
  private enum Kind {
    case unknown
    case bare
    case gzip(GzipDecoder)
  }
  private static let magic: [UInt8] = [0x1F, 0x8B]

  private let limit: Int
  private var kind = Kind.unknown
  /// What came while the kind was unknown.
  private var start: [UInt8] = []
  public private(set) var count = 0

  /// - Parameter limit: how many bytes may come out.
  public init(limit: Int) { self.limit = limit }

  /// Whether the payload is what the form says of it. One without a byte is.
  public func isAsSaid(packed: Bool) -> Bool {
    switch kind {
    case .unknown: true
    case .bare: !packed
    case .gzip: packed
    }
  }

  public func decode(_ input: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws -> Void) throws {
    var rest = input[...]
    if case .unknown = kind {
      try decide(&rest)
      if case .unknown = kind { return }
      try start.withUnsafeBytes { try unpack($0, output) }
    }
    try unpack(UnsafeRawBufferPointer(rebasing: rest), output)
  }

  public func finish() throws(ArchiveError) {
    switch kind {
    case .unknown where !start.isEmpty: throw .truncated
    case .unknown, .bare: return
    case .gzip(let decoder): try decoder.finish()
    }
  }

  private func decide(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(ArchiveError) {
    while let byte = rest.popFirst() {
      start.append(byte)
      guard Self.magic.starts(with: start) else { return kind = .bare }
      if start == Self.magic { return kind = .gzip(try GzipDecoder(limit: limit)) }
    }
  }

  private func unpack(_ input: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard !input.isEmpty else { return }
    if case .gzip(let decoder) = kind {
      try decoder.decode(input, output)
      count = decoder.count
      return
    }
    guard input.count <= limit - count else { throw ArchiveError.tooLarge }
    count += input.count
    try output(input)
  }
}
