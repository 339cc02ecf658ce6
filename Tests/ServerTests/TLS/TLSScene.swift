import Foundation
import NIOSSL
import SwiftASN1
import X509

@testable import Server

/// An authority with the certificate of a server in a folder of its own.
final class TLSScene: Sendable {
  /// Milliseconds since 1970.
  static let now = Int64(Date().timeIntervalSince1970 * 1000)

  let folder: AuthorityFolder
  let authority: LocalAuthority
  var files: CertificateFiles { CertificateFiles(certificate: folder.certificate, key: folder.key) }

  init() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)").path
    folder = AuthorityFolder(path: path)
    authority = try LocalAuthority(host: "here", now: Self.date)
    try folder.keep(authority)
    try certify()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder.path) }

  static var date: Date { Date(timeIntervalSince1970: Double(now) / 1000) }

  /// Puts a new certificate into the folder.
  @discardableResult
  func certify(_ names: [ServerName] = [.domain("localhost")], now: Date = date) throws -> Certificate {
    let made = try authority.certify(names, now: now)
    try folder.keep(made)
    return made.certificate
  }

  func served() throws -> ServedCertificate { try ServedCertificate(files, now: Self.now) }

  func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  /// How a client speaks that trusts this authority alone.
  func client(oldest: TLSVersion = .tlsv1, newest: TLSVersion? = nil) throws -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    let pem = Array(try authority.certificate.serializeAsPEM().pemString.utf8)
    configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(pem))
    configuration.minimumTLSVersion = oldest
    configuration.maximumTLSVersion = newest
    return try NIOSSLContext(configuration: configuration)
  }
}
