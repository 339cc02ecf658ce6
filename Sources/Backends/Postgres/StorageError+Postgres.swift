import CPostgres
import Foundation
import SyncCore

extension StorageError {
  /// What an answer that is an error means to storage. The message is the server's first line, which quotes no rows.
  init(_ result: PostgresResult) {
    let state = result.field(cpostgres_sqlstate) ?? ""
    let place = result.field(cpostgres_table)
    let reason = result.field(cpostgres_message) ?? result.message
    let advice = Self.advice[state].map { "; \($0)" } ?? ""
    self.init(Self.code(state, table: place), "PostgreSQL: \(reason)" + (state.isEmpty ? "" : " (\(state))") + advice)
  }

  /// The connection itself is broken, or could not be made.
  /// - Parameter advice: what the owner may do about it.
  init(_ code: Code, _ handle: OpaquePointer, advice: String = "") {
    let lines = String(cString: PQerrorMessage(handle)).split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    // With and without encryption it may have failed in the same way.
    let reason = "PostgreSQL: " + NSOrderedSet(array: lines).compactMap { $0 as? String }.joined(separator: " ")
    self.init(code, advice.isEmpty ? reason : "\(reason); \(advice)")
  }

  /// What the owner may do, by SQLSTATE.
  private static let advice = [
    "42501": "GRANT CREATE ON DATABASE … TO the role of djankiserv",
    "53100": "make room on the disk of the database server",
  ]

  /// By SQLSTATE, the more particular first.
  private static func code(_ state: String, table: String?) -> Code {
    switch state {
    case "42P01", "3F000": .notFound
    case "42P06", "55P03", "55006": .conflict
    // Two who make one schema at once.
    case "23505" where table == "pg_namespace": .conflict
    case "53100": .full
    // No permission is the owner's affair, and passes when it is given.
    case "42501": .unavailable
    case "54000": .invalid
    case "XX001", "XX002": .corrupt
    default:
      switch state.prefix(2) {
      case "40": .conflict
      case "22", "23": .invalid
      case "42": .corrupt
      default: .unavailable
      }
    }
  }
}

/// An answer of the server.
final class PostgresResult {
  let pointer: OpaquePointer

  init(_ pointer: OpaquePointer) { self.pointer = pointer }
  deinit { PQclear(pointer) }

  var status: ExecStatusType { PQresultStatus(pointer) }
  var rowCount: Int32 { PQntuples(pointer) }
  var columnCount: Int32 { PQnfields(pointer) }
  /// What the server says that it has done.
  var command: String { String(cString: PQcmdStatus(pointer)) }
  var message: String { String(cString: PQresultErrorMessage(pointer)).trimmingCharacters(in: .whitespacesAndNewlines) }

  func field(_ code: Int32) -> String? { PQresultErrorField(pointer, code).map { String(cString: $0) } }
}
