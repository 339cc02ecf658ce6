import CDisk
import Foundation

/// A file that is being written for a ``FileBlobs``, and has no name of its own yet.
struct BlobPart: Sendable {
  private(set) var path: String
  private let descriptor: Int32
  private var isNamed = false

  init(creating path: String) throws {
    self.path = path
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

  /// All bytes are there.
  /// - Parameter time: milliseconds since 1970.
  func end(at time: Int64) throws {
    let time = timespec(milliseconds: time)
    guard futimens(descriptor, [time, time]) == 0 else { throw fileFault("date", path) }
    // The disk begins with these bytes while the next ones are prepared. Whether it can is told by the wait for it.
    _ = sync_file_range(descriptor, 0, 0, SYNC_FILE_RANGE_WRITE)
  }

  /// - Parameter sync: `fsync`.
  func waitForDisk(_ sync: (Int32) -> Int32) throws {
    guard sync(descriptor) == 0 else { throw fileFault("fsync", path) }
  }

  /// Gives the file its name.
  /// - Returns: false where there is no such folder.
  mutating func name(_ name: String) throws -> Bool {
    guard rename(path, name) == 0 else {
      guard errno == ENOENT else { throw fileFault("rename", name) }
      return false
    }
    (path, isNamed) = (name, true)
    return true
  }

  /// Closes the file, and removes it unless it got a name.
  func discard() {
    close(descriptor)
    if !isNamed { unlink(path) }
  }
}

extension timespec {
  init(milliseconds: Int64) {
    self.init(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
  }
}
