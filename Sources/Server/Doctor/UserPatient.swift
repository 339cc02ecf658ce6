import SyncCore

/// A user, as a patient.
struct UserPatient: Sendable {
  let household: Household
  let id: Int64
  let name: String

  /// Something that is wrong with the user.
  private struct Trouble: Equatable {
    var finding: Finding
    /// Whether counting anew ends it.
    var isMiscount = false
  }

  private var users: any Backend { household.users }

  /// Looks twice where something seems to be wrong: a server may be changing it at the moment.
  func findings(_ stock: Household.Stock) async throws -> [Finding] {
    let first = try await look(stock)
    guard !first.isEmpty else { return [] }
    let again = try await look(try await household.again(stock))
    return try await repaired(again.filter(first.contains)).map(\.finding)
  }

  private func look(_ stock: Household.Stock) async throws -> [Trouble] {
    let id = id
    guard let account = try await household.installation.main.read(.accounts, { try $0.first(Account.self, id) }) else {
      return []
    }
    if account.state == .deleting {
      return [
        trouble(
          .warn, "is being deleted, which was cut off", "djankiserv deluser, or the next start of the server, ends that"
        )
      ]
    }
    guard household.hasUsers else { return [] }
    guard stock.schemas.contains(.user(id)) else {
      return [trouble(.fail, "the schema of this user is gone", "restore it from a backup of the users' database")]
    }
    guard stock.isReadable(.user(id)) else { return [] }
    do {
      return try await pointer(stock) + generations(stock) + (household.orders.recounts ? recount(stock) : [])
    } catch { return [trouble(.fail, "\(error)", "look again later; if it stays, restore a backup")] }
  }

  private func trouble(_ grade: Finding.Grade, _ message: String, _ advice: String) -> Trouble {
    Trouble(finding: Finding(grade, "user \(name)", message, advice: advice))
  }

  // MARK: The collection

  private func current() async throws -> Schema? {
    let user = try await users.read(.user(id)) { try $0.user() }
    return user.generation > 0 ? .collection(user: id, generation: user.generation) : nil
  }

  private func pointer(_ stock: Household.Stock) async throws -> [Trouble] {
    guard let schema = try await current() else { return [] }
    guard stock.schemas.contains(schema) else {
      return [trouble(.fail, "the current \(schema) is gone", "djankiserv restore an older one, or restore a backup")]
    }
    guard stock.isReadable(schema) else { return [] }
    let successor = try await users.read(schema) { try $0.col().successor }
    // Between a seal and the pointer there may be a crash; whoever meets the seal goes on (DESIGN, "Full upload").
    guard successor != 0, !stock.schemas.contains(.collection(user: id, generation: successor)) else { return [] }
    return [trouble(.fail, "\(schema) was replaced by generation \(successor), which is gone", "restore a backup")]
  }

  private func generations(_ stock: Household.Stock) async throws -> [Trouble] {
    let (blobs, id) = (household.blobs, id)
    let (all, parts, missing) = try await users.read(.user(id)) { rows in
      let parts = try rows.fetch(GenerationPart.self, .all)
      let missing = try blobs.missing(Set(parts.compactMap(\.content)), of: id, rows)
      return (try rows.fetch(Generation.self, .all), parts, missing)
    }
    return all.filter { generation in
      switch generation.state {
      case .kept:
        let own = parts.filter { $0.generation == generation.number }.map(\.content)
        return own.isEmpty || own.contains { $0.map(missing.contains) ?? true }
      case .sealed:
        let isThere = stock.schemas.contains(.collection(user: id, generation: generation.number))
        return !isThere && (generation.notes > 0 || generation.cards > 0)
      case .loading, .current: return false
      }
    }.map { generation in
      trouble(
        .fail, "generation \(generation.number), which was replaced, cannot be had back: its bytes are lost",
        "restore the data folder from a backup, or forget it: djankiserv media check --repair")
    }
  }

  // MARK: Rows

  private func recount(_ stock: Household.Stock) async throws -> [Trouble] {
    try await media() + counters(stock)
  }

  private func miscount(_ counters: String) -> Trouble {
    var miscount = trouble(.fail, "counters that differ from the rows: \(counters)", "--recount --repair counts anew")
    miscount.isMiscount = true
    return miscount
  }

  private func counters(_ stock: Household.Stock) async throws -> [Trouble] {
    guard let schema = try await current(), stock.isReadable(schema) else { return [] }
    let differences = try await users.read(schema) { try Recount($0).differences }
    return differences.isEmpty ? [] : [miscount(differences.map(\.description).joined(separator: ", "))]
  }

  private func media() async throws -> [Trouble] {
    let (blobs, id) = (household.blobs, id)
    let (areRight, missing) = try await users.read(.user(id)) { rows in
      (try MediaSync(rows).areCountersRight(), try blobs.missing(rows.mediaContents(), of: id, rows).count)
    }
    let miscounts = areRight ? [] : [miscount("media files")]
    guard missing > 0 else { return miscounts }
    let advice =
      "restore the data folder from a backup, or have devices send them again: djankiserv media check --repair"
    return miscounts + [trouble(.fail, "the bytes of \(missing) media files are lost", advice)]
  }

  // MARK: Repair

  /// Counts anew where counters differ: nothing is lost by that.
  private func repaired(_ troubles: [Trouble]) async throws -> [Trouble] {
    guard household.orders.repairs, troubles.contains(where: \.isMiscount) else { return troubles }
    do { try await countAnew() } catch { return troubles + [trouble(.fail, "\(error)", "try --repair again")] }
    return troubles.map { trouble in
      var trouble = trouble
      if trouble.isMiscount { (trouble.finding.grade, trouble.finding.advice) = (.warn, "they were counted anew") }
      return trouble
    }
  }

  private func countAnew() async throws {
    _ = try await users.write(.user(id), .acknowledged) { try MediaUpdate($0).recount() }
    guard let schema = try await current() else { return }
    _ = try await users.write(schema, .acknowledged) { try Recount.repair($0) }
  }
}
