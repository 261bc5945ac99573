internal import HTTPTypes
internal import Hummingbird

/// Refuses requests that another site's page could have caused, before any route sees them.
struct RequestGuard<Context: RequestContext>: RouterMiddleware {
    /// Whether only loopback names are accepted as Host.
    let requiresLoopbackHost: Bool

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        if requiresLoopbackHost, !LoopbackHost.accepts(authority: request.head.authority ?? "") {
            throw RequestFault.hostNotAllowed
        }
        if request.method != .get, request.method != .head, isCrossSite(request) {
            throw RequestFault.crossSite
        }
        return try await next(request, context)
    }

    /// Browsers say where a request comes from, in `Sec-Fetch-Site` or at least in `Origin`, and pages cannot
    /// forge either. A request with neither field comes from a program, which no other site can steer.
    private func isCrossSite(_ request: Request) -> Bool {
        if let site = request.headers[.secFetchSite] { return site != "same-origin" && site != "none" }
        guard let origin = request.headers[.origin] else { return false }
        guard let authority = request.head.authority else { return true }
        return origin != "http://\(authority)" && origin != "https://\(authority)"
    }
}

extension HTTPField.Name {
    static var secFetchSite: Self { .init("Sec-Fetch-Site")! }
}
