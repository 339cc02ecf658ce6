import AnkiFormats
import Crypto
import Foundation
import NIOPosix
import SyncCore

/// Replaced collections as compressed files, named by the digest of what is in them:
/// `DATA_ROOT/blobs/<account>/<sha256>.anki2.zst`.
struct KeptFiles: Sendable {
  struct File: Sendable {
    /// SHA-256 of the file before compression, as hex digits.
    let digest: String
    /// Bytes on the disk.
    let size: Int
  }

  let root: String

  init(dataRoot: String) { root = dataRoot + "/blobs" }

  /// Compresses a file into the store; it is on the disk when this returns.
  func pack(_ account: Int64, _ source: String) async throws -> File {
    try await NIOThreadPool.singleton.runIfActive {
      let folder = "\(root)/\(account)"
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let part = "\(folder)/\(UUID().uuidString).part"
      defer { unlink(part) }
      let digest = try compress(source, to: part)
      let size = try FileManager.default.attributesOfItem(atPath: part)[.size] as? UInt64 ?? 0
      let path = path(account, Text(digest))
      guard rename(part, path) == 0 else { throw fileFault("rename", path) }
      try waitForDisk(folder)
      return File(digest: digest, size: Int(size))
    }
  }

  /// Writes what is kept under a digest to a file.
  /// - Throws: `corrupt` where the bytes are not those that were kept.
  func unpack(_ account: Int64, _ digest: Text, to target: String) async throws {
    try await NIOThreadPool.singleton.runIfActive {
      let decoder = try ZstdDecoder(limit: .max)
      var hash = SHA256()
      let output = try FileHandle.created(target)
      try FileHandle.pieces(of: path(account, digest)) { piece in
        try decoder.decode(piece) { bytes in
          hash.update(bufferPointer: bytes)
          try output.write(contentsOf: Data(bytes))
        }
      }
      try decoder.finish()
      try output.close()
      guard hash.finalize().hex == digest.string else {
        throw StorageError(.corrupt, "the kept file \(digest) has changed on the disk")
      }
    }
  }

  func remove(_ account: Int64, _ digest: Text) async throws {
    try await NIOThreadPool.singleton.runIfActive { _ = unlink(path(account, digest)) }
  }

  private func path(_ account: Int64, _ digest: Text) -> String { "\(root)/\(account)/\(digest).anki2.zst" }

  private func compress(_ source: String, to target: String) throws -> String {
    let encoder = try ZstdEncoder(level: 3)
    var hash = SHA256()
    let output = try FileHandle.created(target)
    try FileHandle.pieces(of: source) { piece in
      hash.update(bufferPointer: piece)
      try encoder.encode(piece) { try output.write(contentsOf: Data($0)) }
    }
    try encoder.finish { try output.write(contentsOf: Data($0)) }
    try output.synchronize()
    try output.close()
    return hash.finalize().hex
  }
}

extension FileHandle {
  /// A new file that its owner alone may read.
  fileprivate static func created(_ path: String) throws -> FileHandle {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fileFault("create", path) }
    return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  /// Reads a file in pieces of 1 MiB.
  fileprivate static func pieces(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    guard let input = FileHandle(forReadingAtPath: path) else { throw fileFault("open", path) }
    while let piece = try input.read(upToCount: 1 << 20), !piece.isEmpty {
      try piece.withUnsafeBytes(body)
    }
  }
}
