import Foundation
import HTTPTypes
import HummingbirdCore
import SyncCore

/// Framing of `begin` by old desktops' media sync: a GET that says who asks in its query (sync-protocol.md 2.4).
enum QueryFraming {
  static func isUsed(by request: Request, _ method: SyncMethod) -> Bool {
    request.method == .get && method == .begin && request.headers[.ankiSync] == nil
  }

  static func head(of request: Request, _ method: SyncMethod, address: String) -> SyncHead {
    let values = values(in: request.head.path ?? "")
    return SyncHead(
      method: method, framing: .form, version: 10, hostKey: values["k"] ?? "", client: values["v"] ?? "",
      address: address)
  }

  /// The values of a form-encoded query; a plus sign is a space.
  static func values(in target: String) -> [String: String] {
    guard let mark = target.firstIndex(of: "?") else { return [:] }
    var values: [String: String] = [:]
    for pair in target[target.index(after: mark)...].prefix(while: { $0 != "#" }).split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      values[String(parts[0])] = String(parts[1]).replacing("+", with: " ").removingPercentEncoding
    }
    return values
  }
}
