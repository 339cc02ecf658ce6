import Foundation
import SyncCore
import Synchronization

/// A file that is written once, from its beginning to its end. Every call blocks: use it on threads that may.
final class StagedFile: Sendable {
  let path: String
  /// -1 once it is closed.
  private let descriptor: Mutex<Int32>

  /// Creates the file, readable for its owner only. There must be none of this name.
  init(creating path: String) throws {
    self.path = path
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Self.error("create") }
    self.descriptor = Mutex(descriptor)
  }

  deinit { close() }

  func append(_ bytes: [UInt8]) throws {
    try descriptor.withLock { descriptor in
      try bytes.withUnsafeBytes { bytes in
        var rest = bytes[...]
        while !rest.isEmpty {
          rest = rest.dropFirst(try Self.write(UnsafeRawBufferPointer(rebasing: rest), to: descriptor))
        }
      }
    }
  }

  func close() {
    descriptor.withLock { descriptor in
      if descriptor >= 0 { _ = Foundation.close(descriptor) }
      descriptor = -1
    }
  }

  /// Closes and removes it, unless it was renamed.
  func remove() {
    close()
    unlink(path)
  }

  /// Worth another try later, and never the client's fault: the disk may be full (invariants.md A12).
  static func error(_ what: String, _ code: Int32 = errno) -> SyncError {
    SyncError(.unavailable, "cannot \(what) a temporary file: \(String(cString: strerror(code)))")
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws -> Int {
    while true {
      let count = Foundation.write(descriptor, bytes.baseAddress, bytes.count)
      if count >= 0 { return count }
      guard errno == EINTR else { throw error("write") }
    }
  }
}
