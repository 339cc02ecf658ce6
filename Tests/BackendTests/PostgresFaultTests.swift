import Dispatch
import Foundation
import SyncCore
import Testing

@testable import PostgresBackend
@testable import SQLBackend

@Suite("PostgreSQL when things go wrong", .enabled(if: PostgresScene.isChosen), .serialized)
struct PostgresFaultTests {
  private let schema = Schema.collection(user: 7, generation: 1)

  @Test("an idle connection that has died costs nobody an error")
  func idle() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      for round in 1...3 {
        #expect(try scene.terminateSessions() > 0)
        try await backend.write(schema, .relaxed) { try $0.upsert([review(round)]) }
        #expect(try scene.terminateSessions() > 0)
        let count = try await backend.read(schema) { try $0.count(Review.self) }
        #expect(count == round)
      }
    }
  }

  @Test("a session that is ended in the middle costs the request in flight, which leaves no trace")
  func inFlight() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      try await backend.write(schema, .acknowledged) { try $0.upsert([review(1)]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { rows in
          try rows.upsert([review(2)])
          _ = try rows.count(Review.self)
          _ = try scene.terminateSessions()
          try rows.upsert([review(3)])
        }
      }
      #expect(refused?.code == .unavailable)
      let reviews = try await backend.read(schema) { try $0.fetch(Review.self, .all) }
      #expect(reviews == [review(1)])
    }
  }

  @Test("a server that crashes and comes back costs what was in flight, and the sessions of syncs")
  func restart() async throws {
    let scene = try PostgresScene(startPatience: 60)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let staged = Staged(StagedKey(session: 1, kind: 0, object: "a"), [1])
      try await backend.write(schema, .relaxed) { try $0.upsert([staged]) }
      try await backend.write(schema, .acknowledged) { try $0.upsert([review(1)]) }
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { rows in
          try rows.upsert([review(2)])
          _ = try rows.count(Review.self)
          try PostgresScene.restart()
        }
      }
      #expect(refused?.code == .unavailable)
      let (reviews, left) = try await backend.read(schema) { rows in
        (try rows.fetch(Review.self, .all), try rows.count(Staged.self))
      }
      #expect(reviews == [review(1)])
      #expect(left == 0)
    }
  }

  @Test("a server that is not up yet is waited for")
  func start() async throws {
    let scene = try PostgresScene(startPatience: 60)
    let restarting = Task.detached {
      try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
        DispatchQueue.global().async { done.resume(with: Result { try PostgresScene.restart() }) }
      }
    }
    for _ in 1...20 {
      try await scene.withBackend { _ in }
      try await Task.sleep(for: .milliseconds(100))
    }
    try await restarting.value
  }

  @Test("nobody there is unavailable, a wrong password invalid at once")
  func unreachable() async throws {
    var scene = try PostgresScene(startPatience: 0)
    scene.settings.options["port"] = "1"
    let nobody = await #expect(throws: StorageError.self) { try await scene.withBackend { _ in } }
    #expect(nobody?.code == .unavailable)
    scene = try PostgresScene(startPatience: 600)
    scene.settings.options["password"] = "wrong"
    let stranger = await #expect(throws: StorageError.self) { try await scene.withBackend { _ in } }
    #expect(stranger?.code == .invalid)
    #expect(stranger?.message.contains("wrong") == false)
  }

  @Test("a lock that another process keeps is unavailable, and no longer than that")
  func otherProcess() async throws {
    let scene = try PostgresScene(patience: 0.2)
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let other = try scene.server.connect()
      try other.begin(.alter, in: scene.name(schema), Opening(scene.server.dialect.questions(.collection, true)))
      let refused = await #expect(throws: StorageError.self) {
        try await backend.write(schema, .acknowledged) { try $0.upsert([review(1)]) }
      }
      #expect(refused?.code == .unavailable)
      let count = try await backend.read(schema) { try $0.count(Review.self) }
      #expect(count == 0)
      try other.end(keeping: false)
      try await backend.write(schema, .acknowledged) { try $0.upsert([review(1)]) }
    }
  }

  @Test("a schema in use is dropped when the last reader has left it")
  func dropInUse() async throws {
    let scene = try PostgresScene()
    try await scene.withBackend { backend in
      try await backend.create(schema)
      let (began, begin) = AsyncStream.makeStream(of: Void.self)
      let mayEnd = DispatchSemaphore(value: 0)
      let reader = Task {
        try await backend.read(schema) { rows in
          let before = try rows.count(Review.self)
          begin.finish()
          mayEnd.wait()
          // The drop has waited long enough for the server to look for deadlocks.
          return (before, try rows.count(Note.self))
        }
      }
      for await _ in began {}
      let drop = Task { try await backend.drop(schema) }
      try await Task.sleep(for: .milliseconds(1500))
      mayEnd.signal()
      let counts = try await reader.value
      #expect(counts == (0, 0))
      try await drop.value
      let left = try await backend.schemas()
      #expect(left == [])
    }
  }

  @Test("each of the server's errors has its meaning", arguments: meanings)
  func meaning(state: String, code: StorageError.Code) throws {
    let connection = try PostgresScene().server.connect()
    let error = #expect(throws: StorageError.self) {
      try connection.transaction(.write(.relaxed), in: "none") {
        try connection.define(["DO $$ BEGIN RAISE EXCEPTION 'because' USING ERRCODE = '\(state)'; END $$"])
      }
    }
    #expect(error?.code == code)
    #expect(error?.message == "PostgreSQL: because (\(state))")
    #expect(connection.state.isUsable)
  }

  static let meanings: [(String, StorageError.Code)] = [
    ("42P01", .notFound), ("3F000", .notFound), ("42P06", .conflict), ("55P03", .conflict), ("40001", .conflict),
    ("40P01", .conflict), ("53100", .full), ("53300", .unavailable), ("57P01", .unavailable), ("57014", .unavailable),
    ("08006", .unavailable), ("42501", .unavailable), ("25006", .unavailable), ("22021", .invalid), ("23505", .invalid),
    ("54000", .invalid), ("42703", .corrupt), ("XX001", .corrupt), ("P0001", .unavailable),
  ]
}

func review(_ number: Int) -> Review {
  var review = Review()
  (review.id, review.usn) = (Int64(number), 1)
  return review
}
