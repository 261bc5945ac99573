import HTTPTypes
import Hummingbird
import Testing

@testable import QueryPipeline
@testable import SearchServer

/// Tokens, scopes and sessions, as clients meet them.
@Suite struct AccessTests {
    private static let tokens = [
        AccessScope.read: "a-token-for-readers-1", .write: "a-token-for-writers-2",
        .admin: "a-token-for-admins-33",
    ]

    private var protected: ServerConfiguration {
        get throws {
            var configuration = ServerConfiguration()
            configuration.tokens = try AccessTokens(
                text: Self.tokens.map { "\($0.key) \($0.value) \($0.key)er" }.joined(separator: "\n")
            )
            return configuration
        }
    }

    private static let openAddresses = PageRoutes().routes.map(\.path) + ["/healthz", "/readyz"]

    @Test(
        "without a token only the pages and the signs of life are answered, and nothing is asked of the library"
    )
    func strangers() async throws {
        let backend = ScriptedBackend(
            onSearch: { _, _ in
                Issue.record("searched")
                return .empty
            }
        )
        try await withRoutes(to: backend, configuration: protected) { client in
            for path in Self.openAddresses {
                #expect(try await client.ask(.get, path).status == 200, "\(path)")
            }
            #expect(try await client.ask(.get, "/readyz").text == #"{"status":"ready"}"#)
            for (method, path) in [
                (HTTPRequest.Method.post, "/v1/search"), (.get, "/v1/images/1"), (.head, "/v1/images/1"),
                (.get, "/v1/images/1/thumbnail"), (.get, "/v1/images/1/similar"), (.get, "/v1/examples"),
                (.get, "/v1/judging"), (.post, "/v1/judgements"), (.post, "/v1/interactions"),
                (.post, "/v1/session"),
            ] {
                let answer = try await client.ask(
                    method,
                    path,
                    headers: [.contentType: "image/jpeg"],
                    body: [1]
                )
                #expect(answer.status == 401, "\(method) \(path)")
                #expect(answer.headers[.wwwAuthenticate] == "Bearer realm=\"lookalike\"")
                if method != .head { #expect(try answer.code == "unauthorized") }
            }
        }
    }

    @Test("a route is open only if it says so, and those that change something need more than reading")
    func scopesOfRoutes() throws {
        let routes = allRoutes(
            backend: ScriptedBackend(),
            judging: ScriptedJudging(),
            workers: BlockingWorkers(threadCount: 1, maximumWaitingCount: 1),
            configuration: ServerConfiguration(),
            state: ServerState(ServerConfiguration())
        )
        let open = routes.filter { $0.scope == nil && $0.method == .get }.map(\.path)
        #expect(Set(open) == Set(Self.openAddresses))
        let openOtherwise = routes.filter { $0.scope == nil && $0.method != .get }
        #expect(openOtherwise.map { "\($0.method) \($0.path)" } == ["DELETE /v1/session"])
        let readers = routes.filter { $0.scope == .read && $0.method != .get }.map(\.path)
        #expect(
            Set(readers).isSubset(of: [
                "/v1/search", "/v1/interactions", "/v1/session", "/v1/crops", "/v1/check",
            ])
        )
    }

    @Test("a token opens what its scope allows, and no more", arguments: AccessScope.allCases)
    func scopes(scope: AccessScope) async throws {
        try await withRoutes(to: ScriptedBackend.counting, configuration: protected) { client in
            let token = try #require(Self.tokens[scope])
            let search = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "image/jpeg", .authorization: "bearer \(token)"],
                body: [1]
            )
            #expect(search.status == 200)
            let judgement = try await client.ask(
                .post,
                "/v1/judgements",
                headers: [.authorization: "Bearer \(token)"],
                body: Array(#"{"query":1,"image":2,"grade":3}"#.utf8)
            )
            #expect(judgement.status == (scope == .read ? 403 : 200))
            if scope == .read {
                #expect(try judgement.code == "forbidden")
                #expect(judgement.headers[.wwwAuthenticate]?.contains("scope=\"write\"") == true)
            }
        }
    }

    @Test(
        "a wrong token is refused as such, whatever else is shown",
        arguments: [
            "Bearer wrong", "Bearer ", "Bearer", "Basic YTpi", "a-token-for-readers-1",
            "Bearer a-token-for-readers-",
        ]
    )
    func wrongToken(field: String) async throws {
        try await withRoutes(to: ScriptedBackend(), configuration: protected) { client in
            let answer = try await client.ask(.get, "/v1/examples", headers: [.authorization: field])
            #expect(answer.status == 401)
            #expect(answer.headers[.wwwAuthenticate]?.contains("invalid_token") == true)
            #expect(try await client.ask(.get, "/healthz", headers: [.authorization: field]).status == 200)
        }
    }

    @Test("a server that others can reach, and that has no tokens, tells strangers nothing")
    func openWithoutTokens() async throws {
        let configuration = ServerConfiguration(host: "0.0.0.0")
        try await withRoutes(to: ScriptedBackend(), configuration: configuration) { client in
            let answer = try await client.ask(.get, "/v1/examples")
            #expect(answer.status == 401)
        }
    }

    @Test(
        "a session carries its token's scope until it is ended, in a cookie that scripts and other sites never get"
    )
    func session() async throws {
        try await withRoutes(to: ScriptedBackend(), configuration: protected) { client in
            let bearer = "Bearer \(Self.tokens[.read] ?? "")"
            let answer = try await client.ask(.post, "/v1/session", headers: [.authorization: bearer])
            #expect(answer.status == 200)
            #expect(try answer.json["scope"] as? String == "read")
            let field = try #require(answer.headers[.setCookie])
            for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"] {
                #expect(field.contains("; \(attribute)"), "\(attribute)")
            }
            #expect(!field.contains("Secure"))
            let cookie = try #require(field.split(separator: ";").first.map(String.init))
            #expect(!cookie.contains("a-token"))

            let cookies: HTTPFields = [.cookie: "theme=dark; \(cookie)"]
            #expect(try await client.ask(.get, "/v1/examples", headers: cookies).status == 200)
            #expect(try await client.ask(.post, "/v1/judgements", headers: cookies).status == 403)
            let both: HTTPFields = [.cookie: cookie, .authorization: "Bearer wrong"]
            #expect(try await client.ask(.get, "/v1/examples", headers: both).status == 401)

            let end = try await client.ask(.delete, "/v1/session", headers: cookies)
            #expect(end.status == 204)
            #expect(end.headers[.setCookie]?.contains("Max-Age=0") == true)
            #expect(try await client.ask(.get, "/v1/examples", headers: cookies).status == 401)
        }
    }

    @Test("a cookie that another site's page has the browser send is not looked at")
    func crossSiteSession() async throws {
        try await withRoutes(to: ScriptedBackend(), configuration: protected) { client in
            let site = try #require(HTTPField.Name("Sec-Fetch-Site"))
            let answer = try await client.ask(
                .delete,
                "/v1/session",
                headers: [.cookie: "lookalike_session=x", site: "cross-site"]
            )
            #expect(try answer.code == "cross_site_request")
        }
    }

    @Test("without tokens a session is what everybody has, and no cookie is set")
    func sessionWithoutTokens() async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(.post, "/v1/session")
            #expect(answer.status == 200)
            #expect(try answer.json["scope"] as? String == "admin")
            #expect(answer.headers[.setCookie] == nil)
        }
    }

    @Test("sessions end by themselves, and the oldest makes room for the newest")
    func sessionLimits() throws {
        let entry = AccessTokens.Entry(digest: [1], scope: .read, name: "somebody")
        let sessions = Sessions()
        let start = ContinuousClock.now
        let first = sessions.begin(for: entry, now: start)
        #expect(sessions.holder(secret: first, now: start + Sessions.lifetime - .seconds(1)) == entry)
        #expect(sessions.holder(secret: first, now: start + Sessions.lifetime) == nil)
        for number in 1...Sessions.maximumCount {
            _ = sessions.begin(for: entry, now: start + .milliseconds(number))
        }
        #expect(sessions.holder(secret: first, now: start + .seconds(2)) == nil)
        let last = sessions.begin(for: entry, now: start + .seconds(3))
        #expect(sessions.holder(secret: last, now: start + .seconds(4)) == entry)
    }
}
