import NIOHTTP1
import SyncCore
import Testing

@testable import Server

@Suite("What is between a client and the server") struct OutsideTests {
  private static func answer(_ status: Int, _ text: String = "", _ headers: [(String, String)] = []) -> WebCall.Answer {
    WebCall.Answer(status: status, headers: HTTPHeaders(headers), text: text)
  }

  /// What is found where health is answered so, at noon of 1970-01-01, and all else by the server's refusal.
  private static func findings(
    health: WebCall.Answer, _ typed: String = "https://h/djs/sync/",
    other: @escaping @Sendable (WebCall) throws -> WebCall.Answer = { _ in answer(403, "403 unknown host key\n") }
  ) async throws -> [Finding] {
    let outside = Outside(address: try TypedAddress(typed), now: { 43_200_000 }) { call in
      call.path.hasSuffix("/health") ? health : try other(call)
    }
    return await outside.examine()
  }

  private static let fine = answer(200, "", [("date", "Thu, 01 Jan 1970 12:00:01 GMT")])

  @Test("calls go below the address, without what was typed too much")
  func paths() async throws {
    let findings = try await Self.findings(health: Self.fine) { call in
      #expect(call.path.hasPrefix("/djs/sync/") && !call.path.contains("sync/sync"))
      return Self.answer(403, "403 unknown host key\n")
    }
    #expect(findings.grade == .ok)
    #expect(findings.map(\.subject) == ["address", "connection", "clock", "header", "chunks", "expect", "size"])
  }

  @Test(
    "who does not answer as the server does is told from it",
    arguments: [
      (301, "", "connection"), (308, "", "connection"), (502, "", "connection"), (504, "x", "connection"),
      (200, "<html>", "path"), (404, "404 page not found", "path"), (403, "", "path"), (500, "", "path"),
    ])
  func health(status: Int, text: String, subject: String) async throws {
    let findings = try await Self.findings(health: Self.answer(status, text, [("location", "https://x/")]))
    #expect(findings.last?.grade == .fail)
    #expect(findings.last?.subject == subject)
    #expect(findings.count == 2)
  }

  @Test("each failure on the way has words of its own")
  func failures() async throws {
    let failures: [WebFailure] = [
      .noName, .noConnection, .noAnswer, .silence, .noTLS("WRONG_VERSION_NUMBER"), .noTLS("CERTIFICATE_VERIFY_FAILED"),
      .noTLS("failedToValidateHostname"), .noTLS("other"),
    ]
    let outside = Outside(address: try TypedAddress("https://h/"), now: { 0 }) { _ in throw WebFailure.noName }
    let words = failures.map { outside.finding("x", $0) }.map { $0.message + $0.advice }
    #expect(Set(words).count == failures.count)
  }

  @Test(
    "a clock may be a minute away; five are refused",
    arguments: [
      ("Thu, 01 Jan 1970 12:01:00 GMT", Finding.Grade.ok), ("Thu, 01 Jan 1970 11:58:59 GMT", .warn),
      ("Thu, 01 Jan 1970 12:05:00 GMT", .warn), ("Thu, 01 Jan 1970 12:05:01 GMT", .fail),
      ("Fri, 02 Jan 1970 12:00:00 GMT", .fail), ("today", .warn),
    ] as [(String, Finding.Grade)])
  func clock(date: String, grade: Finding.Grade) async throws {
    let findings = try await Self.findings(health: Self.answer(200, "", [("date", date)]))
    #expect(findings.first { $0.subject == "clock" }?.grade == grade)
  }

  @Test(
    "a refusal counts only if it is the server's own",
    arguments: [
      (403, "<html>403 Forbidden</html>", "text/html"), (403, "403 Forbidden", "text/html"),
      (405, "405 x", "text/plain"),
      (200, "", "text/plain"), (500, "500 x", "text/plain"),
    ])
  func refusals(status: Int, text: String, type: String) async throws {
    let findings = try await Self.findings(health: Self.fine) { _ in
      Self.answer(status, text, [("content-type", type)])
    }
    let subjects = Set(findings.filter { $0.grade == .fail }.map(\.subject))
    #expect(subjects == ["header", "chunks", "expect", "size"])
  }

  @Test(
    "whose limit a large body meets is said",
    arguments: [
      ("413 the body is too large\n", "the server"), ("<html>", "the proxy (nginx)"),
    ])
  func limits(text: String, whose: String) async throws {
    let findings = try await Self.findings(health: Self.fine) { call in
      guard call.path.hasSuffix("upload") else { return Self.answer(403, "403 unknown host key\n") }
      #expect(call.body.reduce(0) { $0 + $1.count } > 100 << 20)
      return Self.answer(413, text, [("server", "nginx")])
    }
    let size = try #require(findings.first { $0.subject == "size" })
    #expect(size.grade == .fail && size.message.hasPrefix(whose))
  }
}
