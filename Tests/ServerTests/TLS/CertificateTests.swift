import Foundation
import Logging
import SwiftASN1
import Testing
import X509

@testable import Server

@Suite("Certificate files")
struct CertificateTests {
  /// What is wrong, and what is said of it.
  enum Fault: String, CaseIterable, Sendable {
    case noCertificate = "TLS_CERTIFICATE: cannot read the file"
    case noKey = "TLS_KEY: cannot read the file"
    case keyAsCertificate = "TLS_CERTIFICATE: there is no certificate in"
    case certificateAsKey = "TLS_KEY: there is no key in"
    case otherKey = "is not that of the first certificate in"
    case authorityFirst = "the server's own certificate must come first"
    case lockedKey = "is locked by a passphrase"
    case brokenCertificate = "is damaged"
    case brokenKey = "is damaged, or neither ECDSA, RSA nor Ed25519"
    case expired = "renew it"
    case early = "does the clock of this machine go right?"

    func happen(_ scene: TLSScene) throws {
      let (certificate, key) = (scene.folder.certificate, scene.folder.key)
      func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
      let year: TimeInterval = 365 * 86_400
      switch self {
      case .noCertificate: try FileManager.default.removeItem(atPath: certificate)
      case .noKey: try FileManager.default.removeItem(atPath: key)
      case .keyAsCertificate: try scene.write(try text(key), to: certificate)
      case .certificateAsKey: try scene.write(try text(certificate), to: key)
      case .otherKey: try scene.write(try text(scene.folder.authorityKey), to: key)
      case .authorityFirst:
        try scene.write(try text(scene.folder.authority) + text(certificate), to: certificate)
      case .lockedKey:
        try scene.write("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n", to: key)
      case .brokenCertificate:
        try scene.write(PEMDocument(type: "CERTIFICATE", derBytes: [48, 3, 2, 1, 1]).pemString, to: certificate)
      case .brokenKey: try scene.write(PEMDocument(type: "PRIVATE KEY", derBytes: [48, 0]).pemString, to: key)
      case .expired: try scene.certify(now: TLSScene.date - 3 * year)
      case .early: try scene.certify(now: TLSScene.date + year)
      }
    }
  }

  @Test("what is wrong with them is one line that names the setting and says what to do", arguments: Fault.allCases)
  func faults(fault: Fault) throws {
    let scene = try TLSScene()
    let served = try scene.served()
    try fault.happen(scene)
    for attempt in [{ _ = try scene.served() }, { try served.renew(now: TLSScene.now) }] {
      let error = #expect(throws: ConfigurationError.self) { try attempt() }
      let line = error?.message ?? ""
      #expect(line.hasPrefix("DJANKISERV_TLS_") && line.contains(fault.rawValue), "\(line)")
      #expect(!line.contains("\n"))
    }
  }

  @Test("keys of every common kind and form, and text between the parts, are taken")
  func kinds() throws {
    let scene = try TLSScene()
    let folder = scene.folder.path
    let kinds = [
      ["req", "-newkey", "rsa:2048"], ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
      ["req", "-newkey", "ed25519"],
    ]
    for kind in kinds {
      let made = [
        "-x509", "-nodes", "-days", "2", "-subj", "/CN=x", "-text", "-keyout", "\(folder)/k", "-out", "\(folder)/c",
      ]
      try Self.openssl(kind + made)
      let files = CertificateFiles(certificate: folder + "/c", key: folder + "/k")
      // A second later than it was made.
      #expect(throws: Never.self) { try ServedCertificate(files, now: TLSScene.now + 3_600_000) }
    }
    try Self.openssl(["ecparam", "-genkey", "-name", "prime256v1", "-out", "\(folder)/k"])
    try Self.openssl(["req", "-x509", "-key", "\(folder)/k", "-subj", "/CN=x", "-days", "2", "-out", "\(folder)/c"])
    let files = CertificateFiles(certificate: folder + "/c", key: folder + "/k")
    #expect(throws: Never.self) { try ServedCertificate(files, now: TLSScene.now + 3_600_000) }
  }

  private static func openssl(_ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["openssl"] + arguments
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "openssl \(arguments)")
  }

  @Test("one of both settings alone is told, none is plain http")
  func settings() throws {
    func files(_ values: [String: String]) throws -> CertificateFiles? {
      try CertificateFiles(try Configuration(environment: values))
    }
    #expect(try files([:]) == nil)
    #expect(try files(["DJANKISERV_TLS_CERTIFICATE": "c", "DJANKISERV_TLS_KEY": "k"])?.key == "k")
    for (given, missing) in [("CERTIFICATE", "KEY"), ("KEY", "CERTIFICATE")] {
      let error = #expect(throws: ConfigurationError.self) { try files(["DJANKISERV_TLS_\(given)": "x"]) }
      #expect(error?.message.hasPrefix("DJANKISERV_TLS_\(missing) is not set") == true)
    }
  }

  @Test("files that change are noticed once, and not while they are missing")
  func changes() throws {
    let scene = try TLSScene()
    let served = try scene.served()
    #expect(try !served.renewIfChanged(now: TLSScene.now))
    let first = served.context
    try scene.certify()
    #expect(try served.renewIfChanged(now: TLSScene.now))
    #expect(served.context !== first)
    #expect(try !served.renewIfChanged(now: TLSScene.now))
    let second = served.context
    try scene.write("no key", to: scene.folder.key)
    #expect(throws: ConfigurationError.self) { try served.renewIfChanged(now: TLSScene.now) }
    #expect(try !served.renewIfChanged(now: TLSScene.now))
    try FileManager.default.removeItem(atPath: scene.folder.key)
    #expect(try !served.renewIfChanged(now: TLSScene.now))
    #expect(served.context === second)
  }

  @Test("a server that runs takes changed files by itself, and tells of broken ones in one line")
  func watching() async throws {
    let scene = try TLSScene()
    let served = try scene.served()
    let lines = Lines()
    let renewal = CertificateRenewal(
      certificate: served, interval: .milliseconds(20),
      log: Logger(label: "test") { _ in LogFormat(now: { 0 }, write: lines.append) }, clock: { TLSScene.now })
    func eventually(_ isSo: () -> Bool) async -> Bool {
      for _ in 0..<500 where !isSo() { try? await Task.sleep(for: .milliseconds(10)) }
      return isSo()
    }
    let running = Task { try await renewal.run() }
    let first = served.context
    try scene.certify()
    #expect(await eventually { served.context !== first })
    try scene.write("no key", to: scene.folder.key)
    let complaint = "the certificate stays the one that is served: DJANKISERV_TLS_KEY"
    #expect(await eventually { lines.all.contains { $0.contains(complaint) } })
    try await Task.sleep(for: .milliseconds(200))
    #expect(lines.all.filter { $0.contains("no key in") }.count == 1)
    running.cancel()
    try await running.value
  }
}
