import Foundation
import SyncCore

/// The temporary files of one process: `DATA_ROOT/tmp/<instance>`, on the file system of the data. The folder is locked
/// while its process lives; whoever starts later removes the folders of those that are gone.
final class WorkFolder: Sendable {
  /// `<host>-<random>`: whether another instance lives can be told only on its own host.
  let instance: String
  let path: String
  private let host: String
  private let root: String
  private let lock: Int32

  init(dataRoot: String, host: String, random: UInt64) throws {
    self.host = String(host.map { $0.isLetter || $0.isNumber ? $0 : "_" })
    instance = "\(self.host)-\(String(random, radix: 36))"
    root = dataRoot + "/tmp"
    path = root + "/" + instance
    try FileManager.default.createDirectory(
      atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    // A starter must not take a folder for dead that another has just made and not yet locked.
    let door = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    defer { close(door) }
    flock(door, LOCK_EX)
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    lock = Self.lock(path)
    guard lock >= 0 else {
      throw StorageError(.unavailable, "cannot lock \(path): \(String(cString: strerror(errno)))")
    }
    removeDead()
  }

  deinit { close(lock) }

  /// Removes this process's files; nothing uses the folder afterwards.
  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file that does not exist yet.
  func newFile(_ purpose: String) -> String { "\(path)/\(purpose)-\(UUID().uuidString)" }

  /// Whether the process of this instance is gone.
  func isDead(_ instance: String) -> Bool {
    guard instance != self.instance, instance.hasPrefix(host + "-") else { return false }
    let descriptor = Self.lock(root + "/" + instance)
    guard descriptor >= 0 else { return errno != EWOULDBLOCK }
    close(descriptor)
    return true
  }

  private func removeDead() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] where isDead(name) {
      try? FileManager.default.removeItem(atPath: root + "/" + name)
    }
  }

  /// - Returns: the descriptor that holds the lock, or -1 with `errno`.
  private static func lock(_ folder: String) -> Int32 {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return -1 }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let reason = errno
      close(descriptor)
      errno = reason
      return -1
    }
    return descriptor
  }
}
