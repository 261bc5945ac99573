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
        judging: judging,
        configuration: configuration,
        logger: logger,
        onServing: onServing
    )
}

func application(
    backend: some SearchBackend,
    judging: some JudgingBackend,
    configuration: ServerConfiguration,
    logger: Logger,
    onServing: @escaping @Sendable (URL) async -> Void
) -> some ApplicationProtocol {
    let workers = BlockingWorkers(
        threadCount: configuration.workerCount,
        maximumWaitingCount: configuration.maximumWaitingCount
    )
    let router = router(backend: backend, judging: judging, workers: workers, configuration: configuration)
    var application = Application(
        router: router,
        server: .http1(
            configuration: .init(
                additionalChannelHandlers: [
                    ConnectionKeeper(
                        maximumBodyByteCount: configuration.maximumBodyByteCount,
                        deadline: configuration.transferDeadline
                    )
                ],
                idleTimeout: TimeAmount(configuration.idleTimeout)
            )
        ),
        configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
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
    judging: some JudgingBackend,
    workers: BlockingWorkers,
    configuration: ServerConfiguration
) -> Router<Route.Context> {
    let routes = allRoutes(backend: backend, judging: judging, workers: workers, configuration: configuration)
    let router = Router(context: Route.Context.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: LogRequestsMiddleware(.debug))
    router.add(middleware: ResponseHeaders())
    router.add(middleware: ProblemResponses(allowedMethods: { routes.methods(of: $0) }))
    router.add(middleware: RequestGuard(requiresLoopbackHost: configuration.isBoundToLoopback))
    for route in routes {
        router.on(RouterPath(route.path), method: route.method, use: route.handler)
    }
    return router
}

func allRoutes(
    backend: some SearchBackend,
    judging: some JudgingBackend,
    workers: BlockingWorkers,
    configuration: ServerConfiguration
) -> [Route] {
    let search = SearchRoutes(
        backend: backend,
        workers: workers,
        uploads: Places(count: configuration.maximumUploadCount),
        maximumBodyByteCount: configuration.maximumBodyByteCount
    )
    let images = ImageRoutes(backend: backend, workers: workers)
    let health = HealthRoutes(
        backend: backend,
        workers: workers,
        maximumBodyByteCount: configuration.maximumBodyByteCount
    )
    let judgements = JudgingRoutes(backend: backend, judging: judging, workers: workers)
    let feedback = FeedbackRoutes(
        backend: backend,
        workers: workers,
        keepsFeedback: configuration.keepsFeedback
    )
    return search.routes + images.routes + judgements.routes + feedback.routes + health.routes
        + PageRoutes().routes
}
