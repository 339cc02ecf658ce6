import SyncCore

/// The accounts and what belongs to them, as a patient.
struct Household: Sendable {
  let installation: Installation
  /// Whether the users' schemas are within reach, too.
  let hasUsers: Bool
  let orders: Doctor.Orders
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int64

  static let checks: [Check<Household>] = [
    Check("users") { household in
      let stock = try await household.stock()
      guard stock.isReadable(.accounts) else { return stock.findings + [household.withoutAccounts(stock)] }
      let users = try await household.users(stock)
      let strays = household.orders.user == nil ? try await household.strays(stock) : []
      return stock.findings + users + strays
    }
  ]

  var users: any Backend { installation.users }
  /// Nothing is put into it.
  var blobs: any BlobStore { installation.blobs(now) { "" } }

  /// What there is, and what there is to say about it. Nothing is brought up to date by that, nor later: schemas of
  /// another version are not read.
  struct Stock: Sendable {
    var schemas: Set<Schema> = []
    /// Not to be read.
    var unfit: Set<Schema> = []
    var findings: [Finding] = []

    func isReadable(_ schema: Schema) -> Bool { schemas.contains(schema) && !unfit.contains(schema) }
  }

  private func stock() async throws -> Stock {
    var stock = try await again(Stock())
    if stock.findings.isEmpty {
      stock.findings = [.ok("schemas", "\(stock.schemas.count), all of this server's version")]
    }
    return stock
  }

  /// What there is now. Only what was not there before is examined.
  func again(_ old: Stock) async throws -> Stock {
    var stock = Stock(unfit: old.unfit, findings: old.findings)
    let main = installation.main
    if try await main.schemas().contains(.accounts) { stock.schemas.insert(.accounts) }
    if hasUsers { stock.schemas.formUnion(try await users.schemas().filter { $0 != .accounts }) }
    for schema in stock.schemas.subtracting(old.schemas).sorted(by: { $0.description < $1.description }) {
      let findings = await findings(schema, in: schema == .accounts ? main : users)
      if findings.contains(where: { $0.grade != .warn }) { stock.unfit.insert(schema) }
      stock.findings += findings
    }
    return stock
  }

  private func findings(_ schema: Schema, in backend: any Backend) async -> [Finding] {
    guard let backend = backend as? any Examinable else { return [] }
    do { return try await backend.examine(schema, wholly: orders.recounts) } catch {
      return [Finding(.fail, "\(schema)", "\(error)")]
    }
  }

  private func withoutAccounts(_ stock: Stock) -> Finding {
    if stock.schemas.contains(.accounts) {
      return Finding(.warn, "users", "the accounts cannot be looked at as they are", advice: "see above")
    }
    return Finding(
      .warn, "users", "there are no accounts yet",
      advice: "djankiserv adduser NAME; or are DJANKISERV_MAINDB_* those of the server?")
  }

  private func users(_ stock: Stock) async throws -> [Finding] {
    let accounts = try await accounts()
    var findings: [Finding] = []
    for account in accounts {
      let patient = UserPatient(household: self, id: account.id, name: account.name.string)
      findings += try await patient.findings(stock)
    }
    let depth = orders.recounts ? "every row was read" : "--recount reads every row"
    return findings + [.ok("users", "\(accounts.count) looked at; \(depth)")]
  }

  private func accounts() async throws -> [Account] {
    if let name = orders.user { return [try await installation.accounts.find(name)] }
    return try await installation.accounts.list().sorted { $0.name < $1.name }
  }
}
