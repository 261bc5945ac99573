internal import Synchronization

/// Asks a run to stop, from any thread or a signal's handler.
public final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// Creates a cancellation that has not been asked for.
    public init() {}

    /// Asks the run to stop soon.
    public func cancel() {
        flag.store(true, ordering: .relaxed)
    }

    /// Whether the run has been asked to stop.
    public var isCancelled: Bool { flag.load(ordering: .relaxed) }
}
