import Foundation
import SQLiteFile
import SyncCore

/// Where the file of each schema lies, and how it comes and goes:
/// `accounts.sqlite`, `users/ab/<id>/user.sqlite` and `users/ab/<id>/collection-<generation>.sqlite`, where `ab` are
/// the last two hex digits of the id. `collection.sqlite` beside them leads to what the owner is shown.
struct SchemaFiles: Sendable {
  /// What the owner opens, beside the file that it leads to.
  private static let link = "collection.sqlite"

  private let root: Folder
  private var workshop: Folder { Folder(path: root.path + "/loading") }
  private var users: Folder { Folder(path: root.path + "/users") }

  init(_ root: String) { self.root = Folder(path: root) }

  func path(_ schema: Schema) -> String { "\(folder(schema).path)/\(name(schema))" }

  func exists(_ schema: Schema) -> Bool { access(path(schema), F_OK) == 0 }

  /// Makes the folders, and removes what is left of loads that did not end. Nothing is removed while a load is running,
  /// in this process or another one.
  func prepare() throws {
    try FileManager.default.createDirectory(
      atPath: root.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try workshop.make()
    _ = try workshop.locked(waits: false) {
      for name in try workshop.names() { try workshop.remove(name) }
    }
  }

  /// Makes the file of a schema: `fill` gets the path of an empty one, which takes its place when it is complete and on
  /// the disk. Where anything goes wrong, nothing is left.
  /// - Throws: `conflict` where the schema is there already.
  func make<T>(_ schema: Schema, _ fill: (String) throws -> T) throws -> T {
    let value: T? = try workshop.locked(shared: true) {
      try checkFree(schema)
      let draft = try workshop.makeFile(name(schema))
      let path = "\(workshop.path)/\(draft)"
      do {
        let value = try fill(path)
        try DurableFile.sync(path)
        try publish(path, schema)
        return value
      } catch {
        try clear(draft, in: workshop)
        throw error
      }
    }
    guard let value else { throw StorageError(.unavailable, "cannot lock \(workshop.path)") }
    return value
  }

  /// Removes the file of a schema, and the folder of a user of whom nothing is left.
  func remove(_ schema: Schema) throws {
    guard exists(schema) else { return }
    let folder = folder(schema)
    _ = try folder.locked {
      try clear(name(schema), in: folder)
      if schema.kind == .user { try folder.remove(Self.link) }
      try DurableFile.syncFolder(folder.path)
      guard folder.path != root.path, try folder.names().isEmpty, rmdir(folder.path) == 0 else { return }
      try DurableFile.syncFolder((folder.path as NSString).deletingLastPathComponent)
    }
  }

  /// Lets the user's link lead to the file of this schema.
  /// - Returns: the path of the link.
  func show(_ schema: Schema, of user: Int64) throws -> String {
    let folder = folder(.user(user))
    _ = try folder.locked { try folder.link(Self.link, to: name(schema)) }
    return "\(folder.path)/\(Self.link)"
  }

  func schemas() throws -> [Schema] {
    var found: [Schema] = exists(.accounts) ? [.accounts] : []
    for shelf in try users.names() {
      for user in try Folder(path: "\(users.path)/\(shelf)").names() {
        guard let id = Int64(user) else { continue }
        found += try Folder(path: "\(users.path)/\(shelf)/\(user)").names().compactMap { schema($0, of: id) }
      }
    }
    return found
  }

  private func publish(_ path: String, _ schema: Schema) throws {
    try makeFolders(schema)
    let folder = folder(schema)
    _ = try folder.locked {
      // Another process may have made it meanwhile; and side files that a crash left would be taken for ours.
      try checkFree(schema)
      try clear(name(schema), in: folder)
      guard rename(path, self.path(schema)) == 0 else { throw folder.failure("move a file to") }
      try DurableFile.syncFolder(folder.path)
    }
  }

  /// A new folder's name is durable when its parent is.
  private func makeFolders(_ schema: Schema) throws {
    guard schema != .accounts else { return }
    let folder = folder(schema)
    let shelf = Folder(path: (folder.path as NSString).deletingLastPathComponent)
    for (child, parent) in [(users, root), (shelf, users), (folder, shelf)] where try child.make() {
      try DurableFile.syncFolder(parent.path)
    }
  }

  private func checkFree(_ schema: Schema) throws {
    if exists(schema) { throw StorageError(.conflict, "\(schema) is there already") }
  }

  /// The file first: without it the others mean nothing, while it would mean something else without them.
  private func clear(_ name: String, in folder: Folder) throws {
    for suffix in ["", "-wal", "-shm", "-journal"] { try folder.remove(name + suffix) }
  }

  private func folder(_ schema: Schema) -> Folder {
    switch schema {
    case .accounts: return root
    case .user(let id), .collection(let id, _):
      let shelf = String(UInt8(truncatingIfNeeded: id), radix: 16)
      return Folder(path: "\(users.path)/\(shelf.count == 1 ? "0" : "")\(shelf)/\(id)")
    }
  }

  private func name(_ schema: Schema) -> String {
    switch schema {
    case .accounts: "accounts.sqlite"
    case .user: "user.sqlite"
    case .collection(_, let generation): "collection-\(generation).sqlite"
    }
  }

  private func schema(_ name: String, of user: Int64) -> Schema? {
    if name == self.name(.user(user)) { return .user(user) }
    guard name.hasPrefix("collection-"), name.hasSuffix(".sqlite"),
      let generation = Int64(name.dropFirst("collection-".count).dropLast(".sqlite".count))
    else { return nil }
    return .collection(user: user, generation: generation)
  }
}
