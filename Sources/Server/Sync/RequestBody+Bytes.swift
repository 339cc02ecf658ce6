import Foundation
import SyncCore

extension RequestBody {
  /// Hands the bytes to `body`. Those of a file are mapped, so that a large one costs no memory.
  func withBytes<T>(_ body: (UnsafeBufferPointer<UInt8>) throws -> T) throws -> T {
    switch self {
    case .bytes(let bytes): return try bytes.withUnsafeBufferPointer(body)
    case .file(let path, let size):
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw StorageError(.unavailable, "a staged body is gone") }
      defer { close(descriptor) }
      guard size > 0 else { return try body(UnsafeBufferPointer(start: nil, count: 0)) }
      guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
        throw StorageError(.unavailable, "cannot map a staged body")
      }
      defer { munmap(start, size) }
      return try body(UnsafeBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: size))
    }
  }
}
