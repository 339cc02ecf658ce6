import Foundation
import SQLiteFile
import SyncCore

/// A folder of our own, readable by nobody else.
struct Folder: Sendable {
  let path: String

  /// Makes the folder, not its parents.
  /// - Returns: whether it was not there before.
  @discardableResult
  func make() throws -> Bool {
    if mkdir(path, 0o700) == 0 { return true }
    if errno == EEXIST { return false }
    throw failure("make")
  }

  /// What it holds; nothing where it is not there.
  func names() throws -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: path) } catch {
      if access(path, F_OK) != 0 { return [] }
      throw StorageError(.unavailable, "cannot read the folder \(path): \(error)")
    }
  }

  func remove(_ name: String) throws {
    guard unlink("\(path)/\(name)") != 0, errno != ENOENT else { return }
    throw failure("remove a file of")
  }

  /// Makes a link to a neighbour, in the place of one that is there.
  func link(_ name: String, to target: String) throws {
    if let present = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\(name)"), present == target {
      return
    }
    try remove(name + ".new")
    guard symlink(target, "\(path)/\(name).new") == 0, rename("\(path)/\(name).new", "\(path)/\(name)") == 0 else {
      throw failure("make a link in")
    }
  }

  /// A new empty file, whose name begins as given.
  /// - Returns: its name.
  func makeFile(_ beginning: String) throws -> String {
    var template = Array("\(path)/\(beginning).XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw failure("make a file in") }
    close(descriptor)
    let made = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return String(made.dropFirst(path.count + 1))
  }

  /// Runs `body` while this one, of all processes, has the folder's lock: shared with other readers, or alone.
  /// - Returns: nil where somebody else has it and `waits` is false.
  func locked<T>(shared: Bool = false, waits: Bool = true, _ body: () throws -> T) throws -> T? {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("open") }
    defer { close(descriptor) }
    while flock(descriptor, (shared ? LOCK_SH : LOCK_EX) | (waits ? 0 : LOCK_NB)) != 0 {
      if errno == EWOULDBLOCK { return nil }
      if errno != EINTR { throw failure("lock") }
    }
    return try body()
  }

  func failure(_ action: String) -> StorageError { StorageError(errno, action, path) }
}
