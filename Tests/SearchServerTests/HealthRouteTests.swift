import HTTPTypes
import Hummingbird
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct HealthRouteTests {
    struct Broken: Error {}

    @Test("a server that can answer says how many pictures it searches")
    func ready() async throws {
        try await withRoutes(
            to: ScriptedBackend(onReadiness: {
                Readiness(model: "m@1", indexedImageCount: 328, regionsPerImage: 9)
            })
        ) { client in
            let answer = try await client.ask(.get, "/readyz")
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"acceptsURLs":false,"imageCount":328,"maximumBodyByteCount":33554432,"model":"m@1","#
                    + #""regionsPerImage":9,"scope":"admin","status":"ready"}"#
            )
        }
    }

    @Test("a library that cannot be read leaves the process alive but not ready")
    func notReady() async throws {
        try await withRoutes(to: ScriptedBackend(onReadiness: { throw Broken() })) { client in
            let ready = try await client.ask(.get, "/readyz")
            #expect(ready.status == 503)
            #expect(try ready.code == "not_ready")
            #expect(!ready.text.contains("Broken"))
            #expect(try await client.ask(.get, "/healthz").status == 200)
        }
    }
}
