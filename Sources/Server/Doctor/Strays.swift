import SyncCore

/// A schema that nobody points to.
private struct Stray: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    /// What a command or an upload that was cut off leaves. It holds nothing that anybody was promised.
    case leftover
    /// The same, but so young that the command may still be at work.
    case young
    /// Anything else: it may hold what somebody has synced.
    case foreign
  }

  let schema: Schema
  let kind: Kind

  init(_ schema: Schema, _ kind: Kind) { (self.schema, self.kind) = (schema, kind) }

  var finding: Finding {
    let (grade, message, advice): (Finding.Grade, String, String) =
      switch kind {
      case .leftover: (.warn, "belongs to nobody: a command that was cut off has left it", "--repair drops it")
      case .young: (.warn, "belongs to nobody: perhaps adduser is at work", "look again tomorrow")
      case .foreign:
        (
          .fail, "belongs to nobody, and may hold data",
          "are DJANKISERV_MAINDB_* those of the server, and both databases from one backup? it is not dropped"
        )
      }
    return Finding(grade, "\(schema)", message, advice: advice)
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
      if orders.repairs, stray.kind == .leftover {
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
        strays.append(Stray(schema, id <= highest ? await kind(ofUser: id, stock) : .foreign))
      // Of an examination.
      case .collection(user: 0, generation: let time):
        if time < now() - Self.grace { strays.append(Stray(schema, .leftover)) }
      case .collection(let id, let number):
        if owners.contains(id) {
          if let stray = await forgotten(schema, number, of: id, stock) { strays.append(stray) }
        } else if !stock.schemas.contains(.user(id)) {
          // Of a user who was deleted while something was uploaded.
          strays.append(Stray(schema, id <= highest ? .leftover : .foreign))
        }
      }
    }
    return strays
  }

  /// What `adduser` leaves when it is cut off is a user who has never synced.
  private func kind(ofUser id: Int64, _ stock: Stock) async -> Stray.Kind {
    let hasSynced = stock.schemas.contains { if case .collection(id, _) = $0 { true } else { false } }
    guard !hasSynced, stock.isReadable(.user(id)) else { return .foreign }
    do {
      // Without its row nobody can have gone on: `adduser` fails where the schema is gone.
      guard let user = try await users.read(.user(id), { try $0.first(User.self, 1) }) else { return .leftover }
      guard user.lastGeneration == 0, user.mediaUSN == 0 else { return .foreign }
      return user.created < now() - Self.grace ? .leftover : .young
    } catch {
      // What cannot be read may hold anything.
      return .foreign
    }
  }

  /// A generation that its user's schema does not know. Numbers are given once, so one that was given and is not known
  /// was given up; one that was not given yet is of another time than the user's schema.
  private func forgotten(_ schema: Schema, _ number: Int64, of id: Int64, _ stock: Stock) async -> Stray? {
    guard stock.isReadable(.user(id)) else { return nil }
    do {
      let (isKnown, user) = try await users.read(.user(id)) { rows in
        (try rows.first(Generation.self, number) != nil, try rows.user())
      }
      guard !isKnown, user.generation != number else { return nil }
      guard number <= user.lastGeneration else { return Stray(schema, .foreign) }
      guard user.generation > 0 else { return Stray(schema, .leftover) }
      // What a seal names is complete, and may be about to become the current one.
      let current = Schema.collection(user: id, generation: user.generation)
      guard stock.isReadable(current) else { return Stray(schema, .foreign) }
      let successor = try await users.read(current) { try $0.col().successor }
      return Stray(schema, number == successor ? .foreign : .leftover)
    } catch {
      // Whoever looks at the user tells that.
      return nil
    }
  }
}
