import AnkiFormats
import Foundation
import SyncCore

/// Takes in one body: into a buffer that grows, and from there into a file as soon as it holds too much. Most calls may
/// block: use them on threads that may.
///
/// The buffer counts against the memory of all requests. Where that is scarce a body does not wait in its middle, which
/// could make all wait for each other, but goes on with the buffer it has, through a file.
///
/// Unchecked: it is used by one thread at a time, since whoever hands it bytes waits before handing it more.
final class BodySpool: @unchecked Sendable {
  private let store: BodyStore
  private let limit: Int
  private let staysInMemory: Bool
  private let unpack: @Sendable (_ limit: Int) throws -> any Decoder
  private var decoder: (any Decoder)?
  private var buffer: [UInt8] = []
  /// What the buffer may hold; so much is taken from the memory of all requests.
  private var reserved = 0
  private var written = 0
  private var file: StagedFile?
  /// Bytes in the file for which nobody answers yet; nil once somebody does.
  private var unclaimed: Int?

  /// The largest first share of the memory.
  static let firstShare = 64 << 10

  /// - Parameters:
  ///   - limit: in bytes, when decompressed.
  ///   - staysInMemory: whether a small body needs no file.
  ///   - isClaimed: whether it is known who sends it; if not, ``claim()`` tells later.
  ///   - unpack: makes what decompresses it.
  init(
    _ store: BodyStore, limit: Int, staysInMemory: Bool, isClaimed: Bool = true,
    unpack: @escaping @Sendable (_ limit: Int) throws -> any Decoder = { try ZstdDecoder(limit: $0) }
  ) {
    (self.store, self.limit, self.staysInMemory, self.unpack) = (store, limit, staysInMemory, unpack)
    unclaimed = isClaimed ? nil : 0
  }

  /// Whether the body can never need a file, so that no call blocks.
  private var neverBlocks: Bool { staysInMemory && limit <= min(Self.firstShare, store.limits.memoryPerBody) }

  /// Waits for the first share of the memory.
  /// - Throws: `unavailable` when that takes too long.
  func open() async throws {
    let share = max(1, min(limit, Self.firstShare, store.limits.memoryPerBody, store.limits.memory))
    try await store.memory.take(share, patience: store.limits.memoryPatience)
    reserved = share
  }

  /// Runs calls of this, on a thread that may block where they may.
  func work<T: Sendable>(_ calls: @escaping @Sendable () throws -> T) async throws -> T {
    neverBlocks ? try calls() : try await store.onThread(calls)
  }

  /// Takes in a whole body where it is a frame that fits into the first share, without blocking. Most are, and need not
  /// go to a thread that may block.
  /// - Returns: nil where it does not; then nothing was taken.
  /// - Throws: as ``inflate(_:)``.
  func takeWhole(_ frame: UnsafeRawBufferPointer) throws -> RequestBody? {
    guard staysInMemory, decoder == nil, buffer.isEmpty, file == nil, !frame.isEmpty else { return nil }
    var whole: [UInt8]?
    // Room for what most frames of this size hold, and not the whole share each time.
    let room = min(reserved, 1024 + 16 * frame.count)
    try blamingTheBody { whole = try store.frames.unpack(frame, atMost: room) }
    return whole.map { .bytes($0) }
  }

  /// It is known now who sends the body, and that they may.
  func claim() {
    if let unclaimed { store.unclaimed.give(unclaimed) }
    unclaimed = nil
  }

  /// Takes in the next bytes, as they were sent.
  /// - Throws: `tooLarge` and `invalid` for what the client sent, `unavailable` and `failed` for what we cannot do.
  func inflate(_ bytes: UnsafeRawBufferPointer) throws {
    try blamingTheBody {
      let decoder = try decoder ?? unpack(limit)
      self.decoder = decoder
      try decoder.decode(bytes, append)
    }
  }

  /// The body is complete: says where it is. It stays there until ``release()``.
  func finish() throws -> RequestBody {
    try blamingTheBody { try decoder?.finish() }
    decoder = nil
    if file == nil && staysInMemory { return .bytes(buffer) }
    let path = try flush()
    file?.close()
    return .file(path: path, size: written)
  }

  /// The payload of a form is complete.
  /// - Parameter packed: whether the form says that it is compressed.
  func finish(packed: Bool) throws -> RequestBody {
    guard (decoder as? FormPayload)?.isAsSaid(packed: packed) ?? true else {
      throw SyncError(.invalid, packed ? "the body is not compressed as it should be" : "the body is compressed")
    }
    return try finish()
  }

  /// Gives back the memory, and removes the file unless its receiver renamed it.
  func release() async {
    (decoder, buffer) = (nil, [])
    claim()
    store.memory.give(reserved)
    reserved = 0
    guard let file else { return }
    // The threads are gone only when the server is, and its folder with it.
    try? await store.onThread { file.remove() }
  }

  private func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      if buffer.count >= reserved && !grow() { _ = try flush() }
      let part = rest.prefix(reserved - buffer.count)
      buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: part))
      rest = rest.dropFirst(part.count)
    }
  }

  private func grow() -> Bool {
    let more = min(reserved * 4, store.limits.memoryPerBody) - reserved
    guard more > 0, store.memory.takeNow(more) else { return false }
    reserved += more
    buffer.reserveCapacity(reserved)
    return true
  }

  /// - Returns: the path of the file.
  private func flush() throws -> String {
    let file = try file ?? StagedFile(creating: store.newPath())
    self.file = file
    if let unclaimed {
      guard store.unclaimed.takeNow(buffer.count) else {
        throw SyncError(.unavailable, "too much is coming in from clients that have not said yet who they are")
      }
      self.unclaimed = unclaimed + buffer.count
    }
    try file.append(buffer)
    written += buffer.count
    buffer.removeAll(keepingCapacity: true)
    return file.path
  }

  private func blamingTheBody(_ work: () throws -> Void) throws {
    do { try work() } catch let error as ArchiveError {
      switch error {
      case .tooLarge: throw SyncError(.tooLarge, "the body is larger than \(limit) bytes")
      case .corrupt: throw SyncError(.invalid, "the body cannot be decompressed")
      case .truncated: throw SyncError(.invalid, "the body ends too early")
      }
    }
  }
}
