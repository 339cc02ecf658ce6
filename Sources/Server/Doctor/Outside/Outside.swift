import SyncCore

/// The server as it looks from where this runs: through name, network, encryption and proxy, by the address that people
/// type. Logs in nowhere; what it sends is refused in the end, and changes nothing.
struct Outside: Sendable {
  let address: TypedAddress
  /// Milliseconds since 1970.
  let now: @Sendable () -> Int64
  let answer: @Sendable (WebCall) async throws -> WebCall.Answer

  /// What clients append to: without what people typed too much.
  var base: ServerAddress {
    let host = address.hasPort ? "\(address.name):\(address.port)" : address.name
    return ServerAddress(scheme: address.scheme, host: host, target: address.path)
  }

  /// Tries the address that somebody typed.
  /// - Parameter authorities: a PEM file with those to trust; nil: those of the system.
  static func findings(
    at typed: String, trusting authorities: String?, now: @escaping @Sendable () -> Int64
  ) async -> [Finding] {
    do throws(TypedAddress.Problem) {
      let address = try TypedAddress(typed)
      let client = WebClient(address: address, authorities: authorities)
      return await Outside(address: address, now: now, answer: client.answer).examine()
    } catch {
      return [Finding(.fail, "address", error.words.withoutFullStop)]
    }
  }

  func examine() async -> [Finding] {
    let reach = await [Self.reach].findings(in: self)
    return spelling + reach + (reach.grade == .fail ? [] : await Self.checks.findings(in: self))
  }

  // MARK: The address itself

  /// What clients make of it (sync-protocol.md 2.2).
  private var spelling: [Finding] {
    let verdicts = SyncClient.all.map { AddressVerdict($0, address, at: base) }.filter { $0.grade != .works }
    let findings = verdicts.map { verdict in
      let advice = verdict.grade == .fails ? "type \(base.text)" : ""
      return Finding(.warn, "address", "\(verdict.client): \(verdict.words.withoutFullStop)", advice: advice)
    }
    let loopback = Finding(.warn, "address", "\(address.name) is reached from this machine alone")
    let all = findings + (address.isLoopback ? [loopback] : [])
    return all.isEmpty ? [.ok("address", "every client makes of it what it should")] : all
  }
}

extension String {
  /// Findings are parts of a line.
  fileprivate var withoutFullStop: String { hasSuffix(".") ? String(dropLast()) : self }
}
