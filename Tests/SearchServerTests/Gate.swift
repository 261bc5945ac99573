import Foundation
import QueryPipeline
import Synchronization

/// Holds searches back until it is opened, and tells when one has come.
final class Gate: Sendable {
    private let condition = NSCondition()
    private let isOpen = Mutex(false)
    private let arrivals = AsyncStream<Void>.makeStream()

    /// Blocks until the gate is open.
    func wait() -> SearchResponse {
        condition.lock()
        while !isOpen.withLock({ $0 }) { condition.wait() }
        condition.unlock()
        return .empty
    }

    /// Lets every search through, now and later.
    func open() {
        condition.lock()
        isOpen.withLock { $0 = true }
        condition.broadcast()
        condition.unlock()
    }

    /// Says that a search has come to the gate.
    func arrive() {
        arrivals.continuation.yield()
    }

    /// Waits until a search has come to the gate.
    func arrival() async {
        for await _ in arrivals.stream { return }
    }
}
