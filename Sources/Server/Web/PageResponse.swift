import HTTPTypes
import HummingbirdCore
import NIOCore

/// Where browsers are told from clients, and what is common to all pages.
enum PageResponse {
  /// Whether a person looks. No client asks for HTML; media's `begin` may be a GET of theirs (sync-protocol.md 2.4).
  static func isAsked(by request: Request, _ route: SyncRoute?) -> Bool {
    guard request.method == .get || request.method == .head, route != .health, route != .sync(.begin) else {
      return false
    }
    let accepted = request.headers[values: .accept].joined(separator: ",").lowercased()
    return accepted.contains("text/html") && request.headers[.ankiSync] == nil
  }

  /// - Parameter scheme: what this server speaks.
  static func address(_ request: Request, _ context: ConnectionContext, scheme: String) -> Response {
    let page = AddressPage(
      own: ServerAddress(of: request, context, scheme: scheme),
      typed: QueryFraming.values(in: request.head.path ?? "")["address"])
    let response = response(page.html)
    return request.method == .head ? response.createHeadResponse() : response
  }

  private static func response(_ html: HTML) -> Response {
    Response(
      status: .ok,
      headers: [
        .contentType: "text/html; charset=utf-8", .contentSecurityPolicy: PageAssets.policy,
        .xContentTypeOptions: "nosniff", .cacheControl: "no-store", .referrerPolicy: "no-referrer",
      ],
      body: ResponseBody(byteBuffer: ByteBuffer(string: html.text)))
  }
}

extension HTTPField.Name {
  fileprivate static let referrerPolicy = HTTPField.Name("referrer-policy")!
}
