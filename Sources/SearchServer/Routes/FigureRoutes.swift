internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import QueryPipeline

/// Tells figures: to people, and to Prometheus.
struct FigureRoutes: Sendable {
    let backend: any SearchBackend
    let workers: BlockingWorkers
    let state: ServerState
    /// Counting a large library takes long, and nobody needs it more often.
    private let statistics: Remembered<LibraryStatistics>

    init(
        backend: any SearchBackend,
        workers: BlockingWorkers,
        state: ServerState,
        statisticsLifetime: Duration = .seconds(5)
    ) {
        statistics = Remembered(for: statisticsLifetime)
        self.backend = backend
        self.workers = workers
        self.state = state
    }

    var routes: [Route] {
        // The counts are of all pictures, hidden ones included.
        [
            Route(.get, "/metrics", needs: .admin, use: metrics),
            Route(.get, "/v1/stats", needs: .admin, use: stats),
        ]
    }

    /// `GET /metrics`: everything in the text format of Prometheus.
    ///
    /// What the library says is left out when it says nothing: the rest is needed then more than ever.
    @Sendable private func metrics(_ request: Request, _ context: Route.Context) async throws -> Response {
        let library: LibraryStatistics?
        do {
            library = try await counted()
        } catch RequestFault.tooBusy {
            // A busy server is no library that cannot be read.
            library = statistics.last
        } catch {
            library = nil
        }
        let text = MetricsText(state: state, load: workers.load, library: library).text
        return Response(
            status: .ok,
            headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    /// `GET /v1/stats`: the same in short.
    @Sendable private func stats(_ request: Request, _ context: Route.Context) async throws -> Response {
        let library = try await counted()
        var response = try Response.json(
            StatisticsDescription(library, state: state, load: workers.load)
        )
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func counted() async throws -> LibraryStatistics {
        if let known = statistics.value() { return known }
        let counted = try await workers.run { [backend] in try backend.statistics() }
        statistics.remember(counted)
        return counted
    }
}
