import SyncCore

extension Accounts {
  /// Deletes a user and everything of theirs (DESIGN, "Deleting a user"): the account is marked first, which ends all
  /// keys and logins, and its row goes last. What was cut off in between is taken up by the same call, or by
  /// ``resumeDeletions(_:)``.
  /// - Parameter removeData: drops the user's schemas and files; again = nothing.
  /// - Throws: `unknownUser`.
  func delete(_ typed: String, _ removeData: (Int64) async throws -> Void) async throws {
    let name = try UserName(typed)
    let account = try await markDeleting(name)
    try await finishDeletion(of: account, removeData)
  }

  /// Ends the deletions that were cut off.
  func resumeDeletions(_ removeData: (Int64) async throws -> Void) async throws {
    for account in try await list() where account.state == .deleting {
      try await finishDeletion(of: account, removeData)
    }
  }

  private func markDeleting(_ name: UserName) async throws -> Account {
    defer { keys.forgetAll() }
    return try await store.write(.accounts, .acknowledged) { rows in
      var account = try rows.existing(name)
      account.stateNumber = Account.State.deleting.rawValue
      try rows.upsert([account])
      try rows.revokeKeys(of: account.id)
      return account
    }
  }

  private func finishDeletion(of account: Account, _ removeData: (Int64) async throws -> Void) async throws {
    try await removeData(account.id)
    try await store.write(.accounts, .acknowledged) { rows in
      try rows.delete(Account.self, [account.id])
      try rows.delete(AccountName.self, [account.name])
    }
  }
}
