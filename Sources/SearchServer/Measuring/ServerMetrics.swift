internal import QueryPipeline
internal import Synchronization

/// Counts what the server does, from its start.
final class ServerMetrics: Sendable {
    struct Address: Hashable {
        let method: String
        /// A route's path with its placeholders, or "none": never what a client wrote, of which there is no end.
        let route: String
    }

    struct Requests: Sendable {
        /// By the first digit of the status, 1 to 5.
        var countsByStatusClass = [Int](repeating: 0, count: 6)
        var duration = LatencyHistogram()
    }

    struct Figures: Sendable {
        var requests: [Address: Requests] = [:]
        var stages: [String: LatencyHistogram] = [:]
        /// Problems by their codes.
        var problems: [String: Int] = [:]
    }

    let start = ContinuousClock.now
    private let state = Mutex(Figures())

    var figures: Figures { state.withLock { $0 } }

    /// Counts an answered request.
    func count(_ address: Address, status: Int, milliseconds: Double) {
        state.withLock { state in
            state.requests[address, default: Requests()].countsByStatusClass[min(max(status / 100, 0), 5)] +=
                1
            state.requests[address, default: Requests()].duration.record(milliseconds)
        }
    }

    /// Counts how long the stages of a search took.
    func count(_ timings: [StageTiming]) {
        state.withLock { state in
            for timing in timings {
                state.stages[timing.stage, default: LatencyHistogram()].record(timing.milliseconds)
            }
        }
    }

    /// Counts a problem that a client was told of.
    func count(problem code: String) {
        state.withLock { $0.problems[code, default: 0] += 1 }
    }
}
