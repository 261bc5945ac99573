internal import PictureFetching

/// What the routes of one server share, and what is counted of them.
struct ServerState: Sendable {
    let gatekeeper: Gatekeeper
    let connections: Connections
    let rateLimit: RateLimit?
    let metrics = ServerMetrics()
    let thumbnails: ThumbnailCache
    /// Places for request bodies in memory.
    let uploads: Places
    let fetched: FetchedPictures

    /// - Parameters:
    ///   - maximumConnectionCount: What there is room for, if that is less than what is configured.
    ///   - fetcher: Fetches pictures from addresses where the configuration allows it; for tests.
    init(
        _ configuration: ServerConfiguration,
        maximumConnectionCount: Int? = nil,
        fetcher: @autoclosure () -> PictureFetcher = PictureFetcher()
    ) {
        gatekeeper = Gatekeeper(
            tokens: configuration.tokens,
            sessions: Sessions(),
            opensToAll: configuration.isBoundToLoopback
        )
        connections = Connections(
            maximumCount: maximumConnectionCount ?? configuration.maximumConnectionCount,
            maximumCountPerAddress: configuration.maximumConnectionCountPerAddress
        )
        rateLimit = configuration.requestsPerSecond.map { RateLimit(requestsPerSecond: $0) }
        thumbnails = ThumbnailCache(maximumByteCount: configuration.maximumThumbnailCacheByteCount)
        fetched = FetchedPictures(
            fetcher: configuration.allowsURLs ? fetcher() : nil,
            maximumByteCount: configuration.maximumBodyByteCount
        )
        uploads = Places(count: configuration.maximumUploadCount)
    }
}
