public import Evaluation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
public import QueryPipeline
public import ServiceLifecycle

public import struct Foundation.URL

/// Builds the server of `pipeline`'s library as a service that a `ServiceGroup` can run.
///
/// It starts to listen when it is run, and stops gracefully: no new connections, the requests under way are
/// answered, then the worker threads end. Routes and their answers are described in `docs/http-api.md`.
///
/// - Parameters:
///   - pipeline: Answers the searches. Called from several threads at once.
///   - judging: Says what is to be judged on the page, and keeps it.
///   - configuration: Where to listen, and the limits.
///   - logger: Receives a line per request at debug level, and every fault of the server's own at error
///     level.
///   - onServing: Called once the server listens, with the address to open in a browser.
public func buildApplication(
    pipeline: SearchPipeline,
    judging: JudgingDesk,
    configuration: ServerConfiguration,
    logger: Logger,
    onServing: @escaping @Sendable (URL) async -> Void = { _ in }
) -> some Service {
    application(
        backend: pipeline,
        library: LibraryService(pipeline: pipeline),
        judging: judging,
        configuration: configuration,
        logger: logger,
        onServing: onServing
    )
}

func application(
    backend: some SearchBackend,
    library: LibraryService? = nil,
    judging: some JudgingBackend,
    configuration: ServerConfiguration,
    logger: Logger,
    onServing: @escaping @Sendable (URL) async -> Void
) -> some ApplicationProtocol {
    let workers = BlockingWorkers(
        threadCount: configuration.workerCount,
        maximumWaitingCount: configuration.maximumWaitingCount
    )
    // Connections that the system has no more files for could not even be turned away.
    let state = ServerState(
        configuration,
        maximumConnectionCount: max(
            1,
            min(configuration.maximumConnectionCount, FileLimit.raise() - FileLimit.reserve)
        )
    )
    let router = router(
        backend: backend,
        library: library,
        judging: judging,
        workers: workers,
        configuration: configuration,
        state: state
    )
    var application = Application(
        router: router,
        server: HTTPServerBuilder { responder in
            ServerChannel(
                responder: responder,
                limits: configuration,
                connections: state.connections,
                encryption: configuration.encryption?.context
            )
        },
        configuration: .init(
            address: .hostname(configuration.host, port: configuration.port),
            serverName: nil,
            backlog: configuration.maximumConnectionCount
        ),
        services: [workers],
        onServerRunning: { channel in
            await onServing(configuration.url(port: channel.localAddress?.port ?? configuration.port))
        },
        logger: logger
    )
    application.beforeServerStarts { workers.start() }
    return application
}

/// Builds the routes and what surrounds them; a test can ask it for answers without a socket.
func router(
    backend: some SearchBackend,
    library: LibraryService? = nil,
    judging: some JudgingBackend,
    workers: BlockingWorkers,
    configuration: ServerConfiguration,
    state: ServerState
) -> Router<Route.Context> {
    let routes = allRoutes(
        backend: backend,
        library: library,
        judging: judging,
        workers: workers,
        configuration: configuration,
        state: state
    )
    let router = Router(context: Route.Context.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: Identification(gatekeeper: state.gatekeeper))
    router.add(
        middleware: Observation(metrics: state.metrics, logLevel: configuration.logsRequests ? .info : .debug)
    )
    router.add(middleware: ResponseHeaders())
    router.add(
        middleware: ProblemResponses(metrics: state.metrics, allowedMethods: { routes.methods(of: $0) })
    )
    router.add(middleware: RequestGuard(requiresLoopbackHost: configuration.isBoundToLoopback))
    for route in routes {
        router.on(RouterPath(route.path), method: route.method, use: route.answer(state.rateLimit))
    }
    return router
}

func allRoutes(
    backend: some SearchBackend,
    library: LibraryService? = nil,
    judging: some JudgingBackend,
    workers: BlockingWorkers,
    configuration: ServerConfiguration,
    state: ServerState
) -> [Route] {
    let search = SearchRoutes(
        backend: backend,
        workers: workers,
        uploads: state.uploads,
        fetched: state.fetched,
        maximumBodyByteCount: configuration.maximumBodyByteCount,
        metrics: state.metrics
    )
    let images = ImageRoutes(backend: backend, workers: workers, thumbnails: state.thumbnails)
    let health = HealthRoutes(
        backend: backend,
        workers: workers,
        maximumBodyByteCount: configuration.maximumBodyByteCount,
        acceptsURLs: configuration.allowsURLs
    )
    let judgements = JudgingRoutes(backend: backend, judging: judging, workers: workers)
    let feedback = FeedbackRoutes(
        backend: backend,
        workers: workers,
        keepsFeedback: configuration.keepsFeedback
    )
    let session = SessionRoutes(
        sessions: state.gatekeeper.sessions,
        isSecure: configuration.encryption != nil
    )
    let figures = FigureRoutes(backend: backend, workers: workers, state: state)
    let management = LibraryRoutes(
        service: library,
        workers: workers,
        uploads: state.uploads,
        fetched: state.fetched,
        maximumBodyByteCount: configuration.maximumBodyByteCount
    )
    let jobs = JobRoutes(jobs: library?.jobs, workers: workers)
    return search.routes + images.routes + management.routes + jobs.routes + judgements.routes
        + feedback.routes + health.routes
        + figures.routes + session.routes + PageRoutes().routes
}
