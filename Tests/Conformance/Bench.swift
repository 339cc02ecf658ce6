import Foundation
import SyncCore
import Synchronization

/// Where one law is tried: a fresh engine in a folder of its own.
final class Bench: Sendable {
  let backend: any Backend
  let subject: Subject
  private let settings: StorageSettings
  private let reopened = Mutex<[any Backend]>([])

  /// The engine's patience is long enough that only the laws about it meet it.
  init(_ subject: Subject) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("storage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    self.subject = subject
    settings = StorageSettings(folder: folder.path, threads: 4, patience: 30, queue: 100)
    backend = try await subject.open(settings)
  }

  func clearUp() async {
    for backend in reopened.withLock({ $0 }) + [backend] { await backend.close() }
    // What is left in the system's temporary folder harms nobody.
    try? FileManager.default.removeItem(atPath: settings.folder)
  }

  /// What anybody sees later: a durable engine opened once more beside the first, as after a crash; a volatile one as
  /// it is.
  func later() async throws -> any Backend {
    guard case .durable = subject.persistence else { return backend }
    return try await openAgain()
  }

  /// The engine opened once more on the same place.
  func openAgain() async throws -> any Backend { try await open(settings) }

  /// The engine opened on another place, with less patience.
  func impatient(patience: Double, queue: Int) async throws -> any Backend {
    var settings = settings
    settings.folder += "/impatient"
    try FileManager.default.createDirectory(atPath: settings.folder, withIntermediateDirectories: true)
    (settings.patience, settings.queue) = (patience, queue)
    return try await open(settings)
  }

  /// Makes the schema look as though a newer server had written it; nothing where nothing is kept.
  func age(_ schema: Schema) async throws {
    guard case .durable(let age) = subject.persistence else { return }
    try await age(settings, schema)
  }

  private func open(_ settings: StorageSettings) async throws -> any Backend {
    let backend = try await subject.open(settings)
    reopened.withLock { $0.append(backend) }
    return backend
  }
}

extension Bench {
  /// A schema that is there.
  func collection(_ generation: Int64 = 1) async throws -> Schema {
    let schema = Schema.collection(user: 7, generation: generation)
    try await backend.create(schema)
    return schema
  }

  /// A collection that holds these rows and nothing else.
  func collection<R: Row>(_ rows: [R]) async throws -> Schema {
    let schema = try await collection()
    try await backend.put(rows, schema)
    return schema
  }
}

extension Backend {
  func put<R: Row>(_ rows: [R], _ schema: Schema, _ durability: Durability = .relaxed) async throws {
    try await write(schema, durability) { try $0.upsert(rows) }
  }

  func get<R: Row>(_ type: R.Type, _ schema: Schema, _ selection: Selection<R> = .all) async throws -> [R] {
    try await read(schema) { try $0.fetch(type, selection) }
  }
}

/// The code of the ``StorageError`` that `work` throws; nil where it throws nothing, or something else.
func refusal(_ work: () async throws -> Void) async -> StorageError.Code? {
  do {
    try await work()
    return nil
  } catch {
    return (error as? StorageError)?.code
  }
}
