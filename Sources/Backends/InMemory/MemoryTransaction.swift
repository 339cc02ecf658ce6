import SyncCore

/// One body's view of a schema: a copy of its own, which is kept or thrown away when the body has ended.
final class MemoryTransaction: RowStore, RowLoader {
  private(set) var state: MemoryState
  /// The first change that was refused: then nothing is kept, even where the body goes on.
  private var refusal: (any Error)?
  private let cancellation: Cancellation

  init(_ state: MemoryState, _ cancellation: Cancellation) {
    (self.state, self.cancellation) = (state, cancellation)
  }

  /// - Throws: where what the body has done must not be kept.
  func finish() throws {
    if let refusal { throw refusal }
    try cancellation.check()
  }

  func fetch<R: Row>(_ type: R.Type, _ selection: Selection<R>) throws -> [R] {
    try cancellation.check()
    return try state.table(of: type).fetch(type, selection)
  }

  func count<R: Row>(_ type: R.Type) throws -> Int {
    try cancellation.check()
    return state.table(of: type).count
  }

  func scan<R: Row>(_ type: R.Type, _ body: (R) throws -> Void) throws {
    try state.table(of: type).scan(type) { row in
      try cancellation.check()
      try body(row)
    }
  }

  func upsert<R: Row>(_ rows: [R]) throws {
    try change(R.self) { table in
      for row in rows { try table.set(row) }
    }
  }

  func delete<R: Row>(_ type: R.Type, _ keys: [R.Key]) throws {
    try change(type) { table in
      for key in keys { table.remove(key) }
    }
  }

  func clear<R: Row>(_ type: R.Type) throws {
    try change(type) { $0 = MemoryTable(R.table) }
  }

  func append<R: Row>(_ rows: [R]) throws {
    try change(R.self) { table in
      for row in rows {
        guard !table.contains(row.key) else {
          throw StorageError(.invalid, "a key of table \(R.table.name) is there twice")
        }
        try table.set(row)
      }
    }
  }

  private func change<R: Row>(_ type: R.Type, _ body: (inout MemoryTable<R.Key>) throws -> Void) throws {
    do {
      try cancellation.check()
      try state.change(type, body)
    } catch {
      refusal = refusal ?? error
      throw error
    }
  }
}
