internal import Synchronization

/// Counts how often each client asks: a bucket of tokens that fills at a steady rate, and one token per request.
final class RateLimit: Sendable {
    /// The most clients that are remembered; of more, those who asked least lately are forgotten.
    static let maximumClientCount = 10_000

    private struct Bucket {
        var level: Double
        var at: ContinuousClock.Instant
    }

    private let requestsPerSecond: Double
    private let capacity: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    /// - Parameter requestsPerSecond: What one client may ask in the long run; twice as many at once.
    init(requestsPerSecond: Double) {
        precondition(
            requestsPerSecond > 0,
            "\(requestsPerSecond) requests a second would never let anybody in"
        )
        self.requestsPerSecond = requestsPerSecond
        capacity = max(1, 2 * requestsPerSecond)
    }

    /// Counts a request.
    ///
    /// - Throws: ``RequestFault/rateLimited(seconds:)`` when the client has to wait, with whole seconds, at least 1.
    func count(_ client: String, now: ContinuousClock.Instant = .now) throws {
        let wait = buckets.withLock { buckets -> Double? in
            var bucket = buckets[client] ?? Bucket(level: capacity, at: now)
            refill(&bucket, now: now)
            guard bucket.level >= 1 else {
                buckets[client] = bucket
                return (1 - bucket.level) / requestsPerSecond
            }
            bucket.level -= 1
            if buckets[client] == nil, buckets.count >= Self.maximumClientCount { makeRoom(in: &buckets) }
            buckets[client] = bucket
            return nil
        }
        if let wait { throw RequestFault.rateLimited(seconds: max(1, Int(wait.rounded(.up)))) }
    }

    private func refill(_ bucket: inout Bucket, now: ContinuousClock.Instant) {
        let seconds = (now - bucket.at) / .seconds(1)
        bucket.level = min(capacity, bucket.level + max(0, seconds) * requestsPerSecond)
        bucket.at = now
    }

    /// Forgets the half that has been quiet longest; once in many thousand clients.
    private func makeRoom(in buckets: inout [String: Bucket]) {
        let quiet = buckets.sorted { $0.value.at < $1.value.at }.prefix(Self.maximumClientCount / 2)
        for (client, _) in quiet { buckets[client] = nil }
    }
}
