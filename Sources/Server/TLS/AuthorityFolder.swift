import Foundation
import SwiftASN1
import X509

/// The folder in which a ``LocalAuthority`` and the certificate of its server are kept.
struct AuthorityFolder {
  let path: String

  var authority: String { path + "/authority.pem" }
  var authorityKey: String { path + "/authority.key" }
  var certificate: String { path + "/server.pem" }
  var key: String { path + "/server.key" }

  /// The names in the certificate that is there; none where there is none.
  var names: [ServerName] { (try? Certificate(pemEncoded: text(certificate)))?.serverNames ?? [] }

  /// The authority that is there.
  /// - Throws: `ConfigurationError`, one line.
  func find(now: Date) throws -> LocalAuthority? {
    let kept = [authority, authorityKey].filter(FileManager.default.fileExists)
    guard !kept.isEmpty else { return nil }
    let found: LocalAuthority
    do { found = try LocalAuthority(certificate: text(authority), key: text(authorityKey)) } catch {
      throw ConfigurationError(
        "\(authority) and \(authorityKey) are not a certificate and its key (\(error)); "
          + "put both back, or remove both for a new authority, which every device has to trust anew")
    }
    guard found.certificate.notValidAfter > now else {
      throw ConfigurationError(
        "the authority in \(authority) expired at \(found.certificate.notValidAfter.formatted(.iso8601)); "
          + "remove it and its key for a new one, which every device has to trust anew")
    }
    return found
  }

  func keep(_ made: LocalAuthority) throws {
    try makeFolder()
    // The key first: a certificate alone would be of no use.
    try replace([(authorityKey, made.key.serializeAsPEM()), (authority, made.certificate.serializeAsPEM())])
  }

  func keep(_ made: (certificate: Certificate, key: Certificate.PrivateKey)) throws {
    try replace([(key, made.key.serializeAsPEM()), (certificate, made.certificate.serializeAsPEM())])
  }

  private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

  private func makeFolder() throws {
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  /// Writes all aside and then renames them, so that a server that looks meanwhile sees as little as can be of a key
  /// without its certificate. All are for their owner alone to read.
  private func replace(_ files: [(path: String, document: PEMDocument)]) throws {
    for file in files {
      try write(file.document.pemString + "\n", to: file.path + ".new")
    }
    for file in files where rename(file.path + ".new", file.path) != 0 { throw fileFault("rename", file.path) }
    try waitForDisk(path)
  }

  private func write(_ text: String, to path: String) throws {
    unlink(path)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw fileFault("open", path) }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    try file.write(contentsOf: Data(text.utf8))
    guard fsync(descriptor) == 0 else { throw fileFault("fsync", path) }
  }
}
