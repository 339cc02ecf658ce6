import Foundation
import SyncCore

/// Where the file of each schema lies: `accounts.mdb`, `user-7.mdb`, `collection-7-1.mdb`; LMDB keeps a lock file
/// beside each. Files come and go under the folder's lock, so that no process opens one that is just going.
struct SchemaFiles: Sendable {
  let root: String
  private var drafts: String { root + "/loading" }

  init(_ root: String) { self.root = root }

  func path(_ schema: Schema) -> String {
    switch schema {
    case .accounts: "\(root)/accounts.mdb"
    case .user(let id): "\(root)/user-\(id).mdb"
    case .collection(let id, let generation): "\(root)/collection-\(id)-\(generation).mdb"
    }
  }

  func schemas() throws -> [Schema] {
    try names(root).filter { $0.hasSuffix(".mdb") }.compactMap { name in
      let parts = name.dropLast(4).split(separator: "-")
      let numbers = parts.dropFirst().compactMap { Int64($0) }
      switch (parts.first, numbers.count) {
      case ("accounts", 0): return .accounts
      case ("user", 1): return .user(numbers[0])
      case ("collection", 2): return .collection(user: numbers[0], generation: numbers[1])
      default: return nil
      }
    }
  }

  /// Makes the folders, and removes what is left of loads that did not end, unless one is running somewhere.
  func prepare() throws {
    for folder in [root, drafts] where mkdir(folder, 0o700) != 0 && errno != EEXIST { try check(errno) }
    try sync((root as NSString).deletingLastPathComponent)
    try locked(drafts, LOCK_EX | LOCK_NB) {
      for name in try names(drafts) { unlink("\(drafts)/\(name)") }
    }
  }

  /// Makes the file of a schema: `fill` makes one at the path that it gets, complete and on the disk, which then takes
  /// its place. Where anything goes wrong, nothing is left.
  /// - Throws: `conflict` where the schema is there already.
  func make<T>(_ schema: Schema, _ fill: (String) throws -> T) throws -> T {
    let value = try locked(drafts, LOCK_SH) {
      try checkFree(schema)
      let draft = "\(drafts)/\(UUID().uuidString)"
      defer { for path in [draft, draft + "-lock"] { unlink(path) } }
      let value = try fill(draft)
      try locked(root, LOCK_EX) {
        try checkFree(schema)
        // A lock file that a crash left belongs to a file that is gone.
        unlink(path(schema) + "-lock")
        if rename(draft, path(schema)) != 0 { try check(errno) }
        try sync(root)
      }
      return value
    }
    guard let value else { throw StorageError(.unavailable, "\(drafts) is locked") }
    return value
  }

  func remove(_ schema: Schema) throws {
    try locked(root, LOCK_EX) {
      if unlink(path(schema)) != 0 && errno != ENOENT { try check(errno) }
      unlink(path(schema) + "-lock")
      try sync(root)
    }
  }

  /// Runs `body` while the file of the schema neither comes nor goes.
  func settled(_ body: () throws -> Void) throws { try locked(root, LOCK_SH, body) }

  private func checkFree(_ schema: Schema) throws {
    if access(path(schema), F_OK) == 0 { throw StorageError(.conflict, "\(schema) is there already") }
  }

  private func names(_ folder: String) throws -> [String] {
    do { return try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw StorageError(.unavailable, "cannot read \(folder): \(error)")
    }
  }

  private func sync(_ folder: String) throws { try open(folder) { if fsync($0) != 0 { try check(errno) } } }

  /// - Returns: nil where the lock is somebody else's and `mode` says not to wait.
  @discardableResult
  private func locked<T>(_ folder: String, _ mode: Int32, _ body: () throws -> T) throws -> T? {
    try open(folder) { descriptor in
      while flock(descriptor, mode) != 0 {
        if errno == EWOULDBLOCK { return nil }
        if errno != EINTR { try check(errno) }
      }
      return try body()
    }
  }

  private func open<T>(_ folder: String, _ body: (Int32) throws -> T) throws -> T {
    let descriptor = Foundation.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if descriptor < 0 { try check(errno) }
    defer { close(descriptor) }
    return try body(descriptor)
  }
}
