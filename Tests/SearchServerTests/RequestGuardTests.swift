import HTTPTypes
import Hummingbird
import Testing

@testable import SearchServer

@Suite struct RequestGuardTests {
    @Test(
        "this machine's names are accepted as Host, with any port",
        arguments: [
            "localhost", "LOCALHOST:1", "localhost:8080", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:80",
        ]
    )
    func loopbackHosts(authority: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(.get, "/healthz", authority: authority)
            #expect(answer.status == 200)
        }
    }

    @Test(
        "any other name is refused by a server on loopback: it may have been rebound to it",
        arguments: [
            nil, "", "example.com", "localhost.example.com", "example.com:8080", "127.0.0.1.example.com",
            "localhost:", "localhost:x", "localhost:99999", "::1:80", "[::1", "127.0.0.2", "localhost:80:80",
        ]
    )
    func foreignHosts(authority: String?) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(.get, "/healthz", authority: authority)
            #expect(answer.status == 421)
            #expect(try answer.code == "host_not_allowed")
        }
    }

    @Test("a server that listens for other machines answers to whatever name they use")
    func otherBinding() async throws {
        try await withRoutes(to: ScriptedBackend(), configuration: ServerConfiguration(host: "0.0.0.0")) {
            client in
            let answer = try await client.ask(.get, "/healthz", authority: "pictures.lan:8080")
            #expect(answer.status == 200)
        }
    }

    @Test(
        "a search sent by another site's page is refused",
        arguments: [
            ["Sec-Fetch-Site": "cross-site"], ["Sec-Fetch-Site": "same-site"],
            ["Origin": "http://example.com"], ["Origin": "null"], ["Origin": "http://localhost:9999"],
            ["Sec-Fetch-Site": "cross-site", "Origin": "http://localhost:8080"],
        ]
    )
    func crossSite(fields: [String: String]) async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(.post, "/v1/search", headers: headers(fields), body: [1])
            #expect(answer.status == 403)
            #expect(try answer.code == "cross_site_request")
        }
    }

    @Test(
        "a search sent by our own page, or by a program, is answered",
        arguments: [
            [:], ["Sec-Fetch-Site": "same-origin"], ["Sec-Fetch-Site": "none"],
            ["Origin": "http://localhost:8080"],
            ["Sec-Fetch-Site": "same-origin", "Origin": "http://localhost:8080"],
        ]
    )
    func sameOrigin(fields: [String: String]) async throws {
        try await withRoutes(to: ScriptedBackend.counting) { client in
            let answer = try await client.ask(.post, "/v1/search", headers: headers(fields), body: [1])
            #expect(answer.status == 200)
        }
    }

    private func headers(_ fields: [String: String]) throws -> HTTPFields {
        var headers: HTTPFields = [.contentType: "image/jpeg"]
        for (name, value) in fields { headers[try #require(HTTPField.Name(name))] = value }
        return headers
    }
}
