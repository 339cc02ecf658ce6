import AnkiFormats
import Foundation
import NIOCore
import NIOHTTP1
import SyncCore

extension Outside {
  static let reach = Check<Outside>("connection") { outside in
    do {
      let health = try await outside.answer(WebCall(method: .GET, path: outside.base.path + "health"))
      return outside.judge(health: health)
    } catch let failure as WebFailure {
      return [outside.finding("connection", failure)]
    }
  }

  static let checks = [clock, header, chunks, expectation, size]

  // MARK: Reaching it

  private func judge(health: WebCall.Answer) -> [Finding] {
    switch health.status {
    case 200 where health.text.isEmpty:
      let certificate = address.scheme == "https" ? ", with a valid certificate" : ""
      return [.ok("connection", "\(base.text) answers\(certificate)")]
    case 300..<400:
      let place = health.headers.first(name: "location").map { " to \($0)" } ?? ""
      return [
        Finding(
          .fail, "connection", "it redirects\(place), which no client follows with its data",
          advice: "type the address that it leads to, without \"health\" at its end")
      ]
    case 502, 503, 504:
      return [
        Finding(
          .fail, "connection", "a proxy answers \(health.status): it does not reach the server",
          advice: "see whether djankiserv runs, and where the proxy looks for it")
      ]
    default:
      return [
        Finding(
          .fail, "path", "something answers at \(base.text), but not a sync server (status \(health.status))",
          advice: "see the path in the address, and what the proxy does with it")
      ]
    }
  }

  func finding(_ subject: String, _ failure: WebFailure) -> Finding {
    let place = "\(address.name), port \(address.port)"
    switch failure {
    case .noName:
      return Finding(.fail, subject, "there is no machine called \(address.name)", advice: "see the name, and the DNS")
    case .noConnection:
      return Finding(
        .fail, subject, "nobody answers at \(place)",
        advice: "see the port, the firewall, and whether the server listens on more than 127.0.0.1")
    case .noTLS(let cause):
      return Self.finding(subject, tls: cause, place)
    case .noAnswer:
      return Finding(
        .fail, subject, "what answers at \(place) does not speak \(address.scheme)",
        advice: address.scheme == "http" ? "try https:// in front" : "see what listens there")
    case .silence:
      return Finding(.fail, subject, "the answer did not come in time", advice: "see the timeouts of the proxy")
    }
  }

  private static func finding(_ subject: String, tls cause: String, _ place: String) -> Finding {
    if cause.contains("WRONG_VERSION_NUMBER") || cause.contains("HTTP_REQUEST") {
      return Finding(.fail, subject, "what answers at \(place) does not speak https", advice: "try http:// in front")
    }
    if cause.lowercased().contains("hostname") {
      return Finding(
        .fail, subject, "the certificate is for another name", advice: "type a name that is in the certificate")
    }
    if cause.contains("CERTIFICATE_VERIFY_FAILED") {
      return Finding(
        .fail, subject, "the certificate is not to be trusted: made by oneself, expired, or sent without its chain",
        advice: "clients refuse it as well; get one from an authority, and serve the full chain")
    }
    return Finding(.fail, subject, "no encryption with \(place): \(cause)")
  }

  // MARK: What is on the way

  /// Clients refuse to sync with a clock that is more than 5 minutes away (sync-protocol.md 5).
  private static let clock = Check<Outside>("clock") { outside in
    let answer = try await outside.answer(WebCall(method: .GET, path: outside.base.path + "health"))
    guard let text = answer.headers.first(name: "date"), let date = outside.seconds(of: text) else {
      return [Finding(.warn, "clock", "the answer has no date to compare with")]
    }
    let difference = abs(outside.now() / 1000 - date)
    let words = "the server's clock and this one are \(difference) s apart"
    guard difference > 60 else { return [.ok("clock", words)] }
    let grade = difference > 300 ? Finding.Grade.fail : .warn
    return [Finding(grade, "clock", words + ", and Anki refuses more than 300", advice: "set the clocks by NTP")]
  }

  private func seconds(of date: String) -> Int64? {
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(identifier: "GMT")
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: date).map { Int64($0.timeIntervalSince1970) }
  }

  /// A key, and the name of a user, that nobody has.
  private static let nobody = "djankiserv-doctor"

  private static func ankiSync(key: String) -> (String, String) {
    ("anki-sync", "{\"v\":11,\"k\":\"\(key)\",\"c\":\"doctor\",\"s\":\"doctor\"}")
  }

  /// A request with a key that nobody has: refused by the server itself, if its header comes through.
  private static let header = Check<Outside>("header") { outside in
    let call = WebCall(
      path: outside.base.path + "sync/meta", headers: [ankiSync(key: nobody)], body: [try packed("{}")])
    return try await outside.refusal("header", call) { answer in
      guard answer.status == 400 else { return nil }
      return Finding(
        .fail, "header", "the server does not see the header anki-sync", advice: "let the proxy pass on all headers")
    } ?? [.ok("header", "the header anki-sync comes through")]
  }

  /// Clients send their bodies in chunks (sync-protocol.md 2.3). The server reads this one to learn the name, and there
  /// is nobody of it.
  private static let chunks = Check<Outside>("chunks") { outside in
    var call = WebCall(path: outside.base.path + "sync/hostKey", headers: [ankiSync(key: "")])
    call.body = try packed("{\"u\":\"\(nobody)\",\"p\":\"\"}").map { [$0] }
    call.isChunked = true
    return try await outside.refusal("chunks", call) { answer in
      switch answer.status {
      case 400:
        Finding(
          .fail, "chunks", "a body in chunks does not reach the server as it was sent",
          advice: "see what the proxy does to bodies")
      case 411, 501:
        Finding(
          .fail, "chunks", "the proxy refuses a body in chunks (status \(answer.status))",
          advice: "newer clients send nothing else: let it pass")
      // Logins are limited; the body was read all the same.
      case 429: .ok("chunks", "a body in chunks comes through")
      default: nil
      }
    } ?? [.ok("chunks", "a body in chunks comes through as it was sent")]
  }

  private static let expectation = Check<Outside>("expect") { outside in
    var call = WebCall(
      path: outside.base.path + "sync/meta", headers: [ankiSync(key: nobody)], body: [try packed("{}")])
    call.waits = true
    return try await outside.refusal("expect", call) { answer in
      guard answer.status == 417 else { return nil }
      return Finding(.warn, "expect", "Expect: 100-continue is refused", advice: "let the proxy pass it")
    } ?? [.ok("expect", "Expect: 100-continue is no hindrance")]
  }

  /// The form of old clients may say last who asks: the server reads it all before it refuses (sync-protocol.md 2.4).
  /// It is counted against what bodies of strangers may hold, and dropped.
  private static let size = Check<Outside>("size") { outside in
    let megabytes = 100
    let boundary = nobody
    func part(_ name: String, _ rest: String) -> String {
      "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\(rest)\r\n\r\n"
    }
    var call = WebCall(
      path: outside.base.path + "sync/upload",
      headers: [("content-type", "multipart/form-data; boundary=\(boundary)")])
    call.body = [Array(part("data", "; filename=\"data\"").utf8)]
    call.body += Array(repeating: [UInt8](repeating: 120, count: 1 << 16), count: megabytes << 4)
    call.body += [Array("\r\n\(part("c", ""))0\r\n\(part("k", ""))\(nobody)\r\n--\(boundary)--\r\n".utf8)]
    call.isChunked = true
    call.patience = .minutes(10)
    return try await outside.refusal("size", call) { answer in
      guard answer.status == 413 else { return nil }
      let proxy = answer.headers.first(name: "server").map { "the proxy (\($0))" } ?? "a proxy"
      return Finding(
        .fail, "size", "\(answer.isOurs ? "the server" : proxy) refuses a body of \(megabytes) MB",
        advice: answer.isOurs ? "see DJANKISERV_MAX_UPLOAD_MB" : "raise its limit, in nginx client_max_body_size 0")
    } ?? [.ok("size", "a body of \(megabytes) MB comes through")]
  }

  // MARK: Refusals

  /// Makes a call that the server itself must refuse with 403. Nil: it did.
  private func refusal(
    _ subject: String, _ call: WebCall, _ otherwise: (WebCall.Answer) -> Finding?
  ) async throws -> [Finding]? {
    do {
      let answer = try await answer(call)
      if answer.status == 403, answer.isOurs { return nil }
      if let finding = otherwise(answer) { return [finding] }
      return [
        Finding(
          .fail, subject, "instead of the server something else answered, with status \(answer.status)",
          advice: "see what the proxy does with POST \(call.path)")
      ]
    } catch WebFailure.noAnswer {
      return [
        Finding(
          .fail, subject, "the connection ends without an answer", advice: "see the log and the limits of the proxy")
      ]
    } catch let failure as WebFailure {
      return [finding(subject, failure)]
    }
  }

  private static func packed(_ json: String) throws -> [UInt8] {
    try Array(json.utf8).withUnsafeBytes { try ZstdEncoder(size: json.utf8.count).encodeAll($0) }
  }
}

extension WebCall.Answer {
  /// Whether a sync server wrote it: the status in words, and no page as proxies send it.
  fileprivate var isOurs: Bool {
    text.hasPrefix("\(status)") && headers.first(name: "content-type")?.hasPrefix("text/html") != true
  }
}
