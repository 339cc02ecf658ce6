/// A map in key order, as a list of small sorted pages: a copy shares the pages, and a change copies one of them.
struct SortedMap<Key: Comparable & Sendable, Value: Sendable>: Sendable {
  private struct Entry: Sendable {
    let key: Key
    var value: Value
  }
  private static var pageLimit: Int { 256 }

  /// Never an empty page.
  private var pages: [[Entry]] = []
  private(set) var count = 0

  subscript(key: Key) -> Value? {
    guard let (page, index) = place(behind: { $0 < key }), pages[page][index].key == key else { return nil }
    return pages[page][index].value
  }

  mutating func set(_ key: Key, _ value: Value) {
    guard let (page, index) = place(behind: { $0 < key }) else { return append(key, value) }
    if pages[page][index].key == key {
      pages[page][index].value = value
      return
    }
    pages[page].insert(Entry(key: key, value: value), at: index)
    count += 1
    if pages[page].count > Self.pageLimit { split(page) }
  }

  mutating func remove(_ key: Key) {
    guard let (page, index) = place(behind: { $0 < key }), pages[page][index].key == key else { return }
    pages[page].remove(at: index)
    count -= 1
    if pages[page].isEmpty { pages.remove(at: page) }
  }

  /// Hands over everything in order, until `body` answers false. The keys that satisfy `isBefore` are the first ones;
  /// they are passed over without being looked at one by one.
  func forEach(behind isBefore: (Key) -> Bool = { _ in false }, _ body: (Key, Value) throws -> Bool) rethrows {
    guard let (first, start) = place(behind: isBefore) else { return }
    var index = start
    for page in pages[first...] {
      for entry in page[index...] {
        guard try body(entry.key, entry.value) else { return }
      }
      index = 0
    }
  }

  /// Where the first key that does not satisfy `isBefore` is; nil where all of them do.
  private func place(behind isBefore: (Key) -> Bool) -> (page: Int, index: Int)? {
    let page = Self.first(pages.count) { page in !(pages[page].last.map { isBefore($0.key) } ?? true) }
    guard page < pages.count else { return nil }
    return (page, Self.first(pages[page].count) { !isBefore(pages[page][$0].key) })
  }

  /// The first index below `count` that is true, where all behind a true one are true; else `count`.
  private static func first(_ count: Int, _ isTrue: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if isTrue(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private mutating func append(_ key: Key, _ value: Value) {
    count += 1
    if let last = pages.indices.last, pages[last].count < Self.pageLimit {
      pages[last].append(Entry(key: key, value: value))
    } else {
      pages.append([Entry(key: key, value: value)])
    }
  }

  private mutating func split(_ page: Int) {
    let half = pages[page].count / 2
    pages.insert(Array(pages[page][half...]), at: page + 1)
    pages[page].removeSubrange(half...)
  }
}
