extension RowReader {
  /// The one row of a user's schema.
  /// - Throws: `corrupt` where it is not there.
  public func user() throws -> User {
    guard let user = try first(User.self, 1) else {
      throw StorageError(.corrupt, "a user's schema without its row")
    }
    return user
  }

  /// The one row of a collection that says how it stands.
  /// - Throws: `corrupt` where it is not there.
  public func col() throws -> Col {
    guard let col = try first(Col.self, 1) else {
      throw StorageError(.corrupt, "a collection without its col row")
    }
    return col
  }
}
