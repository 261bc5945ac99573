internal import NIOConcurrencyHelpers
internal import NIOPosix
internal import ServiceLifecycle

/// Runs blocking work on threads of its own, with a bounded queue in front of them.
///
/// Decoding, the network and SQLite block; on Swift's cooperative pool, which has one thread per core, a few
/// slow queries would stop every connection from making progress.
struct BlockingWorkers: Service {
    private let pool: NIOThreadPool
    private let places: Places
    private let threadCount: Int

    /// - Parameters:
    ///   - threadCount: How many pieces of work run at the same time; at least 1.
    ///   - maximumWaitingCount: How many more may wait for a thread.
    init(threadCount: Int, maximumWaitingCount: Int) {
        precondition(threadCount > 0, "a pool of \(threadCount) threads would never run anything")
        self.threadCount = threadCount
        pool = NIOThreadPool(numberOfThreads: threadCount)
        places = Places(count: threadCount + maximumWaitingCount)
    }

    /// How many pieces of work are being done, and how many wait for a thread.
    var load: (running: Int, waiting: Int) {
        let taken = places.takenCount
        return (min(taken, threadCount), max(0, taken - threadCount))
    }

    /// Starts the threads; without it ``run(_:)`` throws.
    func start() {
        pool.start()
    }

    /// Waits for `work` to be done on one of the threads and returns its result.
    ///
    /// - Throws: ``RequestFault/tooBusy`` at once when the queue is full, otherwise what `work` throws.
    func run<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await places.occupy { try await pool.runIfActive(work) }
    }

    /// Keeps the threads until the server below has answered its last request, then ends them.
    func run() async throws {
        try? await gracefulShutdown()
        try await stop()
    }

    /// Ends the threads once they have finished what they are at.
    func stop() async throws {
        try await pool.shutdownGracefully()
    }
}

/// A fixed number of places; who finds none free is turned away rather than queued.
struct Places: Sendable {
    private let free: NIOLockedValueBox<Int>
    private let count: Int

    init(count: Int) {
        self.count = count
        free = NIOLockedValueBox(count)
    }

    /// How many places are taken at the moment.
    var takenCount: Int { count - free.withLockedValue { $0 } }

    /// Holds a place while `body` runs.
    ///
    /// - Throws: ``RequestFault/tooBusy`` when none is free, otherwise what `body` throws.
    func occupy<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        let isAdmitted = free.withLockedValue { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard isAdmitted else { throw RequestFault.tooBusy }
        defer { free.withLockedValue { $0 += 1 } }
        return try await body()
    }
}
