import Foundation
import SyncCore

/// Waits until what was written is on the disk.
public enum DurableFile {
  /// The bytes of a file. Not for a file that SQLite has open: closing any descriptor of it drops SQLite's locks
  ///.
  public static func sync(_ path: String) throws { try sync(path, O_RDONLY) }

  /// The names in a folder: after creating, renaming or removing a file in it.
  public static func syncFolder(_ path: String) throws { try sync(path, O_RDONLY | O_DIRECTORY) }

  private static func sync(_ path: String, _ flags: Int32) throws {
    let descriptor = open(path, flags | O_CLOEXEC)
    guard descriptor >= 0 else { throw StorageError(errno, "open", path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw StorageError(errno, "sync", path) }
  }
}
