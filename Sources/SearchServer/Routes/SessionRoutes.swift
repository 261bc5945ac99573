internal import HTTPTypes
internal import Hummingbird

/// Lets a browser show its token once and a cookie from then on.
struct SessionRoutes: Sendable {
    let sessions: Sessions
    /// Whether the cookie is to travel over TLS alone.
    let isSecure: Bool

    var routes: [Route] {
        [
            Route(.post, "/v1/session", needs: .read, use: begin),
            Route(.delete, "/v1/session", needs: nil, use: end),
        ]
    }

    /// `POST /v1/session`: what the token allows, and a cookie that allows the same.
    ///
    /// A server without tokens says what everybody may do, and sets no cookie.
    @Sendable private func begin(_ request: Request, _ context: Route.Context) async throws -> Response {
        let scope = context.visitor.scope ?? .read
        var response = try Response.json(["scope": scope.rawValue])
        response.headers[.cacheControl] = "no-store"
        if let holder = context.visitor.holder {
            if let former = Gatekeeper.sessionSecret(in: request) { sessions.end(secret: former) }
            let secret = sessions.begin(for: holder)
            response.headers[.setCookie] = cookie(secret, seconds: Int(Sessions.lifetime.components.seconds))
        }
        return response
    }

    /// `DELETE /v1/session`: the cookie is worth nothing any more.
    @Sendable private func end(_ request: Request, _ context: Route.Context) async throws -> Response {
        if let secret = Gatekeeper.sessionSecret(in: request) { sessions.end(secret: secret) }
        return Response(status: .noContent, headers: [.setCookie: cookie("", seconds: 0)])
    }

    private func cookie(_ secret: String, seconds: Int) -> String {
        "\(Gatekeeper.cookieName)=\(secret); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }
}
