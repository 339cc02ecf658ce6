import Foundation
import SyncCore
import Testing

@testable import Server

@Suite("The doctor and the users")
struct HouseholdTests {
  private static let account = DoctorScene.account

  @Test("users who are well have nothing to complain of", arguments: DoctorEngine.chosen)
  func healthy(engine: DoctorEngine) async throws {
    try await withDoctorScene(engine) { scene in
      let schemas = try await scene.backend.schemas()
      #expect(schemas.count == 3)
      for orders in [Doctor.Orders(), .init(recounts: true), .init(user: "anna", recounts: true, repairs: true)] {
        let complaints = await scene.complaints(orders)
        #expect(complaints == [])
      }
    }
  }

  /// What is done to an installation, and what is said then.
  struct Damage: Sendable, CustomTestStringConvertible {
    let message: String
    var grade = Finding.Grade.fail
    /// Whether `--recount --repair` leaves nothing to complain of.
    var isRepairable = false
    let make: @Sendable (DoctorScene) async throws -> Void
    var testDescription: String { message }
  }

  static let damages = [
    Damage(message: "counters that differ from the rows: notes 4 instead of 3", isRepairable: true) { scene in
      try await scene.changeCol { $0.counts[.note] += 1 }
    },
    Damage(message: "counters that differ from the rows: usn of decks -7 instead of", isRepairable: true) { scene in
      try await scene.changeCol { $0.highest[.deck] = -7 }
    },
    Damage(message: "counters that differ from the rows: notes 3 instead of 2", isRepairable: true) { scene in
      try await scene.backend.write(try await scene.current(), .acknowledged) { try $0.delete(Note.self, [1]) }
    },
    Damage(message: "counters that differ from the rows: media files", isRepairable: true) { scene in
      try await scene.changeUser { $0.mediaBytes += 1 }
    },
    Damage(message: "the bytes of 1 media files are lost") { try await $0.lose(MediaScene.digest("a sound")) },
    Damage(message: "generation 1, which was replaced, cannot be had back: its bytes are lost") { scene in
      let part = try await scene.backend.read(.user(account)) { try $0.fetch(GenerationPart.self, .owned(by: 1))[0] }
      if let content = part.content { try await scene.lose(content.digest) }
    },
    Damage(message: "the current collection 1.3 is gone") { try await $0.backend.drop(try await $0.current()) },
    Damage(message: "collection 1.3 was replaced by generation 9, which is gone") { scene in
      try await scene.changeCol { $0.successor = 9 }
    },
    Damage(message: "the schema of this user is gone") { try await $0.backend.drop(.user(account)) },
    Damage(message: "a user's schema without its row") { scene in
      try await scene.backend.write(.user(account), .acknowledged) { try $0.clear(User.self) }
    },
    Damage(message: "is being deleted, which was cut off", grade: .warn) { scene in
      await #expect(throws: CancellationError.self) {
        try await scene.installation.accounts.delete("anna") { _ in throw CancellationError() }
      }
    },
  ]

  @Test(
    "a damage is named, with what to do; what is safe to repair is repaired when that is asked for, and not before",
    arguments: DoctorEngine.chosen, damages.indices)
  func damage(engine: DoctorEngine, index: Int) async throws {
    let damage = Self.damages[index]
    try await withDoctorScene(engine) { scene in
      try await damage.make(scene)
      for orders in [Doctor.Orders(recounts: true), .init(recounts: true)] {
        let complaints = await scene.complaints(orders)
        let found = complaints.first { $0.message.hasPrefix(damage.message) }
        #expect(found?.grade == damage.grade && found?.advice.isEmpty == false)
      }
      _ = await scene.complaints(.init(recounts: true, repairs: true))
      let left = await scene.complaints()
      #expect(left.isEmpty == damage.isRepairable, "\(left)")
    }
  }

  @Test("counters are repaired beside what cannot be", arguments: DoctorEngine.chosen)
  func both(engine: DoctorEngine) async throws {
    try await withDoctorScene(engine) { scene in
      try await scene.changeCol { $0.buried += 1 }
      try await scene.lose(MediaScene.digest("a sound"))
      let found = await scene.complaints(.init(recounts: true, repairs: true))
      #expect(found.map(\.grade).sorted() == [.warn, .fail])
      let left = await scene.complaints()
      #expect(left.map(\.grade) == [.fail])
    }
  }

  @Test("a user whose schema is damaged hides nobody else", arguments: DoctorEngine.chosen)
  func others(engine: DoctorEngine) async throws {
    try await withDoctorScene(engine, hasPast: false) { scene in
      let berta = try await scene.installation.accounts.add("berta", password: "x")
      try await scene.backend.drop(.user(berta))
      try await scene.backend.write(.user(Self.account), .acknowledged) { try $0.clear(User.self) }
      try await scene.backend.create(.user(99))
      let found = await scene.complaints()
      #expect(found.map(\.subject) == ["user anna", "user berta", "user 99"])
    }
  }

  @Test("a user who is not there is told")
  func unknown() async throws {
    try await withDoctorScene(.memory) { scene in
      let found = await scene.complaints(.init(user: "nobody"))
      #expect(found == [Finding(.fail, "users", "there is no user \"nobody\"")])
    }
  }

  @Test("of what a sync changes between two looks nothing is told")
  func meanwhile() async throws {
    try await withDoctorScene(.memory) { scene in
      try await scene.changeCol { $0.counts[.note] += 1 }
      let stock = try await scene.household().again(.init())
      let patient = UserPatient(household: scene.household(), id: Self.account, name: "anna")
      let once = try await patient.findings(stock)
      #expect(once.count == 1)
      try await scene.installation.accounts.delete("anna") { try await scene.installation.userData.remove($0) }
      let gone = try await patient.findings(stock)
      #expect(gone == [])
    }
  }
}
