import CZip
import Foundation
public import SyncCore

/// Writes the zip that answers `downloadFiles`: members `0`, `1`, … and `_meta` with their names, all of them stored
/// (sync-protocol.md 7.3). A small one stays in memory, a larger one goes through files. Blocks.
///
/// Unchecked: it is used by one thread at a time, since whoever hands it bytes waits before handing it more.
public final class MediaZipWriter: @unchecked Sendable {
  /// A zip, and where it is.
  public enum Archive: Sendable {
    case bytes([UInt8])
    case file(path: String, size: Int)
  }

  /// A file, by where its bytes are among those of all.
  private struct Member {
    let name: Text
    let start: Int
    let size: Int64
  }

  private let path: String
  private let most: Int
  private var members: [Member] = []
  private var bytes: [UInt8] = []
  /// How many bytes went to the file before.
  private var written = 0
  private var descriptor: Int32 = -1

  /// What is too much for the memory, until the archive is made of it.
  private var gathered: String { path + "~" }

  /// - Parameters:
  ///   - path: where a larger one goes; there must be none of this name, nor with a tilde behind it.
  ///   - most: how many bytes may stay in memory.
  ///   - expected: about how many there will be.
  public init(spilling path: String, beyond most: Int, expecting expected: Int64) {
    (self.path, self.most) = (path, most)
    bytes.reserveCapacity(Int(clamping: max(0, min(expected, Int64(most)))))
  }

  /// Begins the next file, whose bytes must follow, as many as are said here. Does not block.
  public func begin(_ name: Text, size: Int64) {
    members.append(Member(name: name, start: written + bytes.count, size: size))
  }

  /// - Throws: `unavailable` where it cannot be written.
  public func add(_ piece: UnsafeRawBufferPointer) throws {
    bytes.append(contentsOf: piece)
    if bytes.count > most { try flush() }
  }

  /// Ends the archive. A file is the caller's from then on, to remove.
  /// - Throws: `unavailable` where it cannot be written.
  public func finish() throws -> Archive {
    guard descriptor >= 0 else { return .bytes(try inMemory()) }
    defer { discard() }
    try flush()
    do { return .file(path: path, size: try onDisk()) } catch {
      unlink(path)
      throw error
    }
  }

  /// Removes what was gathered. Does nothing to an archive that was finished.
  public func discard() {
    guard descriptor >= 0 else { return }
    close(descriptor)
    descriptor = -1
    unlink(gathered)
  }

  private func flush() throws {
    if descriptor < 0 {
      descriptor = open(gathered, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw Self.fault(String(cString: strerror(errno))) }
    }
    try bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        guard count >= 0 || errno == EINTR else { throw Self.fault(String(cString: strerror(errno))) }
        rest = rest.dropFirst(max(count, 0))
      }
    }
    written += bytes.count
    bytes.removeAll(keepingCapacity: true)
  }

  // MARK: The archive

  private func inMemory() throws -> [UInt8] {
    var failure = zip_error_t()
    zip_error_init(&failure)
    defer { zip_error_fini(&failure) }
    guard let target = zip_source_buffer_create(nil, 0, 0, &failure) else { throw Self.fault(&failure) }
    defer { zip_source_free(target) }
    // The archive takes one reference with it when it is closed.
    zip_source_keep(target)
    guard let archive = zip_open_from_source(target, ZIP_CREATE | ZIP_TRUNCATE, &failure) else {
      zip_source_free(target)
      throw Self.fault(&failure)
    }
    try bytes.withUnsafeBytes { bytes in
      try fill(archive) { zip_source_buffer(archive, bytes.baseAddress?.advanced(by: $0.start), UInt64($0.size), 0) }
    }
    return try Self.contents(of: target)
  }

  /// - Returns: its size.
  private func onDisk() throws -> Int {
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_CREATE | ZIP_EXCL, &code) else { throw Self.fault("error \(code)") }
    try fill(archive) { member in
      // Of a file, a length of nothing would be the rest of it.
      member.size == 0
        ? zip_source_buffer(archive, nil, 0, 0)
        : zip_source_file(archive, gathered, UInt64(member.start), member.size)
    }
    var status = stat()
    guard stat(path, &status) == 0 else { throw Self.fault(String(cString: strerror(errno))) }
    return Int(status.st_size)
  }

  /// Adds everything and closes the archive.
  private func fill(_ archive: OpaquePointer, _ source: (Member) -> OpaquePointer?) throws {
    do {
      for (index, member) in members.enumerated() { try Self.add(source(member), "\(index)", archive) }
      let names = members.enumerated().map { JSONObject.Member("\($0)", .string($1.name.string)) }
      try JSONWriter.bytes(of: .object(JSONObject(names))).withUnsafeBytes { list in
        try Self.add(zip_source_buffer(archive, list.baseAddress, UInt64(list.count), 0), "_meta", archive)
        // Everything is read here, so here all of it must still be there.
        guard zip_close(archive) == 0 else { throw Self.fault(archive) }
      }
    } catch {
      zip_discard(archive)
      throw error
    }
  }

  private static func add(_ source: OpaquePointer?, _ name: String, _ archive: OpaquePointer) throws {
    guard let source else { throw fault(archive) }
    let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      throw fault(archive)
    }
    guard zip_set_file_compression(archive, UInt64(index), ZIP_CM_STORE, 0) == 0 else { throw fault(archive) }
  }

  private static func contents(of source: OpaquePointer) throws -> [UInt8] {
    var status = zip_stat_t()
    guard zip_source_stat(source, &status) == 0, zip_source_open(source) == 0 else { throw fault("it is not there") }
    defer { zip_source_close(source) }
    let size = Int(clamping: status.size)
    return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      guard let start = buffer.baseAddress, zip_source_read(source, start, UInt64(size)) == size else {
        throw fault("it is not whole")
      }
      count = size
    }
  }

  private static func fault(_ archive: OpaquePointer) -> StorageError { fault(String(cString: zip_strerror(archive))) }

  private static func fault(_ failure: inout zip_error_t) -> StorageError {
    fault(String(cString: zip_error_strerror(&failure)))
  }

  private static func fault(_ reason: String) -> StorageError {
    StorageError(.unavailable, "cannot write a zip: \(reason)")
  }
}
