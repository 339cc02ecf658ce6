// To the compiler `stat` belongs to Foundation's C half as soon as the module uses certificates, too.
import CoreFoundation
import Foundation
import NIOPosix
import SyncCore

/// Keeps blobs as files: `DATA_ROOT/blobs/<account>/<hex digit>/<sha1>`. No name comes from a client.
///
/// There are few folders because a put waits for the disk once for each that it adds to.
struct FileBlobs: BlobStore {
  private let root: String
  /// The path of a new file on the file system of the root, which goes with the process.
  private let temporary: @Sendable () -> String
  /// Milliseconds since 1970.
  private let clock: @Sendable () -> Int64

  init(dataRoot: String, temporary: @escaping @Sendable () -> String, clock: @escaping @Sendable () -> Int64) {
    (root, self.temporary, self.clock) = (dataRoot + "/blobs", temporary, clock)
  }

  // MARK: Putting

  func put(_ account: Int64, _ blobs: [BlobSource]) async throws {
    try await NIOThreadPool.singleton.runIfActive {
      var parts: [Part] = []
      defer { for part in parts { part.discard() } }
      for blob in blobs where try !touch(path(account, blob.content.digest), size: blob.content.size) {
        let part = try Part(creating: temporary(), for: blob.content.digest)
        parts.append(part)
        try write(blob, to: part)
      }
      // Written first and waited for then: the disk does in one go what it would else do for each.
      try DiskWaits.forEach(parts) { try $0.waitForDisk() }
      try install(parts, account)
    }
  }

  /// Makes a blob young again.
  /// - Returns: false where it is not there in its whole length.
  private func touch(_ path: String, size: Int64) throws -> Bool {
    guard fileSize(path) == size else { return false }
    let time = timespec(milliseconds: clock())
    return utimensat(AT_FDCWD, path, [time, time], 0) == 0
  }

  private func write(_ blob: BlobSource, to part: Part) throws {
    var builder = BlobDigest.Builder()
    var size: Int64 = 0
    try blob.pieces { bytes in
      builder.add(bytes)
      size += Int64(bytes.count)
      try part.append(bytes)
    }
    guard builder.digest() == blob.content.digest, size == blob.content.size else {
      throw StorageError(.corrupt, "a blob is not what its digest says")
    }
    try part.date(clock())
  }

  private func install(_ parts: [Part], _ account: Int64) throws {
    guard !parts.isEmpty else { return }
    let folders = Set(parts.map { folder(account, $0.digest) })
    let made = try folders.filter { try Self.make($0) }
    for part in parts {
      let path = path(account, part.digest)
      guard rename(part.path, path) == 0 else { throw fileFault("rename", path) }
    }
    try DiskWaits.forEach(Array(folders)) { try waitForDisk($0) }
    guard !made.isEmpty else { return }
    for folder in ["\(root)/\(account)", root] { try waitForDisk(folder) }
  }

  /// - Returns: whether it was not there.
  private static func make(_ folder: String) throws -> Bool {
    if FileManager.default.fileExists(atPath: folder) { return false }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw fileFault("create", folder)
    }
    return true
  }

  // MARK: Reading

  func read(
    _ account: Int64, _ digest: BlobDigest, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Bool {
    try await NIOThreadPool.singleton.runIfActive {
      let path = path(account, digest)
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        guard errno == ENOENT || errno == ENOTDIR else { throw fileFault("open", path) }
        return false
      }
      defer { close(descriptor) }
      try FilePieces.read(descriptor, path, body)
      return true
    }
  }

  func missing(
    _ contents: Set<MediaContent>, of account: Int64, _ rows: any RowReader
  ) throws -> Set<MediaContent> {
    contents.filter { fileSize(path(account, $0.digest)) != $0.size }
  }

  func list(_ account: Int64, after: BlobDigest?, limit: Int) async throws -> [StoredBlob] {
    try await NIOThreadPool.singleton.runIfActive {
      var found: [StoredBlob] = []
      let start = after.map { shelf($0) } ?? ""
      for folder in names("\(root)/\(account)") where folder >= start {
        for digest in names("\(root)/\(account)/\(folder)").compactMap(BlobDigest.init(hex:)) {
          guard after.map({ $0 < digest }) ?? true, shelf(digest) == folder else { continue }
          guard found.count < limit else { return found }
          if let blob = stored(account, digest) { found.append(blob) }
        }
      }
      return found
    }
  }

  // MARK: Removing

  func remove(
    _ digests: [BlobDigest], of account: Int64, putBefore time: Int64, _ rows: any RowStore
  ) throws {
    for digest in digests {
      guard let blob = stored(account, digest), blob.put < time else { continue }
      unlink(path(account, digest))
    }
  }

  func removeAll(_ account: Int64) async throws {
    try await NIOThreadPool.singleton.runIfActive {
      let folder = "\(root)/\(account)"
      guard FileManager.default.fileExists(atPath: folder) else { return }
      try FileManager.default.removeItem(atPath: folder)
    }
  }

  // MARK: Paths

  private func shelf(_ digest: BlobDigest) -> String { String(digest.hex.prefix(1)) }
  private func folder(_ account: Int64, _ digest: BlobDigest) -> String { "\(root)/\(account)/\(shelf(digest))" }
  private func path(_ account: Int64, _ digest: BlobDigest) -> String { "\(folder(account, digest))/\(digest.hex)" }

  private func names(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  private func stored(_ account: Int64, _ digest: BlobDigest) -> StoredBlob? {
    var status = stat()
    guard stat(path(account, digest), &status) == 0 else { return nil }
    let put = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
    return StoredBlob(MediaContent(digest: digest, size: Int64(status.st_size)), put: put)
  }

  private func fileSize(_ path: String) -> Int64? {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : nil
  }
}

/// A file that is being written, and has no name of its own yet.
private struct Part {
  let path: String
  let digest: BlobDigest
  private let descriptor: Int32

  init(creating path: String, for digest: BlobDigest) throws {
    (self.path, self.digest) = (path, digest)
    descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fileFault("create", path) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      guard count >= 0 || errno == EINTR else { throw fileFault("write", path) }
      rest = rest.dropFirst(max(count, 0))
    }
  }

  /// - Parameter time: milliseconds since 1970.
  func date(_ time: Int64) throws {
    let time = timespec(milliseconds: time)
    guard futimens(descriptor, [time, time]) == 0 else { throw fileFault("date", path) }
  }

  func waitForDisk() throws {
    guard fsync(descriptor) == 0 else { throw fileFault("fsync", path) }
  }

  /// Closes the file, and removes it unless it got a name.
  func discard() {
    close(descriptor)
    unlink(path)
  }
}

extension timespec {
  fileprivate init(milliseconds: Int64) {
    self.init(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
  }
}
