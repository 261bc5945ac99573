#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// A lock for every node in the memory of a few: nodes share them by number.
///
/// Whoever holds one takes no other, so sharing cannot make two threads wait for each other.
final class LockStripes: @unchecked Sendable {
    // @unchecked: the pointer is set once, and what it points to are locks.
    private static let count = 1024
    private let locks = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: LockStripes.count)

    init() {
        for index in 0..<Self.count {
            pthread_mutex_init(locks + index, nil)
        }
    }

    deinit {
        for index in 0..<Self.count {
            pthread_mutex_destroy(locks + index)
        }
        locks.deallocate()
    }

    @inline(__always)
    func withLock<Result>(of slot: UInt32, _ body: () -> Result) -> Result {
        let lock = locks + Int(slot) % Self.count
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }
}
