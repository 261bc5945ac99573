import Catalog
import HTTPTypes
import Hummingbird
import Testing

@testable import SearchServer

@Suite struct FeedbackRouteTests {
    @Test("what was shown and opened is handed on")
    func noting() async throws {
        let backend = ScriptedBackend(onKeep: { interaction in
            #expect(interaction.query == 3)
            #expect(interaction.shown == [8, 5, 9])
            #expect(interaction.clicked == [5])
            return true
        })
        try await withRoutes(to: backend) { client in
            let body = Array(#"{"query": 3, "shown": [8, 5, 9], "clicked": [5]}"#.utf8)
            let answer = try await client.ask(.post, "/v1/interactions", body: body)
            #expect(answer.status == 204)
            #expect(answer.bytes.isEmpty)
        }
    }

    @Test("a server that keeps no feedback hands nothing on")
    func silence() async throws {
        var configuration = ServerConfiguration()
        configuration.keepsFeedback = false
        let backend = ScriptedBackend(onKeep: { _ in
            Issue.record("it was handed on")
            return true
        })
        try await withRoutes(to: backend, configuration: configuration) { client in
            let body = Array(#"{"query": 3, "shown": [8], "clicked": []}"#.utf8)
            let answer = try await client.ask(.post, "/v1/interactions", body: body)
            #expect(answer.status == 204)
        }
    }

    @Test(
        "what is no interaction is refused",
        arguments: [
            "", "{}", #"{"query": 3, "shown": [], "clicked": []}"#,
            #"{"query": 3, "shown": [4, 4], "clicked": []}"#, #"{"query": 3, "shown": [4], "clicked": [5]}"#,
        ]
    )
    func malformed(body: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(.post, "/v1/interactions", body: Array(body.utf8))
            #expect(answer.status == 400)
            #expect(try answer.code == "malformed_interaction")
        }
    }

    @Test("one about an unknown picture is 404, one from another site's page 403")
    func refusals() async throws {
        let body = Array(#"{"query": 3, "shown": [8], "clicked": []}"#.utf8)
        try await withRoutes(to: ScriptedBackend(onKeep: { _ in false })) { client in
            #expect(try await client.ask(.post, "/v1/interactions", body: body).code == "unknown_image")
            let foreign = try await client.ask(
                .post,
                "/v1/interactions",
                headers: [.origin: "https://example.com"],
                body: body
            )
            #expect(foreign.status == 403)
        }
    }
}
