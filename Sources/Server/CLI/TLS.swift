import ArgumentParser
import Foundation
import SwiftASN1
import X509

/// `djankiserv tls …`.
struct TLSCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tls",
    abstract: "See to certificates.",
    discussion: tlsDiscussion,
    subcommands: [InitTLS.self])
}

struct InitTLS: Command {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a certificate for a server in a local network, and the authority that signs it.",
    discussion: """
      Run again, it renews the certificate with the same authority, and devices that trust it need nothing new. Names \
      that are not given are those of the certificate that is there, or else this machine's. \(tlsDiscussion)
      """)

  @Argument(
    help: ArgumentHelp(
      "What clients will type as the host: a name such as study.local, or an address.", valueName: "name-or-address"))
  var names: [String] = []

  @Option(help: ArgumentHelp("Where to keep the files; else in tls in the data folder.", valueName: "folder"))
  var out: String?

  func run(in surroundings: Surroundings) async throws {
    let now = Date(timeIntervalSince1970: Double(surroundings.now()) / 1000)
    let standard = try surroundings.configuration().text(.dataRoot) + "/tls"
    let folder = AuthorityFolder(path: URL(filePath: out ?? standard).standardizedFileURL.path())
    let names = try wanted(folder, surroundings)
    let found = try folder.find(now: now)
    let authority = try found ?? LocalAuthority(host: surroundings.serverNames().first?.description ?? "", now: now)
    if found == nil { try folder.keep(authority) }
    let made = try authority.certify(names, now: now)
    try folder.keep(made)
    let origin = found == nil ? "made now" : "as before"
    let pem = try authority.certificate.serializeAsPEM().pemString
    surroundings.console.say(
      """
      authority:   \(folder.authority), \(origin), valid until \(date(authority.certificate.notValidAfter))
      certificate: \(folder.certificate), valid until \(date(made.certificate.notValidAfter)), for \
      \(names.map(\.description).joined(separator: ", "))

      \(Self.advice(folder, pem))
      """)
  }

  private func date(_ date: Date) -> String { date.formatted(.iso8601.year().month().day()) }

  private func wanted(_ folder: AuthorityFolder, _ surroundings: Surroundings) throws -> [ServerName] {
    let given = try names.map { text in
      guard let name = ServerName(text) else {
        throw ConfigurationError(
          "\"\(text)\" is neither a host's name nor an address; give what stands between https:// and the port")
      }
      return name
    }
    return [given, folder.names, surroundings.serverNames()].first { !$0.isEmpty } ?? []
  }

  private static func advice(_ folder: AuthorityFolder, _ pem: String) -> String {
    """
    The server's settings; one that runs with them takes a renewed certificate by itself:

      DJANKISERV_TLS_CERTIFICATE=\(folder.certificate)
      DJANKISERV_TLS_KEY=\(folder.key)

    Each device must trust the authority, once:

      Anki on a computer: add \(folder.authority) to the certificates that the system trusts. On Debian copy it to
      /usr/local/share/ca-certificates/djankiserv.crt and run update-ca-certificates.

      AnkiDroid: Custom sync server, Custom root certificate (PEM): paste this.

    \(pem)

    Keep \(folder.authorityKey) to yourself: who has it can pose as any server to these devices.
    """
  }
}

private let tlsDiscussion = """
  The data folder is the one that the environment names: DJANKISERV_DATA_ROOT; see `djankiserv config`.
  """
