internal import Catalog
internal import Hummingbird
internal import NIOCore

/// What is known of a request besides the request itself.
struct ServerRequestContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address on the other side, see ``NIOCore/SocketAddress/clientName``; "unknown" where there is none.
    let address: String
    /// Who sent the request, once ``Identification`` has seen it; a stranger before.
    var visitor: Visitor

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.clientName ?? "unknown"
        visitor = Visitor(client: address)
    }

    /// Whether the request may do what needs `scope`.
    func mayDo(_ scope: AccessScope) -> Bool { visitor.scope.map { $0 >= scope } ?? false }

    /// For whom pictures are looked up by their numbers.
    var audience: Audience { mayDo(.admin) ? .administrators : .everyone }
}

/// Finds out who sent a request, before anything is decided by it.
struct Identification: RouterMiddleware {
    let gatekeeper: Gatekeeper

    func handle(
        _ request: Request,
        context: ServerRequestContext,
        next: (Request, ServerRequestContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.visitor = gatekeeper.visitor(of: request, address: context.address)
        return try await next(request, context)
    }
}
