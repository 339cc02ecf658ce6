import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("The doctor and schemas that nobody points to")
struct StrayTests {
  private static let day: Int64 = 86_400_000

  /// What a command that was cut off, or a wrong backup, leaves.
  struct Stray: Sendable, CustomTestStringConvertible {
    let name: String
    let schema: Schema
    /// Whether `--repair` may drop it.
    let isLeftover: Bool
    var grade: Finding.Grade?
    let make: @Sendable (DoctorScene) async throws -> Void
    var testDescription: String { name }
  }

  static let strays = [
    Stray(name: "adduser, cut off before the user's row", schema: .user(2), isLeftover: true) { scene in
      try await give(2, scene)
      try await scene.backend.create(.user(2))
    },
    Stray(name: "adduser, cut off before the account", schema: .user(2), isLeftover: true) { scene in
      try await give(2, scene)
      try await makeUser(scene) { $0.created = DoctorScene.now - 2 * day }
    },
    Stray(name: "adduser, perhaps at work", schema: .user(2), isLeftover: false, grade: .warn) { scene in
      try await give(2, scene)
      try await makeUser(scene) { $0.created = DoctorScene.now - 1 }
    },
    Stray(name: "a user of whom the accounts' backup knows nothing", schema: .user(2), isLeftover: false) { scene in
      try await makeUser(scene) { $0.created = 1 }
    },
    Stray(name: "a user with a collection", schema: .user(2), isLeftover: false) { scene in
      try await give(2, scene)
      try await makeUser(scene) { $0.lastGeneration = 1 }
    },
    Stray(name: "a user with media files", schema: .user(2), isLeftover: false) { scene in
      try await give(2, scene)
      try await makeUser(scene) { $0.mediaUSN = 1 }
    },
    Stray(name: "a collection of a deleted user", schema: .collection(user: 2, generation: 1), isLeftover: true) {
      try await give(2, $0)
      try await makeCollection(2, 1, $0)
    },
    Stray(name: "a collection of an unknown user", schema: .collection(user: 2, generation: 1), isLeftover: false) {
      try await makeCollection(2, 1, $0)
    },
    Stray(name: "a load that was given up", schema: .collection(user: 1, generation: 4), isLeftover: true) { scene in
      try await scene.changeUser { $0.lastGeneration = 4 }
      try await makeCollection(1, 4, scene)
    },
    Stray(name: "a first load that was given up", schema: .collection(user: 1, generation: 4), isLeftover: true) {
      scene in
      try await scene.changeUser { ($0.generation, $0.lastGeneration) = (0, 4) }
      try await makeCollection(1, 4, scene)
    },
    Stray(name: "a generation of the future", schema: .collection(user: 1, generation: 9), isLeftover: false) {
      try await makeCollection(1, 9, $0)
    },
    Stray(name: "an examination, cut off", schema: .collection(user: 0, generation: 5), isLeftover: true) {
      try await makeCollection(0, 5, $0)
    },
  ]

  private static func give(_ number: Int64, _ scene: DoctorScene) async throws {
    try await scene.backend.write(.accounts, .acknowledged) { try $0.upsert([AccountName(Text(), number)]) }
  }
  private static func makeUser(_ scene: DoctorScene, _ body: @escaping @Sendable (inout User) -> Void) async throws {
    try await scene.backend.create(.user(2))
    try await scene.changeUser(2, body)
  }
  private static func makeCollection(_ user: Int64, _ generation: Int64, _ scene: DoctorScene) async throws {
    try await scene.backend.load(.collection(user: user, generation: generation)) { try $0.append([Col()]) }
  }

  @Test(
    "a schema that nobody points to is told; --repair drops it where it holds nothing that anybody was promised",
    arguments: DoctorEngine.chosen, strays.indices)
  func stray(engine: DoctorEngine, index: Int) async throws {
    let stray = Self.strays[index]
    try await withDoctorScene(engine, hasPast: false) { scene in
      try await stray.make(scene)
      let found = await scene.complaints()
      #expect(found.map(\.subject) == ["\(stray.schema)"])
      #expect(found.map(\.grade) == [stray.grade ?? (stray.isLeftover ? .warn : .fail)])
      #expect(try await scene.backend.schemas().contains(stray.schema))
      _ = await scene.complaints(.init(repairs: true))
      #expect(try await scene.backend.schemas().contains(stray.schema) != stray.isLeftover)
      let left = await scene.complaints()
      #expect(left.isEmpty == stray.isLeftover)
    }
  }

  @Test("what a seal names is no stray")
  func sealed() async throws {
    try await withDoctorScene(.memory, hasPast: false) { scene in
      try await scene.changeUser { $0.lastGeneration = 4 }
      try await Self.makeCollection(1, 4, scene)
      try await scene.changeCol { $0.successor = 4 }
      _ = await scene.complaints(.init(repairs: true))
      #expect(try await scene.backend.schemas().contains(.collection(user: 1, generation: 4)))
    }
  }

  @Test("one user's doctor leaves the others' schemas alone")
  func named() async throws {
    try await withDoctorScene(.memory, hasPast: false) { scene in
      try await Self.give(2, scene)
      try await scene.backend.create(.user(2))
      let found = await scene.complaints(.init(user: "anna", repairs: true))
      #expect(found == [])
      #expect(try await scene.backend.schemas().contains(.user(2)))
    }
  }
}
