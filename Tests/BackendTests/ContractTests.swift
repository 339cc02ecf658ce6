import StorageConformance
import SyncCore
import Testing

@Suite("The contract of storage")
struct ContractTests {
  @Test("an engine keeps the law", arguments: try Engines.chosen(), Law.all)
  func contract(subject: Subject, law: Law) async throws { try await law.check(subject) }

  @Test("an engine that is asked for and not known fails the run")
  func unknownEngine() {
    #expect(throws: StorageError.self) { try Engines.named("memory,nonesuch") }
  }

  @Test("no two laws have the same words")
  func words() { #expect(Set(Law.all.map(\.words)).count == Law.all.count) }

  @Test("a law that an engine breaks finds it out", arguments: Fault.allCases)
  func bites(fault: Fault) async throws {
    let laws = Law.all.filter { fault.broken.contains($0.words) }
    #expect(!laws.isEmpty && laws.count == fault.broken.count)
    for law in laws {
      await withKnownIssue { try await law.check(Broken.subject(fault)) }
    }
  }

  @Test("every law has a broken engine that it finds out")
  func everyLawBites() {
    #expect(Set(Law.all.map(\.words)) == Set(Fault.laws.map(\.1)))
  }
}
