import CZstd
import Synchronization

/// Packs and unpacks small frames whole. The contexts are kept for the next frame: to make one takes longer than most
/// frames do.
public final class ZstdFrames: Sendable {
  /// As ``ZstdEncoder`` has it for what is not large.
  private static let level: Int32 = 3

  private let compressors = Shelf(make: ZSTD_createCCtx) { ZSTD_freeCCtx($0) }
  private let decompressors = Shelf(make: ZSTD_createDCtx) { ZSTD_freeDCtx($0) }

  public init() {}

  /// Compresses everything into one frame, which says its size.
  /// - Throws: `tooLarge` where there is no memory for it.
  public func pack(_ bytes: [UInt8]) throws(ArchiveError) -> [UInt8] {
    try compressors.with { context throws(ArchiveError) in
      let room = ZSTD_compressBound(bytes.count)
      var result = 0
      let frame = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        result = bytes.withUnsafeBytes {
          ZSTD_compressCCtx(context, buffer.baseAddress, room, $0.baseAddress, $0.count, Self.level)
        }
        count = ZSTD_isError(result) == 0 ? result : 0
      }
      guard ZSTD_isError(result) == 0 else { throw .tooLarge }
      return frame
    }
  }

  /// Decompresses a whole frame into at most `room` bytes; nil where it gives more. What is accepted and refused is
  /// what ``ZstdDecoder`` accepts and refuses.
  /// - Throws: `corrupt`, `truncated`; `tooLarge` where there is no memory for it.
  public func unpack(_ frame: UnsafeRawBufferPointer, atMost room: Int) throws(ArchiveError) -> [UInt8]? {
    try decompressors.with { context throws(ArchiveError) in
      ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
      ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZstdDecoder.windowLog)
      var source = ZSTD_inBuffer(src: frame.baseAddress, size: frame.count, pos: 0)
      var left = 0
      let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
        var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: room, pos: 0)
        left = ZSTD_decompressStream(context, &target, &source)
        count = target.pos
      }
      guard ZSTD_isError(left) == 0 else { throw .corrupt }
      if left == 0 {
        guard source.pos == source.size else { throw .corrupt }
        return bytes
      }
      if bytes.count == room { return nil }
      throw .truncated
    }
  }
}

/// Contexts that nobody uses at the moment.
///
/// `@unchecked Sendable` holds because a context is used by the one who has taken it from the shelf.
private final class Shelf: @unchecked Sendable {
  /// As many are kept as threads are likely to ask for at once.
  private static let room = 8
  private let idle = Mutex<[Int]>([])
  private let make: @Sendable () -> OpaquePointer?
  private let free: @Sendable (OpaquePointer) -> Void

  init(make: @escaping @Sendable () -> OpaquePointer?, free: @escaping @Sendable (OpaquePointer) -> Void) {
    (self.make, self.free) = (make, free)
  }

  deinit { for context in idle.withLock({ $0 }) { OpaquePointer(bitPattern: context).map(free) } }

  func with<T>(_ body: (OpaquePointer) throws(ArchiveError) -> T) throws(ArchiveError) -> T {
    let kept = idle.withLock { $0.popLast() }.flatMap { OpaquePointer(bitPattern: $0) }
    guard let context = kept ?? make() else { throw .tooLarge }
    defer { keep(context) }
    return try body(context)
  }

  private func keep(_ context: OpaquePointer) {
    let isKept = idle.withLock { idle in
      guard idle.count < Self.room else { return false }
      idle.append(Int(bitPattern: context))
      return true
    }
    if !isKept { free(context) }
  }
}
