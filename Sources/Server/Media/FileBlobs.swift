// To the compiler `stat` belongs to Foundation's C half as soon as the module uses certificates, too.
import CoreFoundation
import Foundation
import NIOPosix
import SyncCore

/// Keeps blobs as files: `DATA_ROOT/blobs/<account>/<hex digit>/<sha1>`. No name comes from a client.
///
/// There are few folders because a put waits for the disk once for each that it adds to.
struct FileBlobs: BlobStore {
  private let dataRoot: String
  private let root: String
  /// The path of a new file on the file system of the root, which goes with the process.
  private let temporary: @Sendable () -> String
  /// Milliseconds since 1970.
  private let clock: @Sendable () -> Int64
  /// Waits until what a descriptor stands for is on the disk, like `fsync`.
  private let sync: @Sendable (Int32) -> Int32

  init(
    dataRoot: String, temporary: @escaping @Sendable () -> String, clock: @escaping @Sendable () -> Int64,
    sync: @escaping @Sendable (Int32) -> Int32 = { fsync($0) }
  ) {
    (self.dataRoot, root) = (dataRoot, dataRoot + "/blobs")
    (self.temporary, self.clock, self.sync) = (temporary, clock, sync)
  }

  // MARK: Putting

  func put(_ account: Int64, _ blobs: [BlobSource]) async throws {
    try await NIOThreadPool.singleton.runIfActive {
      var parts: [NamedPart] = []
      defer { for part in parts { part.file.discard() } }
      var folders: Set<String> = []
      for blob in blobs {
        let folder = folder(account, blob.content.digest)
        let path = "\(folder)/\(blob.content.digest.hex)"
        // Also where it is there: who has just named it may be waiting for the disk yet.
        folders.insert(folder)
        if touch(path, size: blob.content.size) { continue }
        let file = try BlobPart(creating: temporary())
        parts.append(NamedPart(file: file, folder: folder, path: path))
        try blob.proven(file.append)
        try file.end(at: clock())
      }
      try install(&parts, folders, account)
    }
  }

  /// A part, and what it will be.
  private struct NamedPart: Sendable {
    var file: BlobPart
    let folder: String
    let path: String
  }

  /// Makes a blob young again.
  /// - Returns: false where it is not there in its whole length.
  private func touch(_ path: String, size: Int64) -> Bool {
    guard fileSize(path) == size else { return false }
    let time = timespec(milliseconds: clock())
    return utimensat(AT_FDCWD, path, [time, time], 0) == 0
  }

  /// Gives the parts their names: each when its bytes are on the disk.
  private func install(_ parts: inout [NamedPart], _ folders: Set<String>, _ account: Int64) throws {
    try DiskWaits.forEach(parts) { [sync] in try $0.file.waitForDisk(sync) }
    var isNew = false
    for index in parts.indices where try !parts[index].file.name(parts[index].path) {
      try Self.make(parts[index].folder)
      isNew = true
      guard try parts[index].file.name(parts[index].path) else { throw fileFault("rename", parts[index].path) }
    }
    try DiskWaits.forEach(Array(folders)) { [sync] in try waitForDisk($0, sync) }
    guard isNew else { return }
    for folder in ["\(root)/\(account)", root, dataRoot] { try waitForDisk(folder, sync) }
  }

  private static func make(_ folder: String) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw fileFault("create", folder)
    }
  }

  // MARK: Reading

  func read(
    _ account: Int64, _ digest: BlobDigest, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Bool {
    try await NIOThreadPool.singleton.runIfActive { try read(path(account, digest), body) }
  }

  func read(
    _ account: Int64, _ digests: [BlobDigest], _ body: @escaping @Sendable (Int, UnsafeRawBufferPointer) throws -> Void
  ) async throws -> Int {
    try await NIOThreadPool.singleton.runIfActive {
      for (place, digest) in digests.enumerated() {
        guard try read(path(account, digest), { try body(place, $0) }) else { return place }
      }
      return digests.count
    }
  }

  /// - Returns: whether it is there.
  private func read(_ path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      guard errno == ENOENT || errno == ENOTDIR else { throw fileFault("open", path) }
      return false
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw fileFault("stat", path) }
    try FilePieces.read(descriptor, path, count: Int64(status.st_size), body)
    return true
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
