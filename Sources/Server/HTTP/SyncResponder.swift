import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import SyncCore

/// The door for sync clients: knows HTTP and the framing, and leaves what a request means to ``SyncHandling``.
struct SyncResponder: HTTPResponder {
  typealias Context = ConnectionContext

  /// What the client shows for an upload that failed by our fault.
  private static let uploadFailed =
    "The server could not take your collection, and has changed nothing. Please try again in a few minutes."

  private static let wrongHost =
    "this server does not go by the name in the address; DJANKISERV_ALLOWED_HOSTS lists those that it goes by"

  private let handler: any SyncHandling
  private let bodies: BodyStore
  private let proxies: TrustedProxies
  private let hosts: AllowedHosts
  /// What this server speaks: `http` or `https`.
  private let scheme: String
  private let logger: Logger

  init(
    _ handler: any SyncHandling, _ bodies: BodyStore, _ proxies: TrustedProxies, _ hosts: AllowedHosts,
    scheme: String, _ logger: Logger
  ) {
    (self.handler, self.bodies, self.logger) = (handler, bodies, logger)
    (self.proxies, self.hosts, self.scheme) = (proxies, hosts, scheme)
  }

  func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    var context = context
    context.isVouchedFor = proxies.vouch(context.address)
    if context.isVouchedFor { context.address = proxies.client(context.address, request.headers) }
    let path = request.head.path ?? ""
    let route = SyncRoute(target: path)
    // A probe knows the machine by its address.
    guard route == .health || hosts.allow(request.head.authority) else {
      return refusal(.badRequest, Self.wrongHost, exchange(Self.withoutQuery(path), context))
    }
    if PageResponse.isAsked(by: request, route) { return page(request, context) }
    switch route {
    case .health: return health(request)
    case .sync(let method):
      let exchange = exchange(method.rawValue, context)
      guard request.method == .post || QueryFraming.isUsed(by: request, method) else {
        return refusal(.methodNotAllowed, "only POST is served here", exchange)
      }
      return try await respond(to: request, method, context, exchange)
    case nil:
      return refusal(.notFound, "there is nothing at this address", exchange(Self.withoutQuery(path), context))
    }
  }

  /// Old clients put their key into the query (sync-protocol.md 2.4).
  private static func withoutQuery(_ path: String) -> String { String(path.prefix { $0 != "?" }) }

  private func exchange(_ method: String, _ context: ConnectionContext) -> Exchange {
    let exchange = Exchange(method, logger, RequestWatch(context.channel, bodies.limits))
    exchange.note { $0.address = context.address }
    return exchange
  }

  private func page(_ request: Request, _ context: ConnectionContext) -> Response {
    let exchange = exchange("page", context)
    let response = PageResponse.address(request, context, scheme: scheme)
    exchange.end(response.status.code)
    return response
  }

  private func health(_ request: Request) -> Response {
    let isRead = request.method == .get || request.method == .head
    return Response(status: isRead ? .ok : .methodNotAllowed)
  }

  private func respond(
    to request: Request, _ method: SyncMethod, _ context: ConnectionContext, _ exchange: Exchange
  ) async throws -> Response {
    var stream = BodyStream(request.body, exchange)
    do {
      if let boundary = try FormFraming.boundary(of: request) {
        return try await answerForm(boundary, method, context, exchange, &stream)
      }
      let head = try head(of: request, method, address: context.address)
      return try await answer(try await admit(head, context, exchange), &stream)
    } catch let error as BodyInterrupted {
      exchange.end(HTTPResponse.Status.badRequest.code, cause: "the connection broke within the body")
      throw error.cause
    } catch {
      let status = ErrorResponse.status(for: error)
      exchange.note { $0.cause = ErrorResponse.cause(of: error) }
      return refusal(status, ErrorResponse.text(for: error), exchange, isBodyRead: stream.isAtEnd)
    }
  }

  private func head(of request: Request, _ method: SyncMethod, address: String) throws -> SyncHead {
    guard !QueryFraming.isUsed(by: request, method) else {
      return QueryFraming.head(of: request, method, address: address)
    }
    return try HeaderFraming.head(of: request, method: method, address: address)
  }

  private func admit(_ head: SyncHead, _ context: ConnectionContext, _ exchange: Exchange) async throws -> Call {
    exchange.note { $0.identify(head) }
    let admission = try await handler.admit(head)
    var head = head
    if head.client.isEmpty { head.client = admission.client }
    exchange.note { [client = head.client] line in
      line.user = admission.user
      line.client = client
    }
    return Call(head: head, admission: admission, delivery: delivery(head, context, exchange))
  }

  private func delivery(_ head: SyncHead, _ context: ConnectionContext, _ exchange: Exchange) -> Delivery {
    Delivery(framing: ReplyFraming(head), store: bodies, loop: context.channel.eventLoop, exchange: exchange)
  }

  /// - Parameter isBodyRead: else the connection ends with the answer, or when the request's time is up.
  private func refusal(
    _ status: HTTPResponse.Status, _ text: String, _ exchange: Exchange, isBodyRead: Bool = false
  ) -> Response {
    exchange.end(status.code, cause: text)
    return ErrorResponse.response(status, text, closes: !isBodyRead)
  }
}

extension SyncResponder {
  /// A request that was admitted.
  private struct Call: Sendable {
    let head: SyncHead
    let admission: Admission
    let delivery: Delivery

    /// The steps that may take long, and whose head may go ahead (sync-protocol.md 2.6, H-2).
    var mayTakeLong: Bool {
      [.upload, .download, .sanityCheck2, .finish, .downloadFiles, .uploadChanges].contains(head.method)
    }
  }

  private func answer(_ call: Call, _ stream: inout BodyStream) async throws -> Response {
    let isUpload = call.head.method == .upload
    let spool = BodySpool(bodies, limit: call.admission.bodyLimit, staysInMemory: !isUpload)
    let body: RequestBody
    do {
      body = try await HeaderFraming.receive(&stream, into: spool)
    } catch {
      await spool.release()
      guard let problem = error as? SyncError else { throw error }
      return try await answerToBrokenBody(call, &stream, problem)
    }
    return try await answer(call, body, spool)
  }

  /// Answers a request of an old client: who asks is known only at its end (sync-protocol.md 2.4).
  private func answerForm(
    _ boundary: String, _ method: SyncMethod, _ context: ConnectionContext, _ exchange: Exchange,
    _ stream: inout BodyStream
  ) async throws -> Response {
    let spool = BodySpool(
      bodies, limit: try handler.bodyLimit(method), staysInMemory: method != .upload, isClaimed: false,
      unpack: FormFraming.unpack)
    let call: Call
    let body: RequestBody
    do {
      let form = try await FormFraming.receive(&stream, boundary: boundary, into: spool)
      call = try await admit(form.head(method, address: context.address), context, exchange)
      spool.claim()
      switch form.body {
      case .success(let received): body = received
      case .failure(let problem):
        await spool.release()
        return try await answerToBrokenBody(call, &stream, problem)
      }
    } catch {
      await spool.release()
      throw error
    }
    return try await answer(call, body, spool)
  }

  private func answer(_ call: Call, _ body: RequestBody, _ spool: BodySpool) async throws -> Response {
    guard call.mayTakeLong else {
      return try await call.delivery.response(try await content(call, body, spool))
    }
    return try await patientAnswer(call, body, spool)
  }

  /// Answers an upload whose body is at fault as its client expects it: at the end of the body, with a text
  /// (sync-protocol.md 6.11). A fault of ours is a status like any other, and so is that of another request.
  private func answerToBrokenBody(
    _ call: Call, _ stream: inout BodyStream, _ problem: SyncError
  ) async throws -> Response {
    let isOurs = [.unavailable, .failed].contains(problem.code)
    guard call.head.method == .upload, !isOurs, let reply = try handler.answerToBrokenBody(call.head, problem) else {
      throw problem
    }
    if !stream.isAtEnd { try await stream.drain() }
    call.delivery.exchange.note { $0.cause = problem.message }
    return try await call.delivery.response(.init(reply))
  }

  /// Lets the sync side answer, and then the body go.
  private func content(_ call: Call, _ body: RequestBody, _ spool: BodySpool) async throws -> Delivery.Content {
    do {
      let reply = try await handler.respond(to: call.head, call.admission, body: body)
      await spool.release()
      return .init(reply)
    } catch {
      await spool.release()
      throw error
    }
  }

  private func patientAnswer(_ call: Call, _ body: RequestBody, _ spool: BodySpool) async throws -> Response {
    let pending = Pending(on: call.delivery.loop) { try await content(call, body, spool) }
    if await pending.ends(within: bodies.limits.headPatience) {
      return try await call.delivery.response(try await pending.value)
    }
    return call.delivery.earlyResponse {
      do {
        return try await pending.value
      } catch {
        guard call.head.method == .upload else { throw error }
        // It is too late for a status; the client shows the text (sync-protocol.md 2.6, 6.11).
        call.delivery.exchange.note { $0.cause = ErrorResponse.cause(of: error) }
        return .init(.text((error as? SyncError)?.message ?? Self.uploadFailed))
      }
    }
  }
}
