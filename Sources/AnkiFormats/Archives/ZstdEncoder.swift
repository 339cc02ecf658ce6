import CZstd
import Synchronization

/// Compresses bytes that arrive in pieces into one zstd frame.
///
/// Used by one task at a time, for one frame. Making one costs 8 µs, or 25 µs with a size that is not known. A few
/// large ones at a time have threads of their own.
public final class ZstdEncoder {
  /// Bytes from which on threads are worth their while.
  private static let large = 4 << 20
  private static let threads: Int32 = 2
  /// How many bytes a thread takes at once. All that are on their way are in memory.
  private static let share: Int32 = 1 << 20
  /// How many encoders have threads at the moment, and may have.
  private static let threaded = Mutex(0)
  private static let mostThreaded = 2

  private var isThreaded = false
  private let context: OpaquePointer
  private let piece: UnsafeMutableRawBufferPointer

  /// - Parameters:
  ///   - level: 1 for large bodies, 3 at most.
  ///   - size: how many bytes will be compressed, where it is known; the frame then says so, and small ones cost less.
  /// - Throws: `tooLarge` where there is no memory for it.
  public init(level: Int = 3, size: Int? = nil) throws(ArchiveError) {
    guard let context = ZSTD_createCCtx() else { throw .tooLarge }
    self.context = context
    let longest = size.map { ZSTD_compressBound(max($0, 0)) } ?? .max
    piece = .allocate(byteCount: min(ZSTD_CStreamOutSize(), longest), alignment: 16)
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, Int32(clamping: level))
    guard let size else { return }
    ZSTD_CCtx_setPledgedSrcSize(context, UInt64(clamping: size))
    if size >= Self.large { haveThreads() }
  }

  deinit {
    ZSTD_freeCCtx(context)
    piece.deallocate()
    if isThreaded { Self.threaded.withLock { $0 -= 1 } }
  }

  /// A library that was built without threads refuses them, and does it alone.
  private func haveThreads() {
    isThreaded = Self.threaded.withLock { count in
      guard count < Self.mostThreaded else { return false }
      count += 1
      return true
    }
    guard isThreaded else { return }
    ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, Self.threads)
    ZSTD_CCtx_setParameter(context, ZSTD_c_jobSize, Self.share)
  }

  /// Compresses the next bytes and hands what comes out to `output`, at most 128 KiB at a time.
  /// - Throws: `corrupt` where the size was told and is not kept, and whatever `output` throws.
  public func encode(_ input: UnsafeRawBufferPointer, _ output: (UnsafeRawBufferPointer) throws -> Void) throws {
    try compress(input, ZSTD_e_continue, output)
  }

  /// Ends the frame.
  public func finish(_ output: (UnsafeRawBufferPointer) throws -> Void) throws {
    try compress(UnsafeRawBufferPointer(start: nil, count: 0), ZSTD_e_end, output)
  }

  /// Compresses everything into one frame.
  public func encodeAll(_ input: UnsafeRawBufferPointer) throws -> [UInt8] {
    var bytes: [UInt8] = []
    try compress(input, ZSTD_e_end) { bytes.append(contentsOf: $0) }
    return bytes
  }

  private func compress(
    _ input: UnsafeRawBufferPointer, _ end: ZSTD_EndDirective, _ output: (UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
    var isDone = false
    while !isDone {
      var target = ZSTD_outBuffer(dst: piece.baseAddress, size: piece.count, pos: 0)
      let left = ZSTD_compressStream2(context, &target, &source, end)
      if ZSTD_isError(left) != 0 { throw ArchiveError.corrupt }
      let produced = target.pos
      if produced > 0 { try output(UnsafeRawBufferPointer(rebasing: piece[..<produced])) }
      isDone = end == ZSTD_e_end ? left == 0 : source.pos == source.size
    }
  }
}
