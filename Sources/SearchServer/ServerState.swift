/// What the routes of one server share, and what is counted of them.
struct ServerState: Sendable {
    let gatekeeper: Gatekeeper
    let connections: Connections
    let rateLimit: RateLimit?
    let metrics = ServerMetrics()
    let thumbnails: ThumbnailCache
    /// Places for request bodies in memory.
    let uploads: Places

    init(_ configuration: ServerConfiguration) {
        gatekeeper = Gatekeeper(
            tokens: configuration.tokens,
            sessions: Sessions(),
            opensToAll: configuration.isBoundToLoopback
        )
        connections = Connections(
            maximumCount: configuration.maximumConnectionCount,
            maximumCountPerAddress: configuration.maximumConnectionCountPerAddress
        )
        rateLimit = configuration.requestsPerSecond.map { RateLimit(requestsPerSecond: $0) }
        thumbnails = ThumbnailCache(maximumByteCount: configuration.maximumThumbnailCacheByteCount)
        uploads = Places(count: configuration.maximumUploadCount)
    }
}
