import CMariaDB
import SyncCore

extension StorageError {
  /// What an error number of the server (from 1000) or of its client library (from 2000) means to storage.
  init(mariaDB number: UInt32, _ reason: String) {
    let code = Self.code(number, reason)
    let advice: String? =
      switch code {
      case .full: "make room on the disk of the database server"
      case _ where Self.missingGrants.contains(number): "GRANT ALL ON `name\\_%`.* TO the user of djankiserv"
      default: nil
      }
    self.init(code, "MariaDB: \(reason) (error \(number))" + (advice.map { "; \($0)" } ?? ""))
  }

  /// What it means when a connection is made: whom the server does not let in, it will not let in a second later.
  init(connecting number: UInt32, _ reason: String) {
    // Certificates that do not fit have the number of every other trouble with TLS.
    let isRefusal = Self.refusals.contains(number) || (number == 2026 && reason.contains("certificate"))
    let advice: String? =
      switch number {
      case 2002, 2003, 2005: "is it running, and are host and port right?"
      case 2026: "are sslmode and sslrootcert right?"
      case _ where isRefusal: "are user and password right, and may this user come from here?"
      default: nil
      }
    self.init(
      isRefusal ? .invalid : .unavailable, "MariaDB: \(reason) (error \(number))" + (advice.map { "; \($0)" } ?? ""))
  }

  private static func code(_ number: UInt32, _ reason: String) -> Code {
    // A full disk, or a quota, is met by many statements and named by the system's number.
    if ["errno: 28 ", "error 28 ", "Errcode: 28 ", "errno: 122 ", "error 122 ", "Errcode: 122 "].contains(
      where: reason.contains)
    {
      return .full
    }
    return codes[number] ?? .unavailable
  }

  /// For a database, a table, or at all.
  private static let missingGrants: Set<UInt32> = [1044, 1142, 1227]

  /// User, password, host or kind of login are not accepted.
  private static let refusals: Set<UInt32> = [1045, 1130, 1251, 1275, 1524, 1698, 2058, 2059, 2061]

  /// Whatever is not here is a server that is away, overloaded or set up so that it refuses us.
  private static let codes: [UInt32: Code] = {
    let numbers: [(Code, [UInt32])] = [
      // No such database, none chosen, no such table.
      (.notFound, [1049, 1046, 1051, 1146]),
      // Deadlock; a lock waited for too long; changed since it was read; a table changed under a snapshot or under a
      // prepared statement; a database that is there already.
      (.conflict, [1213, 1205, 1020, 1412, 1615, 1007]),
      // Disk, table, or undo log full.
      (.full, [1021, 1114, 1713]),
      // A key that is taken; too long, ill-formed or out of range for its column.
      (.invalid, [1022, 1062, 1586, 1406, 1366, 1300, 1264, 1048]),
      // Too large for a row, a key, a name or a packet; a statement while an answer is being read.
      (.invalid, [1118, 1071, 1059, 1153, 1162, 1301, 2014, 2020]),
      // No such column, syntax, wrong number of values; a table that is damaged.
      (.corrupt, [1054, 1064, 1136, 1033, 1034, 1035, 1194, 1195, 1877, 1932]),
    ]
    return Dictionary(numbers.flatMap { code, list in list.map { ($0, code) } }) { first, _ in first }
  }()
}
