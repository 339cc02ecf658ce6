import SQLBackend
import SyncCore

extension MariaDBServer {
  /// What the server has by default: notes of a size that clients still show.
  private static let usualPacket = 16 << 20
  private static let smallestPage = 16_384

  var questions: ServerQuestions {
    ServerQuestions(
      facts: Self.facts, oddTables: Self.oddTables,
      oddity: (
        "these tables are not InnoDB with the collation utf8mb4_nopad_bin",
        "restore the database from a backup; a dump has to be read in as it was written"
      ))
  }

  /// Version, grants and characters are looked at when a connection is made, or by making a schema.
  func findings(_ facts: ServerFacts) -> [Finding] {
    [
      .ok("version", "MariaDB \(facts["version"])"), Self.role(facts), Self.safety(facts), Self.packet(facts),
      Self.page(facts), route.finding(facts),
    ]
  }

  private static func role(_ facts: ServerFacts) -> Finding {
    guard facts["read_only"] != "ON" else {
      return Finding(
        .fail, "role", "the server is a replica and takes no writes (read_only)", advice: "name the primary as host")
    }
    return .ok("role", "\(facts["user"]) at a server that takes writes")
  }

  private static func safety(_ facts: ServerFacts) -> Finding {
    var wrong: [String] = []
    if facts["innodb_flush_log_at_trx_commit"] != "1" {
      wrong.append("innodb_flush_log_at_trx_commit = \(facts["innodb_flush_log_at_trx_commit"])")
    }
    if facts["innodb_doublewrite"] == "OFF" { wrong.append("innodb_doublewrite = OFF") }
    let method = facts["innodb_flush_method"]
    if ["nosync", "littlesync"].contains(method.lowercased()) { wrong.append("innodb_flush_method = \(method)") }
    guard wrong.isEmpty else {
      return Finding(
        .warn, "safety", "\(wrong.joined(separator: ", ")): what was acknowledged can be lost with the power",
        advice: "remove it from the server's configuration")
    }
    return .ok("safety", "what was acknowledged is on the disk")
  }

  private static func packet(_ facts: ServerFacts) -> Finding {
    let size = facts.number("max_allowed_packet") ?? 0
    guard size < usualPacket else { return .ok("packet", "a row may have \(size >> 20) MB (max_allowed_packet)") }
    return Finding(
      .warn, "packet", "a row may have \(size >> 20) MB (max_allowed_packet); a larger note cannot be synced",
      advice: "set max_allowed_packet to 16M or more")
  }

  private static func page(_ facts: ServerFacts) -> Finding {
    let size = facts.number("innodb_page_size") ?? 0
    guard size < smallestPage else { return .ok("page", "\(size >> 10) KB (innodb_page_size)") }
    return Finding(
      .fail, "page", "\(size >> 10) KB (innodb_page_size) are too small for our indexes",
      advice: "set up a server with pages of 16 KB, the default")
  }

  /// A limit of 0 is none.
  private static let facts = """
    SELECT LOWER(VARIABLE_NAME), VARIABLE_VALUE FROM information_schema.SESSION_VARIABLES WHERE VARIABLE_NAME IN \
    ('VERSION', 'READ_ONLY', 'INNODB_FLUSH_LOG_AT_TRX_COMMIT', 'INNODB_DOUBLEWRITE', 'INNODB_FLUSH_METHOD', \
    'MAX_ALLOWED_PACKET', 'INNODB_PAGE_SIZE') \
    UNION ALL SELECT 'cipher', VARIABLE_VALUE FROM information_schema.SESSION_STATUS \
    WHERE VARIABLE_NAME = 'SSL_CIPHER' \
    UNION ALL SELECT 'user', CURRENT_USER() \
    UNION ALL SELECT 'connections', CAST(LEAST(@@max_connections, \
    IF(@@max_user_connections = 0, @@max_connections, @@max_user_connections)) AS CHAR) \
    UNION ALL SELECT 'clock', CAST(FLOOR(UNIX_TIMESTAMP(NOW(6)) * 1000) AS CHAR)
    """

  private static let oddTables = """
    SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? \
    AND (TABLE_COLLATION <> 'utf8mb4_nopad_bin' OR ENGINE <> 'InnoDB')
    """
}
