import Foundation
import SyncCore

/// Waits until a file, or the names in a folder, are on the disk.
/// - Parameter sync: `fsync`, or what a test puts in its place.
func waitForDisk(_ path: String, _ sync: (Int32) -> Int32 = { fsync($0) }) throws {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw fileFault("open", path) }
  defer { close(descriptor) }
  guard sync(descriptor) == 0 else { throw fileFault("fsync", path) }
}

/// What the operating system refused, as the storage error it is.
func fileFault(_ call: String, _ path: String) -> StorageError {
  let reason = errno
  let code: StorageError.Code = reason == ENOSPC || reason == EDQUOT ? .full : .unavailable
  return StorageError(code, "\(call) \(path): \(String(cString: strerror(reason)))")
}
