import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority of one's own, for servers whose names no public one vouches for.
struct LocalAuthority {
  private static let day: TimeInterval = 86_400
  /// Apple's systems take nothing longer, even from an authority that their owner trusts.
  private static let longestLeaf = 825 * day
  private static let lifetime = 3652 * day
  /// Clocks differ, and what is valid from now on is not yet valid for who is behind.
  private static let slack: TimeInterval = 3600

  let certificate: Certificate
  let key: Certificate.PrivateKey

  /// A new one.
  /// - Parameter host: whose it is, for people who look into their list of authorities.
  init(host: String, now: Date) throws {
    key = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let name = try DistinguishedName { CommonName(String("djankiserv of \(host)".prefix(64))) }
    let publicKey = key.publicKey
    certificate = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: publicKey, notValidBefore: now - Self.slack,
      notValidAfter: now + Self.lifetime, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try .init {
        Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
        Critical(KeyUsage(keyCertSign: true, cRLSign: true))
        SubjectKeyIdentifier(hash: publicKey)
      },
      issuerPrivateKey: key)
  }

  /// One that was made before.
  /// - Throws: if the texts are not a certificate and its key in PEM form.
  init(certificate: String, key: String) throws {
    self.certificate = try Certificate(pemEncoded: certificate)
    self.key = try Certificate.PrivateKey(pemEncoded: key)
    guard self.certificate.publicKey == self.key.publicKey else {
      throw ConfigurationError("the authority's key is not that of its certificate")
    }
  }

  /// A certificate for a server, valid as long as all clients take it, and no longer than the authority itself.
  func certify(_ names: [ServerName], now: Date) throws -> (certificate: Certificate, key: Certificate.PrivateKey) {
    let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
    let issued = try Certificate(
      version: .v3, serialNumber: .init(), publicKey: own.publicKey, notValidBefore: now - Self.slack,
      notValidAfter: min(now - Self.slack + Self.longestLeaf - 1, certificate.notValidAfter),
      issuer: certificate.subject, subject: try DistinguishedName { CommonName("djankiserv") },
      signatureAlgorithm: .ecdsaWithSHA256,
      extensions: try .init {
        Critical(BasicConstraints.notCertificateAuthority)
        Critical(KeyUsage(digitalSignature: true))
        try ExtendedKeyUsage([.serverAuth])
        SubjectAlternativeNames(names.map(GeneralName.init))
        SubjectKeyIdentifier(hash: own.publicKey)
        AuthorityKeyIdentifier(keyIdentifier: SubjectKeyIdentifier(hash: key.publicKey).keyIdentifier)
      },
      issuerPrivateKey: key)
    return (issued, own)
  }
}

extension Certificate {
  /// Whom it vouches for.
  var serverNames: [ServerName] {
    let names = (try? extensions.subjectAlternativeNames) ?? SubjectAlternativeNames()
    return names.compactMap { name in
      switch name {
      case .dnsName(let text): ServerName(text)
      case .ipAddress(let octets): IPAddress(bytes: Array(octets.bytes)).map(ServerName.address)
      default: nil
      }
    }
  }
}

extension GeneralName {
  fileprivate init(_ name: ServerName) {
    switch name {
    case .domain(let text): self = .dnsName(text)
    case .address(let address): self = .ipAddress(ASN1OctetString(contentBytes: address.bytes[...]))
    }
  }
}
