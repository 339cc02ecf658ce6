import Foundation
import SwiftASN1
import Testing
import X509

@testable import Server

@Suite("djankiserv tls init")
struct InitTests {
  private static let now = Date(timeIntervalSince1970: 1_800_000_000)

  private func certificate(_ path: String) throws -> Certificate {
    try Certificate(pemEncoded: try String(contentsOfFile: path, encoding: .utf8))
  }

  @Test("makes a certificate for the names it is given, which an authority of its own has signed")
  func made() async throws {
    let cli = CLIScene()
    let outcome = await cli.run("tls", "init", "Study.local", "192.168.1.5", "fd00::7")
    #expect(outcome.code == 0)
    let folder = AuthorityFolder(path: cli.folder + "/tls")
    let said = outcome.out.joined(separator: "\n")
    let leaf = try certificate(folder.certificate)
    let authority = try certificate(folder.authority)
    #expect(leaf.serverNames.map(\.description) == ["study.local", "192.168.1.5", "fd00::7"])
    #expect(authority.publicKey.isValidSignature(leaf.signature, for: leaf))
    #expect(leaf.issuer == authority.subject)
    #expect(leaf.notValidAfter.timeIntervalSince(leaf.notValidBefore) < 825 * 86_400)
    #expect(authority.notValidAfter.timeIntervalSince(Self.now) > 3650 * 86_400)
    #expect(leaf.notValidBefore < Self.now && authority.notValidBefore < Self.now)
    let pem = try String(contentsOfFile: folder.authority, encoding: .utf8)
    for part in [
      "DJANKISERV_TLS_CERTIFICATE=\(folder.certificate)", "DJANKISERV_TLS_KEY=\(folder.key)",
      "Custom root certificate (PEM)", pem.trimmingCharacters(in: .newlines),
    ] { #expect(said.contains(part)) }
  }

  @Test("nobody else can read the keys")
  func permissions() async throws {
    let cli = CLIScene()
    #expect(await cli.run("tls", "init", "x.local").code == 0)
    let folder = AuthorityFolder(path: cli.folder + "/tls")
    for path in [folder.authorityKey, folder.key] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 4)
  }

  @Test("run again, it renews the certificate with the same authority for the same names")
  func again() async throws {
    let cli = CLIScene()
    let folder = AuthorityFolder(path: cli.folder + "/elsewhere")
    #expect(await cli.run("tls", "init", "--out", folder.path, "a.local", "10.0.0.1").code == 0)
    let (authority, first) = (try certificate(folder.authority), try certificate(folder.certificate))
    #expect(await cli.run("tls", "init", "--out", folder.path).out.joined().contains("as before"))
    let second = try certificate(folder.certificate)
    #expect(try certificate(folder.authority) == authority)
    #expect(second.serialNumber != first.serialNumber && second.publicKey != first.publicKey)
    #expect(second.serverNames == first.serverNames)
    #expect(await cli.run("tls", "init", "--out", folder.path, "b.local").code == 0)
    #expect(try certificate(folder.certificate).serverNames == [.domain("b.local")])
  }

  @Test("without names it is for this machine's")
  func machine() async throws {
    let cli = CLIScene()
    #expect(await cli.run("tls", "init").code == 0)
    let names = try certificate(cli.folder + "/tls/server.pem").serverNames
    #expect(names == ServerName.ofThisMachine())
    #expect(names.map(\.description).contains("localhost") && names.map(\.description).contains("127.0.0.1"))
  }

  @Test(
    "what is no name is refused, and nothing is made",
    arguments: ["https://a.local/", "a.local:8443", "a b", "", "-a.local", "a..b", "1.2.3", "[::1]", "*", "ä.local"])
  func noName(text: String) async {
    let cli = CLIScene()
    let outcome = await cli.run("tls", "init", "--", text)
    #expect(outcome.code == 1)
    #expect(outcome.errors.first?.contains("neither a host's name nor an address") == true)
    #expect(!FileManager.default.fileExists(atPath: cli.folder + "/tls"))
  }

  @Test("an authority without its key, or with another's, is not replaced")
  func brokenAuthority() async throws {
    let cli = CLIScene()
    let folder = AuthorityFolder(path: cli.folder + "/tls")
    #expect(await cli.run("tls", "init", "a.local").code == 0)
    let before = try certificate(folder.authority)
    try FileManager.default.copyItem(atPath: folder.authorityKey, toPath: folder.path + "/kept")
    try FileManager.default.removeItem(atPath: folder.authorityKey)
    #expect(await cli.run("tls", "init").code == 1)
    try FileManager.default.copyItem(atPath: folder.key, toPath: folder.authorityKey)
    #expect(await cli.run("tls", "init").code == 1)
    #expect(try certificate(folder.authority) == before)
  }
}
