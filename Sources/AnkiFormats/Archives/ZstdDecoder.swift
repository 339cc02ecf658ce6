import CZstd

/// Decompresses one zstd frame that arrives in pieces, in bounded memory (sync-protocol.md 2.3 and 9).
///
/// Used by one task at a time, for one frame. Making one costs 7 µs: there is nothing worth keeping for the next.
public final class ZstdDecoder: Decoder {
  /// Windows up to 8 MiB; clients use 2 MiB. A frame that wants a larger one is corrupt (sync-protocol.md 9).
  static let windowLog: Int32 = 23

  private let context: OpaquePointer
  private let piece: UnsafeMutableRawBufferPointer
  private let limit: Int
  private var isFrameComplete = false
  /// How many bytes have come out so far.
  public private(set) var count = 0

  /// - Parameter limit: how many bytes may come out.
  /// - Throws: `tooLarge` where there is no memory for it.
  public init(limit: Int) throws(ArchiveError) {
    guard let context = ZSTD_createDCtx() else { throw .tooLarge }
    self.context = context
    self.limit = limit
    piece = .allocate(byteCount: min(ZSTD_DStreamOutSize(), max(limit, 1)), alignment: 16)
    ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog)
  }

  deinit {
    ZSTD_freeDCtx(context)
    piece.deallocate()
  }

  /// Decompresses the next piece of the frame and hands what comes out to `output`, at most 128 KiB at a time.
  /// - Throws: ``ArchiveError``, and whatever `output` throws.
  public func decode(_ input: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws -> Void) throws {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    // A full piece means that there may be more to come out, even where all the input is taken.
    var mayHaveMore = false
    while source.pos < source.size || mayHaveMore {
      if isFrameComplete { throw ArchiveError.corrupt }
      let produced = try decodePiece(&source)
      mayHaveMore = produced == piece.count && !isFrameComplete
      guard produced <= limit - count else { throw ArchiveError.tooLarge }
      count += produced
      if produced > 0 { try output(UnsafeRawBufferPointer(rebasing: piece[..<produced])) }
    }
  }

  /// Says that no more input comes.
  /// - Throws: `truncated` where the frame is not complete.
  public func finish() throws(ArchiveError) {
    guard isFrameComplete else { throw .truncated }
  }

  /// Decompresses a whole frame.
  public func decodeAll(_ input: UnsafeRawBufferPointer) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try decode(input) { bytes.append(contentsOf: $0) }
    try finish()
    return bytes
  }

  private func decodePiece(_ source: inout ZSTD_inBuffer) throws(ArchiveError) -> Int {
    var target = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
    let result = ZSTD_decompressStream(context, &target, &source)
    if ZSTD_isError(result) != 0 { throw .corrupt }
    isFrameComplete = result == 0
    return target.pos
  }
}
