internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import QueryPipeline

/// Says whether the process lives and whether it can answer.
struct HealthRoutes: Sendable {
    let backend: any SearchBackend
    let workers: BlockingWorkers
    let maximumBodyByteCount: Int
    let acceptsURLs: Bool
    /// The way to an answer leads through a decoding process, and anybody may ask.
    private let latest = Remembered<Readiness>(for: .seconds(1))

    init(
        backend: any SearchBackend,
        workers: BlockingWorkers,
        maximumBodyByteCount: Int,
        acceptsURLs: Bool
    ) {
        self.backend = backend
        self.workers = workers
        self.maximumBodyByteCount = maximumBodyByteCount
        self.acceptsURLs = acceptsURLs
    }

    var routes: [Route] {
        [
            Route(.get, "/healthz", needs: nil, use: health),
            Route(.get, "/readyz", needs: nil, use: readiness),
        ]
    }

    /// `GET /healthz`: the process answers. Asks nothing of the library, so that a slow disk restarts no
    /// server.
    @Sendable private func health(_ request: Request, _ context: Route.Context) async throws -> Response {
        var response = try Response.json(["status": "alive"])
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// `GET /readyz`: a search sent now would be answered.
    @Sendable private func readiness(_ request: Request, _ context: Route.Context) async throws -> Response {
        let readiness: Readiness
        do {
            readiness = try await current()
        } catch RequestFault.tooBusy {
            throw RequestFault.tooBusy
        } catch {
            context.logger.error("not ready", metadata: ["error": "\(error)"])
            throw RequestFault.notReady
        }
        // Whoever only asks whether to send us visitors learns nothing of the library.
        var response =
            if let scope = context.visitor.scope {
                try Response.json(
                    ReadinessDescription(
                        readiness,
                        maximumBodyByteCount: maximumBodyByteCount,
                        acceptsURLs: acceptsURLs,
                        scope: scope
                    )
                )
            } else {
                try Response.json(["status": "ready"])
            }
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func current() async throws -> Readiness {
        if let known = latest.value() { return known }
        let readiness = try await workers.run { [backend] in try backend.readiness() }
        latest.remember(readiness)
        return readiness
    }
}
