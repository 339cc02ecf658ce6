import Foundation
import SyncCore

/// What a user owns besides the account: schemas and files.
struct UserData: Sendable {
  let users: any Backend
  /// The data folder of the installation.
  let folder: String

  /// Drops every schema of the user and removes the blobs. Again = nothing.
  ///
  /// `.user` goes first: a full upload that is under way in another process then cannot make its generation current.
  func remove(_ id: Int64) async throws {
    try await users.drop(.user(id))
    for schema in try await users.schemas() {
      guard case .collection(user: id, _) = schema else { continue }
      try await users.drop(schema)
    }
    let blobs = URL(fileURLWithPath: folder).appendingPathComponent("blobs/\(id)").path
    if FileManager.default.fileExists(atPath: blobs) { try FileManager.default.removeItem(atPath: blobs) }
  }
}
