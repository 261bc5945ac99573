import Foundation

@testable import NeighborSearch

/// Runs each body on a thread of its own, all at once, and waits for them. Locks may block them as long as they
/// like, which tasks must not be.
func runOnThreads(_ bodies: [@Sendable () throws -> Void]) throws {
    let outcome = Guarded<[any Error]>([])
    let group = DispatchGroup()
    for body in bodies {
        group.enter()
        Thread.detachNewThread {
            do { try body() } catch { outcome.with { $0.append(error) } }
            group.leave()
        }
    }
    group.wait()
    if let error = outcome.with({ $0.first }) { throw error }
}

/// A value under a lock that the thread sanitizer can follow.
final class Guarded<Value>: @unchecked Sendable {
    // @unchecked: `value` is guarded by `lock`.
    private let lock = ReadWriteLock()
    private var value: Value

    init(_ value: Value) {
        self.value = value
    }

    func with<Result>(_ body: (inout Value) -> Result) -> Result {
        lock.withWriting { body(&value) }
    }
}
