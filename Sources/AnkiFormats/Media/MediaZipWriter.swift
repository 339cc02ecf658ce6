import CZip
import Foundation
public import SyncCore

/// Writes the zip that answers `downloadFiles`: members `0`, `1`, … and `_meta` with their names, all of them stored
/// (sync-protocol.md 7.3). Blocks.
public enum MediaZipWriter {
  /// A file of the answer, as a part of a file on the disk.
  public struct Part: Sendable {
    public var name: Text
    public var path: String
    /// Bytes before it, and its own.
    public var offset: Int64
    public var size: Int64

    public init(_ name: Text, path: String, offset: Int64 = 0, size: Int64) {
      (self.name, self.path, self.offset, self.size) = (name, path, offset, size)
    }
  }

  /// - Parameter path: where to write; what is there is replaced.
  /// - Throws: `unavailable` where it cannot be written.
  public static func write(_ parts: [Part], to path: String) throws {
    var code: Int32 = 0
    guard let archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code) else {
      throw StorageError(.unavailable, "cannot create a zip: error \(code)")
    }
    do {
      for (index, part) in parts.enumerated() {
        try add(zip_source_file(archive, part.path, UInt64(clamping: part.offset), part.size), "\(index)", archive)
      }
      let list = JSONWriter.bytes(
        of: .object(
          JSONObject(parts.enumerated().map { JSONObject.Member("\($0)", .string($1.name.string)) })))
      try list.withUnsafeBytes { list in
        try add(zip_source_buffer(archive, list.baseAddress, UInt64(list.count), 0), "_meta", archive)
        // Everything is read here, so here all of it must still be there.
        guard zip_close(archive) == 0 else { throw failure(archive) }
      }
    } catch {
      zip_discard(archive)
      throw error
    }
  }

  private static func add(_ source: OpaquePointer?, _ name: String, _ archive: OpaquePointer) throws {
    guard let source else { throw failure(archive) }
    let index = zip_file_add(archive, name, source, zip_flags_t(ZIP_FL_ENC_UTF_8))
    guard index >= 0 else {
      zip_source_free(source)
      throw failure(archive)
    }
    guard zip_set_file_compression(archive, UInt64(index), ZIP_CM_STORE, 0) == 0 else { throw failure(archive) }
  }

  private static func failure(_ archive: OpaquePointer) -> StorageError {
    StorageError(.unavailable, "cannot write a zip: \(String(cString: zip_strerror(archive)))")
  }
}
