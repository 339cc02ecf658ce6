import Foundation
import SyncCore

/// Puts any number of keys in order in bounded memory: sorted runs go to a file without a name and are merged.
struct SortedKeys {
  typealias Key = IndexTree.Key

  /// How many keys are read of each run at once.
  private static let piece = 1 << 12
  /// How many keys are sorted at once.
  private let capacity: Int
  private let beside: String
  private var keys: [Key] = []
  private var areSorted = true
  private var spill: Spill?
  private var runs: [Range<Int>] = []
  private var lastSpilled: Key?

  /// - Parameter path: the file beside which there is room.
  init(beside path: String, capacity: Int) { (beside, self.capacity) = (path, max(1, capacity)) }

  mutating func append(_ key: Key) throws {
    if keys.count == capacity { try spillKeys() }
    if let last = keys.last, key < last { areSorted = false }
    keys.append(key)
  }

  /// Hands out every key in order.
  mutating func forEach(_ body: (Key) throws -> Void) throws {
    guard spill != nil else {
      sortKeys()
      return try keys.forEach(body)
    }
    try spillKeys()
    keys = []
    try merge(body)
  }

  private mutating func spillKeys() throws {
    guard let first = sortKeys() else { return }
    let spill = try self.spill ?? Spill(beside: beside)
    self.spill = spill
    let end = (runs.last?.upperBound ?? 0) + keys.count
    try spill.append(keys)
    // Keys often come in order, and then all of them are one run.
    if let lastSpilled, let run = runs.last, lastSpilled < first {
      runs[runs.count - 1] = run.lowerBound..<end
    } else {
      runs.append(end - keys.count..<end)
    }
    lastSpilled = keys.last
    keys.removeAll(keepingCapacity: true)
  }

  /// - Returns: the first key.
  @discardableResult
  private mutating func sortKeys() -> Key? {
    if !areSorted { keys.sort() }
    areSorted = true
    return keys.first
  }

  private func merge(_ body: (Key) throws -> Void) throws {
    guard let spill else { return }
    var heads: [Head] = []
    for run in runs {
      var head = Head(spill: spill, rest: run)
      if try head.advance() { heads.append(head) }
    }
    // A handful of runs, of which the one with the smallest head is on top of a heap.
    for root in (0..<heads.count / 2).reversed() { Self.sink(&heads, root) }
    while let key = heads.first?.key {
      try body(key)
      if try !heads[0].advance() {
        heads.swapAt(0, heads.count - 1)
        heads.removeLast()
      }
      Self.sink(&heads, 0)
    }
  }

  private static func sink(_ heads: inout [Head], _ root: Int) {
    var parent = root
    while true {
      var child = 2 * parent + 1
      guard child < heads.count else { return }
      if child + 1 < heads.count, heads[child + 1].key < heads[child].key { child += 1 }
      guard heads[child].key < heads[parent].key else { return }
      heads.swapAt(child, parent)
      parent = child
    }
  }

  /// The next key of one run, and those read ahead.
  private struct Head {
    let spill: Spill
    var rest: Range<Int>
    var ahead: [Key] = []
    var next = 0
    var key = Key(value: 0, row: 0)

    init(spill: Spill, rest: Range<Int>) { (self.spill, self.rest) = (spill, rest) }

    /// - Returns: false where the run has no more keys.
    mutating func advance() throws -> Bool {
      if next == ahead.count {
        guard !rest.isEmpty else { return false }
        let count = min(SortedKeys.piece, rest.count)
        ahead = try spill.read(rest.lowerBound, count)
        (rest, next) = (rest.dropFirst(count), 0)
      }
      key = ahead[next]
      next += 1
      return true
    }
  }
}

/// A file without a name for keys: it is gone with the process, however that ends.
private final class Spill {
  private static let stride = MemoryLayout<IndexTree.Key>.stride
  private let descriptor: Int32
  private let folder: String

  init(beside path: String) throws {
    folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    var template = Array("\(path).keys-XXXXXX".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw StorageError(errno, "make a file in", folder) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(template)
  }

  deinit { close(descriptor) }

  func append(_ keys: [IndexTree.Key]) throws {
    try keys.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = Foundation.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { throw StorageError(count == 0 ? ENOSPC : errno, "write to a file in", folder) }
        rest = rest.dropFirst(count)
      }
    }
  }

  func read(_ first: Int, _ count: Int) throws -> [IndexTree.Key] {
    try [IndexTree.Key](unsafeUninitializedCapacity: count) { buffer, filled in
      let bytes = UnsafeMutableRawBufferPointer(buffer)
      var done = 0
      while done < count * Self.stride {
        let offset = off_t(first * Self.stride + done)
        let got = pread(descriptor, bytes.baseAddress.map { $0 + done }, count * Self.stride - done, offset)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else { throw StorageError(errno, "read a file in", folder) }
        done += got
      }
      filled = count
    }
  }
}
