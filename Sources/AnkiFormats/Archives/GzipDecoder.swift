import CZlib

/// Decompresses one gzip member that arrives in pieces, in bounded memory (sync-protocol.md 2.4 and 9).
public final class GzipDecoder: Decoder {
  /// The largest window; 16 more says that there is a header of gzip.
  private static let windowBits: Int32 = 15 + 16
  private static let pieceSize = 64 << 10

  /// zlib keeps its address, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private var piece = [UInt8](repeating: 0, count: pieceSize)
  private let limit: Int
  private var isComplete = false
  public private(set) var count = 0

  /// - Parameter limit: how many bytes may come out.
  /// - Throws: `tooLarge` where there is no memory for it.
  public init(limit: Int) throws(ArchiveError) {
    self.limit = limit
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(stream, Self.windowBits, ZLIB_VERSION, size) == Z_OK else {
      stream.deallocate()
      throw .tooLarge
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  public func decode(_ input: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws -> Void) throws {
    var rest = input
    // A full piece means that there may be more to come out, even where all the input is taken.
    var mayHaveMore = false
    while !rest.isEmpty || mayHaveMore {
      // Clients send one member and nothing behind it.
      if isComplete { throw ArchiveError.corrupt }
      let produced = try inflatePiece(&rest)
      mayHaveMore = produced == piece.count && !isComplete
      guard produced <= limit - count else { throw ArchiveError.tooLarge }
      count += produced
      if produced > 0 { try piece.withUnsafeBytes { try output(UnsafeRawBufferPointer(rebasing: $0[..<produced])) } }
    }
  }

  public func finish() throws(ArchiveError) {
    guard isComplete else { throw .truncated }
  }

  /// - Returns: how many bytes came out.
  private func inflatePiece(_ rest: inout UnsafeRawBufferPointer) throws(ArchiveError) -> Int {
    let given = UInt32(clamping: rest.count)
    // zlib does not write to its input, though its type says so.
    stream.pointee.next_in = UnsafeMutableRawPointer(mutating: rest.baseAddress)?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_in = given
    stream.pointee.avail_out = UInt32(piece.count)
    let result = piece.withUnsafeMutableBytes { bytes in
      stream.pointee.next_out = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      return inflate(stream, Z_NO_FLUSH)
    }
    // No progress is no fault: the rest has not arrived yet.
    guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(result) else { throw .corrupt }
    isComplete = result == Z_STREAM_END
    let taken = Int(given - stream.pointee.avail_in)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
    return piece.count - Int(stream.pointee.avail_out)
  }
}
