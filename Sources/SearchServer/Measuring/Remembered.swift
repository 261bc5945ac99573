internal import Synchronization

/// Remembers a value for a while, for askers who do not mind if it is a little old.
final class Remembered<Value: Sendable>: Sendable {
    private let lifetime: Duration
    private let kept = Mutex<(value: Value, end: ContinuousClock.Instant)?>(nil)

    init(for lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// Returns the value, as long as it is young enough.
    func value(at now: ContinuousClock.Instant = .now) -> Value? {
        kept.withLock { kept in kept.flatMap { $0.end > now ? $0.value : nil } }
    }

    /// The last value, however old.
    var last: Value? { kept.withLock { $0?.value } }

    /// Remembers `value` from now on.
    func remember(_ value: Value, at now: ContinuousClock.Instant = .now) {
        kept.withLock { $0 = (value, now + lifetime) }
    }
}
