import Foundation
import InMemoryBackend
import SyncCore

@testable import Server

/// The engines that this run is about, for tests of what is the same on all of them.
enum DoctorEngine: String, CaseIterable, Sendable {
  case memory, sqlite, postgres, mariadb

  static let chosen: [DoctorEngine] = {
    let names = (ProcessInfo.processInfo.environment["ENGINE"] ?? "memory,sqlite").split(separator: ",").map(
      String.init)
    return allCases.filter { names.contains($0.rawValue) }
  }()

  /// Opens a place of its own, named by a folder.
  func open(_ folder: String) async throws -> any Backend {
    var settings = StorageSettings(folder: folder, startPatience: 0)
    let place = "doctor" + (folder as NSString).lastPathComponent.filter(\.isHexDigit).suffix(8).lowercased()
    switch self {
    case .memory, .sqlite: break
    case .postgres:
      settings.options = try Self.address(of: self)
      settings.options["prefix"] = place
    case .mariadb:
      settings.options = try Self.address(of: self)
      settings.options["name", default: ""] += "_" + place
    }
    return try await Backends.named(rawValue, in: Backends.all).open(settings)
  }

  private static func address(of engine: DoctorEngine) throws -> [String: String] {
    let variable = "DJANKISERV_TEST_\(engine.rawValue.uppercased())_URL"
    guard let url = ProcessInfo.processInfo.environment[variable] else {
      throw StorageError(.invalid, "\(variable) is not set: run the tests in scripts/databases")
    }
    return try DatabaseURL(url).options
  }
}

/// An installation with a user, anna, who has two generations that were replaced, a current one and media files.
final class DoctorScene: Sendable {
  static let now: Int64 = 1_800_000_000_000
  static let account = Installed.account

  let installation: Installation
  let backend: any Backend
  private let home: Installed

  /// - Parameter hasPast: whether there is more than one generation, and media files.
  init(_ engine: DoctorEngine, hasPast: Bool = true) async throws {
    home = try await Installed(.files, .memory)
    backend = try await engine.open(home.root)
    try await backend.create(.accounts)
    let configuration = try Configuration(environment: ["HOME": home.root, "DJANKISERV_DATA_ROOT": home.root])
    installation = Installation(
      configuration, Storage(backend), { Self.now }, AccountsScene.random)
    try await installation.accounts.add("anna", password: "secret")
    let process = try home.process(backend)
    if !hasPast { try await process.ensure(Self.account) }
    for (number, notes) in [[Int64(1)], [1, 2], [1, 2, 3]].enumerated() where hasPast {
      try await process.replace(
        Self.account, with: home.file(notes: notes, scm: Int64(number) + 1), origin: "a test")
    }
    try await process.tidy(Self.account, keep: 3, forMilliseconds: 0)
    if hasPast { try await addMedia(process.blobs) }
  }

  private func addMedia(_ blobs: any BlobStore) async throws {
    try await blobs.put(Self.account, [MediaScene.blob("a picture"), MediaScene.blob("a sound")])
    let changes = ["a picture", "a sound"].map { MediaChange($0, MediaScene.content(Array($0.utf8))) }
    _ = try await backend.write(.user(Self.account), .acknowledged) { rows in
      try MediaUpdate(rows).apply(changes, .none, now: Self.now / 1000) { _, _ in [] }
    }
  }

  func household(_ orders: Doctor.Orders = .init(recounts: true)) -> Household {
    Household(installation: installation, hasUsers: true, orders: orders, now: { Self.now })
  }

  /// What is not as it should be.
  func complaints(_ orders: Doctor.Orders = .init(recounts: true)) async -> [Finding] {
    await Household.checks.findings(in: household(orders)).filter { $0.grade != .ok }
  }

  /// The schema of the current generation.
  func current() async throws -> Schema {
    let user = try await backend.read(.user(Self.account)) { try $0.user() }
    return .collection(user: Self.account, generation: user.generation)
  }

  func changeUser(_ id: Int64 = DoctorScene.account, _ body: @escaping @Sendable (inout User) -> Void) async throws {
    try await backend.write(.user(id), .acknowledged) { rows in
      var user = try rows.first(User.self, 1) ?? User()
      body(&user)
      try rows.upsert([user])
    }
  }

  func changeCol(_ body: @escaping @Sendable (inout Col) -> Void) async throws {
    try await backend.write(try await current(), .acknowledged) { rows in
      var col = try rows.col()
      body(&col)
      try rows.upsert([col])
    }
  }

  /// Takes the bytes of a blob away.
  func lose(_ digest: BlobDigest) async throws {
    let blobs = household().blobs
    try await backend.write(.user(Self.account), .acknowledged) { rows in
      try blobs.remove([digest], of: Self.account, putBefore: .max, rows)
    }
  }

  /// Drops everything that the scene has made, and closes the engine.
  func end() async throws {
    for schema in try await backend.schemas() { try await backend.drop(schema) }
    await backend.close()
  }
}

/// Runs `body` with a scene that ends with it.
func withDoctorScene(
  _ engine: DoctorEngine, hasPast: Bool = true, _ body: (DoctorScene) async throws -> Void
) async throws {
  let scene = try await DoctorScene(engine, hasPast: hasPast)
  do { try await body(scene) } catch {
    try await scene.end()
    throw error
  }
  try await scene.end()
}
