internal import Foundation
internal import Synchronization

/// Counts what several threads have done.
final class Counter: Sendable {
    private let count = Mutex(0)

    func increment() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

/// Computes `body` of 0 ..< `count` on so many threads, and returns the results in order.
func inParallel<Value: Sendable>(
    _ count: Int,
    jobs: Int,
    _ body: @Sendable (Int) -> Value
) -> [Value] {
    let results = Mutex([Value?](repeating: nil, count: count))
    let next = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, count))) { _ in
        while let index = next.withLock({ next -> Int? in
            guard next < count else { return nil }
            next += 1
            return next - 1
        }) {
            let value = body(index)
            results.withLock { $0[index] = value }
        }
    }
    return results.withLock { $0 }.map { $0! }
}
