import Foundation
import Synchronization

@testable import Server

/// A file to be served, which counts how often it was given back.
final class TemporaryFile: Sendable {
  let path: String
  let content: [UInt8]
  private let done = Mutex(0)

  init(_ content: [UInt8]) throws {
    self.content = content
    path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try Data(content).write(to: URL(fileURLWithPath: path))
  }
  /// A file of zeros, which takes no room.
  init(zeros count: Int) throws {
    content = []
    path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    try Data().write(to: URL(fileURLWithPath: path))
    guard truncate(path, count) == 0 else { throw CocoaError(.fileWriteUnknown) }
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }

  var timesDone: Int { done.withLock { $0 } }
  var reply: Reply { reply(size: content.count) }
  func reply(size: Int) -> Reply {
    .file(path: path, size: size, done: { [self] in done.withLock { $0 += 1 } })
  }
}
