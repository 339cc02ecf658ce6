import Foundation
import NIOCore

/// What clients call a server by, as a certificate has it.
enum ServerName: Hashable, Sendable {
  case domain(String)
  case address(IPAddress)

  /// A name of letters, digits and hyphens, whose first part may be `*`; or an address of IPv4 or IPv6. Nil: neither.
  init?(_ text: String) {
    if let address = IPAddress(text) {
      self = .address(address)
    } else if Self.isDomain(text) {
      self = .domain(text.lowercased())
    } else {
      return nil
    }
  }

  private static func isDomain(_ text: String) -> Bool {
    var labels = text.split(separator: ".", omittingEmptySubsequences: false)
    if labels.count > 1, labels.first == "*" { labels.removeFirst() }
    // A last part of digits would be an address that is none.
    guard text.utf8.count <= 253, let last = labels.last, !last.allSatisfy(\.isNumber) else { return false }
    return labels.allSatisfy { label in
      (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
        && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    }
  }
}

extension ServerName: CustomStringConvertible {
  var description: String {
    switch self {
    case .domain(let name): name
    case .address(let address): address.description
    }
  }
}

extension ServerName {
  /// What this machine may be called: its name, the same with `.local` as mDNS has it, and its addresses, but for those
  /// that hold within one cable.
  static func ofThisMachine() -> [ServerName] {
    let own = ProcessInfo.processInfo.hostName
    let host = own.contains(".") ? [own] : [own, own + ".local"]
    let addresses = (try? System.enumerateDevices())?.compactMap { $0.address?.ipAddress } ?? []
    let usable = addresses.filter { !$0.hasPrefix("fe80:") && !$0.hasPrefix("169.254.") }.compactMap { ServerName($0) }
    var seen: Set<ServerName> = []
    return ((host + ["localhost"]).compactMap { ServerName($0) } + usable).filter { seen.insert($0).inserted }
  }
}
