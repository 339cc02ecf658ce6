import Foundation
public import SyncCore

extension StorageError {
  /// What an error number of the system means to storage.
  public init(_ number: Int32, _ action: String, _ path: String) {
    let code: Code =
      switch number {
      case ENOSPC, EDQUOT, EFBIG: .full
      case ENOENT, ENOTDIR: .notFound
      default: .unavailable
      }
    self.init(code, "cannot \(action) \(path): \(String(cString: strerror(number)))")
  }
}
