internal import Catalog
internal import QueryPipeline

/// The library and the server in figures.
struct StatisticsDescription: Encodable {
    struct Stage: Encodable {
        let stage: String
        let count: Int
        /// Milliseconds that half of all took at most, and 95 and 99 of 100.
        let p50: Double
        let p95: Double
        let p99: Double
    }

    struct Server: Encodable {
        let uptimeSeconds: Int
        let requests: Int
        /// Answers whose fault was ours, 500 to 599.
        let errors: Int
        let requestsRunning: Int
        let requestsWaiting: Int
        let stages: [Stage]
    }

    let images: Int
    let files: Int
    let missingFiles: Int
    let refusedFiles: Int
    let model: String
    let indexedImageCount: Int
    let regionsPerImage: Int
    let judgements: Int
    let interactions: Int
    /// Absent as long as nothing was shown.
    let clickThroughRate: Double?
    let server: Server

    init(_ library: LibraryStatistics, state: ServerState, load: (running: Int, waiting: Int)) {
        images = library.counts.images
        files = library.counts.files
        missingFiles = library.counts.missingFiles
        refusedFiles = library.counts.refusedFiles
        model = library.model
        indexedImageCount = library.indexedImageCount
        regionsPerImage = library.regionsPerImage
        judgements = library.feedback.judgements
        interactions = library.feedback.interactions
        let impressions = library.feedback.impressions
        clickThroughRate = impressions > 0 ? Double(library.feedback.clicks) / Double(impressions) : nil
        server = Server(state, load: load)
    }
}

extension StatisticsDescription.Server {
    fileprivate init(_ state: ServerState, load: (running: Int, waiting: Int)) {
        let figures = state.metrics.figures
        uptimeSeconds = Int((ContinuousClock.now - state.metrics.start).components.seconds)
        requests = figures.requests.values.reduce(0) { $0 + $1.duration.count }
        errors = figures.requests.values.reduce(0) { $0 + $1.countsByStatusClass[5] }
        requestsRunning = load.running
        requestsWaiting = load.waiting
        stages = figures.stages.sorted { $0.key < $1.key }.map { stage, latencies in
            func rounded(_ share: Double) -> Double { (latencies.percentile(share) * 1000).rounded() / 1000 }
            return .init(
                stage: stage,
                count: latencies.count,
                p50: rounded(0.5),
                p95: rounded(0.95),
                p99: rounded(0.99)
            )
        }
    }
}
