internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import QueryPipeline

/// Says whether the process lives and whether it can answer.
struct HealthRoutes: Sendable {
    let backend: any SearchBackend
    let workers: BlockingWorkers
    let maximumBodyByteCount: Int

    var routes: [Route] {
        [
            Route(.get, "/healthz", use: health),
            Route(.get, "/readyz", use: readiness),
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
            readiness = try await workers.run { [backend] in try backend.readiness() }
        } catch RequestFault.tooBusy {
            throw RequestFault.tooBusy
        } catch {
            context.logger.error("not ready", metadata: ["error": "\(error)"])
            throw RequestFault.notReady
        }
        var response = try Response.json(
            ReadinessDescription(readiness, maximumBodyByteCount: maximumBodyByteCount)
        )
        response.headers[.cacheControl] = "no-store"
        return response
    }
}
