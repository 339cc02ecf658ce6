import Foundation
import SyncCore
import Synchronization

/// The LMDB files that are open: those in use, and a few more that may be used again.
///
/// One for the whole process, however many backends there are: a file that is opened twice in one process loses its
/// locks when it is closed once (lmdb.h, "Caveats").
final class Environments: Sendable {
  static let ofProcess = Environments()

  /// What makes it the same file, whatever it is called.
  private struct Identity: Hashable {
    let device: dev_t
    let inode: ino_t

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (device, inode) = (status.st_dev, status.st_ino)
    }
  }
  private struct Entry {
    let environment: Environment
    var users = 0
    var lastUse = ContinuousClock.now
  }

  /// How many stay open without being used. Each has two file descriptors.
  private static let mostIdle = 256
  private let entries = Mutex<[Identity: Entry]>([:])

  /// Runs `body` on the schema's file, opened.
  /// - Throws: `notFound` where the schema has none, `tooNew` where a newer engine has written it.
  func using<T>(_ schema: Schema, _ files: SchemaFiles, _ body: (Environment) throws -> T) throws -> T {
    let (identity, environment) = try entries.withLock { try take(schema, files, &$0) }
    defer { entries.withLock { give(identity, &$0) } }
    return try body(environment)
  }

  /// Closes those of the files that nobody is using.
  func closeIdle(_ isUnwanted: (_ path: String) -> Bool) {
    entries.withLock { entries in
      entries = entries.filter { $1.users > 0 || !isUnwanted($1.environment.path) }
    }
  }

  private func take(
    _ schema: Schema, _ files: SchemaFiles, _ entries: inout [Identity: Entry]
  ) throws -> (Identity, Environment) {
    let path = files.path(schema)
    var taken: (Identity, Environment)?
    // Asked anew each time: another process may have removed it, or put another one in its place.
    if let identity = Identity(path), let known = entries[identity] {
      taken = (identity, known.environment)
    } else {
      try files.settled {
        guard let identity = Identity(path) else { return }
        taken = (identity, try Environment(opening: path, schema.kind))
      }
    }
    guard let taken else { throw StorageError(.notFound, "no \(schema)") }
    entries[taken.0, default: Entry(environment: taken.1)].users += 1
    return taken
  }

  private func give(_ identity: Identity, _ entries: inout [Identity: Entry]) {
    entries[identity]?.users -= 1
    entries[identity]?.lastUse = .now
    // One that was removed meanwhile would keep its room on the disk.
    if let entry = entries[identity], entry.users == 0, Identity(entry.environment.path) != identity {
      entries[identity] = nil
    }
    guard entries.count > Self.mostIdle else { return }
    let idle = entries.filter { $1.users == 0 }
    guard idle.count > Self.mostIdle, let oldest = idle.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
    entries[oldest.key] = nil
  }
}
