import Crypto
import Foundation
import NIOSSL
import SwiftASN1
import X509

/// The two PEM files that TLS is served with: the server's certificate, with those between it and its authority behind
/// it, and its key.
struct CertificateFiles: Sendable {
  /// What the files say.
  struct Contents: Equatable, Sendable {
    let certificate: String
    let key: String
  }

  private static let largest = 1 << 20

  let certificate: String
  let key: String

  init(certificate: String, key: String) { (self.certificate, self.key) = (certificate, key) }

  /// Nil where none are set.
  init?(_ configuration: Configuration) throws {
    (certificate, key) = (configuration.text(.tlsCertificate), configuration.text(.tlsKey))
    guard !certificate.isEmpty || !key.isEmpty else { return nil }
    let missing: Setting? = certificate.isEmpty ? .tlsCertificate : key.isEmpty ? .tlsKey : nil
    if let missing {
      throw ConfigurationError("\(missing.name) is not set: TLS needs a certificate and its key, name both files")
    }
  }

  /// - Throws: `ConfigurationError`.
  func read() throws -> Contents {
    Contents(
      certificate: try readText(certificate, atMost: Self.largest, for: Setting.tlsCertificate.name),
      key: try readText(key, atMost: Self.largest, for: Setting.tlsKey.name))
  }

  /// What connections are served with.
  /// - Parameter now: milliseconds since 1970.
  /// - Throws: `ConfigurationError`: which file is wrong, how, and what to do.
  func context(_ contents: Contents, now: Int64) throws -> NIOSSLContext {
    let chain = try chain(in: contents.certificate)
    let privateKey = try privateKey(in: contents.key)
    // A chain is never empty.
    guard let own = chain.first, own.publicKey == privateKey.publicKey else {
      throw ConfigurationError(
        "\(Setting.tlsKey.name): the key in \(key) is not that of the first certificate in \(certificate); "
          + "the server's own certificate must come first there")
    }
    try requireValid(own, now: Date(timeIntervalSince1970: Double(now) / 1000))
    do {
      return try Self.context(chain, privateKey)
    } catch {
      throw ConfigurationError("\(Setting.tlsCertificate.name): \(certificate) cannot be served: \(error)")
    }
  }

  private static func context(_ chain: [Certificate], _ key: Certificate.PrivateKey) throws -> NIOSSLContext {
    let certificates = try chain.map { certificate in
      var serializer = DER.Serializer()
      try serializer.serialize(certificate)
      return NIOSSLCertificateSource.certificate(
        try NIOSSLCertificate(bytes: serializer.serializedBytes, format: .der))
    }
    let pem = Array(try key.serializeAsPEM().pemString.utf8)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: certificates, privateKey: .privateKey(try NIOSSLPrivateKey(bytes: pem, format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    return try NIOSSLContext(configuration: configuration)
  }

  private func chain(in text: String) throws -> [Certificate] {
    let documents = (try? PEMDocument.parseMultiple(pemString: text)) ?? []
    do {
      let chain = try documents.filter { $0.discriminator == "CERTIFICATE" }.map { try Certificate(pemDocument: $0) }
      if !chain.isEmpty { return chain }
    } catch {
      throw ConfigurationError("\(Setting.tlsCertificate.name): a certificate in \(certificate) is damaged: \(error)")
    }
    throw ConfigurationError(
      "\(Setting.tlsCertificate.name): there is no certificate in \(certificate); "
        + "it must be a PEM file with -----BEGIN CERTIFICATE-----")
  }

  private func privateKey(in text: String) throws -> Certificate.PrivateKey {
    guard !text.contains("ENCRYPTED") else {
      throw ConfigurationError(
        "\(Setting.tlsKey.name): the key in \(key) is locked by a passphrase; write it to a file without one")
    }
    let documents = (try? PEMDocument.parseMultiple(pemString: text)) ?? []
    guard let document = documents.first(where: { $0.discriminator.hasSuffix("PRIVATE KEY") }) else {
      throw ConfigurationError(
        "\(Setting.tlsKey.name): there is no key in \(key); it must be a PEM file with -----BEGIN PRIVATE KEY-----")
    }
    do { return try Certificate.PrivateKey(pemDocument: document) } catch {
      throw ConfigurationError(
        "\(Setting.tlsKey.name): the key in \(key) is damaged, or neither ECDSA, RSA nor Ed25519")
    }
  }

  private func requireValid(_ own: Certificate, now: Date) throws {
    if own.notValidAfter < now {
      throw ConfigurationError(
        "\(Setting.tlsCertificate.name): the certificate in \(certificate) expired at "
          + "\(own.notValidAfter.formatted(.iso8601)); renew it")
    }
    if own.notValidBefore > now {
      throw ConfigurationError(
        "\(Setting.tlsCertificate.name): the certificate in \(certificate) is valid only from "
          + "\(own.notValidBefore.formatted(.iso8601)) on; does the clock of this machine go right?")
    }
  }
}
