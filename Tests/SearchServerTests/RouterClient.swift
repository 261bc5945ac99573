import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import PictureFetching

import struct Foundation.Data
import class Foundation.JSONSerialization

@testable import QueryPipeline
@testable import SearchServer

/// Asks the routes without a socket: what the tests see is what a client would be sent.
struct RouterClient {
    struct Answer {
        let status: Int
        let headers: HTTPFields
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        var json: [String: Any] {
            get throws {
                try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
            }
        }
        var code: String? { get throws { try json["code"] as? String } }
    }

    let responder: RouterResponder<Route.Context>
    var logger = Logger.silent

    func ask(
        _ method: HTTPRequest.Method,
        _ path: String,
        headers: HTTPFields = [:],
        body: [UInt8] = [],
        authority: String? = "localhost:8080"
    ) async throws -> Answer {
        let head = HTTPRequest(
            method: method,
            scheme: "http",
            authority: authority,
            path: path,
            headerFields: headers
        )
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
        let context = Route.Context(
            source: ApplicationRequestContextSource(channel: EmbeddedChannel(), logger: logger)
        )
        let response = try await responder.respond(to: request, context: context)
        let collector = Collector()
        try await response.body.write(collector)
        return Answer(status: response.status.code, headers: response.headers, bytes: collector.bytes)
    }

    private final class Collector: ResponseBodyWriter {
        private(set) var bytes: [UInt8] = []
        func write(_ buffer: ByteBuffer) { bytes += buffer.readableBytesView }
        func finish(_ trailers: HTTPFields?) {}
    }
}

extension Logger {
    /// Drops everything, so that a test's refusals do not look like failures.
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// Runs `body` with a client of the routes in front of `backend`.
func withRoutes(
    to backend: some SearchBackend,
    library: LibraryService? = nil,
    judging: some JudgingBackend = ScriptedJudging(),
    configuration: ServerConfiguration = ServerConfiguration(),
    fetcher: PictureFetcher? = nil,
    logger: Logger = .silent,
    _ body: (RouterClient) async throws -> Void
) async throws {
    let workers = BlockingWorkers(
        threadCount: configuration.workerCount,
        maximumWaitingCount: configuration.maximumWaitingCount
    )
    workers.start()
    let router = router(
        backend: backend,
        library: library,
        judging: judging,
        workers: workers,
        configuration: configuration,
        state: ServerState(configuration, fetcher: fetcher ?? PictureFetcher())
    )
    let outcome: Result<Void, any Error>
    do {
        outcome = .success(try await body(RouterClient(responder: router.buildResponder(), logger: logger)))
    } catch {
        outcome = .failure(error)
    }
    try await workers.stop()
    try outcome.get()
}
