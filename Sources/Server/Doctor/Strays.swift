import SyncCore

/// A schema that nobody points to.
private struct Stray: Sendable, Equatable {
  let schema: Schema
  /// Whether it is what a command or an upload that was cut off leaves, and holds nothing that anybody was promised.
  let isLeftover: Bool

  var finding: Finding {
    guard isLeftover else {
      return Finding(
        .fail, "\(schema)", "belongs to nobody, and holds data",
        advice: "are DJANKISERV_MAINDB_* those of the server, and both databases from one backup? it is not dropped")
    }
    return Finding(
      .warn, "\(schema)", "belongs to nobody: a command that was cut off has left it", advice: "--repair drops it")
  }
}

extension Household {
  /// In milliseconds: what is younger may be in the making.
  private static let grace: Int64 = 86_400_000

  /// Schemas that nobody points to. Looks twice, because a server may be making or dropping some at the moment.
  func strays(_ stock: Stock) async throws -> [Finding] {
    guard hasUsers else { return [] }
    let first = try await look(stock)
    guard !first.isEmpty else { return [] }
    let strays = try await look(try await again(stock)).filter(first.contains)
    return try await repaired(strays)
  }

  private func repaired(_ strays: [Stray]) async throws -> [Finding] {
    var findings: [Finding] = []
    for stray in strays {
      var finding = stray.finding
      if orders.repairs, stray.isLeftover {
        try await users.drop(stray.schema)
        finding.advice = "it was dropped"
      }
      findings.append(finding)
    }
    return findings
  }

  /// What there was before the accounts were read has its account by now, if it gets one.
  private func look(_ stock: Stock) async throws -> [Stray] {
    let (owners, highest) = try await installation.main.read(.accounts) { rows in
      var owners: Set<Int64> = []
      try rows.scan(Account.self) { owners.insert($0.id) }
      return (owners, try rows.first(AccountName.self, Text())?.account ?? 0)
    }
    var strays: [Stray] = []
    for schema in stock.schemas.sorted(by: { $0.description < $1.description }) {
      switch schema {
      case .accounts: continue
      case .user(let id):
        guard !owners.contains(id) else { continue }
        strays.append(Stray(schema: schema, isLeftover: try await isUntouched(id, stock) && id <= highest))
      // Of an examination.
      case .collection(user: 0, generation: let time):
        if time < now() - Self.grace { strays.append(Stray(schema: schema, isLeftover: true)) }
      case .collection(let id, let number):
        if owners.contains(id) {
          if let stray = try await forgotten(schema, number, of: id, stock) { strays.append(stray) }
        } else if !stock.schemas.contains(.user(id)) {
          // Of a user who was deleted while something was uploaded.
          strays.append(Stray(schema: schema, isLeftover: id <= highest))
        }
      }
    }
    return strays
  }

  /// Whether the schema is what `adduser` leaves when it is cut off: its user has never synced.
  private func isUntouched(_ id: Int64, _ stock: Stock) async throws -> Bool {
    guard stock.isReadable(.user(id)) else { return false }
    let (user, time) = (try await users.read(.user(id)) { try $0.first(User.self, 1) }, now())
    // Without its row nobody can have gone on: `adduser` fails where the schema is gone.
    guard let user else { return true }
    return user.lastGeneration == 0 && user.mediaUSN == 0 && user.created < time - Self.grace
  }

  /// A generation that its user's schema does not know. Numbers are given once, so one that was given and is not known
  /// was given up; one that was not given yet is of another time than the user's schema.
  private func forgotten(_ schema: Schema, _ number: Int64, of id: Int64, _ stock: Stock) async throws -> Stray? {
    guard stock.isReadable(.user(id)) else { return nil }
    let (isKnown, user) = try await users.read(.user(id)) { rows in
      (try rows.first(Generation.self, number) != nil, try rows.user())
    }
    guard !isKnown, user.generation != number else { return nil }
    let current = Schema.collection(user: id, generation: user.generation)
    guard stock.isReadable(current) else { return Stray(schema: schema, isLeftover: false) }
    let successor = try await users.read(current) { try $0.col().successor }
    return Stray(schema: schema, isLeftover: number <= user.lastGeneration && number != successor)
  }
}
