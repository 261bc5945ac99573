import HTTPTypes
import Hummingbird
import Testing

@testable import QueryPipeline
@testable import SearchServer

@Suite struct ProblemTests {
    struct Leak: Error, CustomStringConvertible {
        var description: String { "SELECT secret FROM /home/someone/catalog.sqlite" }
    }

    @Test("a problem has RFC 9457's members and media type, and is not cached")
    func shape() async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(.get, "/v1/images/7")
            #expect(answer.status == 404)
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(answer.headers[.cacheControl] == "no-store")
            #expect(
                answer.text == """
                    {"code":"unknown_image","detail":"The library has no image with this id.",\
                    "instance":"/v1/images/7","status":404,"title":"Not Found"}
                    """
            )
        }
    }

    @Test(
        "what the pipeline refuses has a status and a code of its own",
        arguments: [
            (QueryError.unknownImage(3), 404, "unknown_image"),
            (QueryError.imageFileGone(3), 410, "image_file_gone"),
            (QueryError.invalidLimit(0), 400, "invalid_limit"),
        ] as [(any Error, Int, String)]
    )
    func queryErrors(error: any Error, status: Int, code: String) async throws {
        try await withRoutes(to: ScriptedBackend(onSearch: { _, _ in throw error })) { client in
            let answer = try await client.ask(.get, "/v1/images/3/similar")
            #expect(answer.status == status)
            #expect(try answer.code == code)
        }
    }

    @Test("a fault of our own is a 500 that says nothing about us")
    func internalError() async throws {
        try await withRoutes(to: ScriptedBackend(onSearch: { _, _ in throw Leak() })) { client in
            let answer = try await client.ask(.get, "/v1/images/3/similar")
            #expect(answer.status == 500)
            #expect(try answer.code == "internal_error")
            for secret in ["SELECT", "/home", "sqlite", "Leak"] { #expect(!answer.text.contains(secret)) }
        }
    }

    @Test(
        "an address that does not exist is 404, for every method",
        arguments: [
            "/nope", "/v1", "/v1/images/1/2/3", "/v2/search", "/index.html", "/style.css/x", "/../etc/passwd",
        ]
    )
    func unknownPath(path: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            for method in [HTTPRequest.Method.get, .post, .delete, .options] {
                let answer = try await client.ask(method, path)
                #expect(answer.status == 404)
                #expect(try answer.code == "not_found")
            }
        }
    }

    @Test(
        "a known address with a wrong method is 405 and names the right ones",
        arguments: [
            ("/v1/search", HTTPRequest.Method.get, "POST"), ("/v1/search", .put, "POST"),
            ("/v1/images/4", .put, "GET, HEAD, PATCH, DELETE"), ("/v1/images/4/similar", .post, "GET, HEAD"),
            ("/", .post, "GET, HEAD"), ("/healthz", .options, "GET, HEAD"),
        ]
    )
    func wrongMethod(path: String, method: HTTPRequest.Method, allowed: String) async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let answer = try await client.ask(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == allowed)
            #expect(try answer.code == "method_not_allowed")
        }
    }

    @Test("HEAD answers like GET, without the body")
    func head() async throws {
        try await withRoutes(to: ScriptedBackend()) { client in
            let get = try await client.ask(.get, "/")
            let head = try await client.ask(.head, "/")
            #expect(head.status == 200)
            #expect(head.bytes.isEmpty)
            #expect(head.headers[.contentLength] == get.headers[.contentLength])
        }
    }

    @Test("when every place is taken, further searches are told to come again")
    func tooBusy() async throws {
        var configuration = ServerConfiguration()
        configuration.workerCount = 1
        configuration.maximumWaitingCount = 0
        let gate = Gate()
        let backend = ScriptedBackend(onSearch: { _, _ in
            gate.arrive()
            return gate.wait()
        })
        try await withRoutes(to: backend, configuration: configuration) { client in
            async let first = client.ask(.get, "/v1/images/1/similar")
            await gate.arrival()
            let second = try await client.ask(.get, "/v1/images/2/similar")
            #expect(second.status == 503)
            #expect(try second.code == "too_busy")
            #expect(second.headers[.retryAfter] == "1")
            let health = try await client.ask(.get, "/healthz")
            #expect(health.status == 200)
            gate.open()
            #expect(try await first.status == 200)
            let third = try await client.ask(.get, "/v1/images/2/similar")
            #expect(third.status == 200)
        }
    }
}
