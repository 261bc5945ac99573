internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOHTTP1

/// Turns whatever a route throws into a ``Problem``, and logs what was our own fault.
struct ProblemResponses<Context: RequestContext>: RouterMiddleware {
    let metrics: ServerMetrics
    /// Returns the methods that a path answers to; empty for a path that does not exist.
    let allowedMethods: @Sendable (_ path: String) -> [HTTPRequest.Method]

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPParserError {
            // What follows on this connection makes no sense: the server below answers and closes it.
            throw error
        } catch {
            let problem = Problem(named(error, for: request))
            metrics.count(problem: problem.code)
            if problem.status == 500 {
                context.logger.error(
                    "request failed",
                    metadata: ["path": "\(request.uri.path)", "error": "\(error)"]
                )
            }
            return try problem.response(path: request.uri.path)
        }
    }

    /// The router says "not found" for a path it does not have and for a method that a path does not have.
    private func named(_ error: any Error, for request: Request) -> any Error {
        guard let error = error as? HTTPError, error.status == .notFound else { return error }
        let allowed = allowedMethods(request.uri.path)
        guard !allowed.isEmpty else { return RequestFault.unknownPath }
        return RequestFault.methodNotAllowed(allowed: allowed.map(\.rawValue))
    }
}
