import SyncCore

@testable import Server

/// An engine with something between it and those who use it.
struct WatchedBackend: Backend {
  enum Fault: Sendable { case dropsRow, changesRow, dropsKey }

  private let engine: any Backend
  private let isReadOnly: Bool
  private let fault: Fault?
  private let beforeRead: @Sendable (Schema) async throws -> Void

  init(
    _ engine: any Backend, isReadOnly: Bool = false, fault: Fault? = nil,
    beforeRead: @escaping @Sendable (Schema) async throws -> Void = { _ in }
  ) {
    (self.engine, self.isReadOnly, self.fault, self.beforeRead) = (engine, isReadOnly, fault, beforeRead)
  }

  private func changing() throws {
    if isReadOnly { throw StorageError(.invalid, "this is only to be read") }
  }

  func create(_ schema: Schema) async throws {
    try changing()
    try await engine.create(schema)
  }
  func drop(_ schema: Schema) async throws {
    try changing()
    try await engine.drop(schema)
  }
  func schemas() async throws -> [Schema] { try await engine.schemas() }
  func close() async {}

  func read<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowReader) throws -> T
  ) async throws -> T {
    try await beforeRead(schema)
    return try await engine.read(schema, body)
  }
  func write<T: Sendable>(
    _ schema: Schema, _ durability: Durability, _ body: @escaping @Sendable (any RowStore) throws -> T
  ) async throws -> T {
    try changing()
    return try await engine.write(schema, durability) { [fault] rows in
      let value = try body(rows)
      if fault == .dropsKey { try rows.delete(HostKey.self, ["a digest"]) }
      return value
    }
  }
  func load<T: Sendable>(
    _ schema: Schema, _ body: @escaping @Sendable (any RowLoader) throws -> T
  ) async throws -> T {
    try changing()
    return try await engine.load(schema) { [fault] loader in try body(FaultyLoader(loader, fault)) }
  }
}

private final class FaultyLoader: RowLoader {
  private let loader: any RowLoader
  private let fault: WatchedBackend.Fault?

  init(_ loader: any RowLoader, _ fault: WatchedBackend.Fault?) { (self.loader, self.fault) = (loader, fault) }

  func append<R: Row>(_ rows: [R]) throws {
    guard let notes = rows as? [Note] else { return try loader.append(rows) }
    switch fault {
    case .dropsRow: try loader.append(Array(notes.dropLast()))
    case .changesRow:
      try loader.append(
        notes.map { note in
          var note = note
          note.flds = Text(note.flds.string + " ")
          return note
        })
    default: try loader.append(rows)
    }
  }
}
