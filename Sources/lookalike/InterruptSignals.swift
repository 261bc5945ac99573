import Dispatch
import Synchronization

#if canImport(Glibc)
@preconcurrency import Glibc
#else
import Darwin
#endif

/// Calls a handler at the first SIGINT or SIGTERM; a second one ends the process as usual.
final class InterruptSignals {
    private let sources: [any DispatchSourceSignal]
    private let caught: Caught

    private final class Caught: Sendable {
        let number = Atomic<Int32>(0)
    }

    init(_ handler: @escaping @Sendable () -> Void) {
        let caught = Caught()
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                signal(number, SIG_DFL)
                caught.number.store(number, ordering: .relaxed)
                handler()
            }
            source.resume()
            return source
        }
        self.caught = caught
    }

    /// What a shell reports of a process that the signal would have ended; nil when none has come.
    var exitCode: Int32? {
        let number = caught.number.load(ordering: .relaxed)
        return number == 0 ? nil : 128 + number
    }

    /// Gives the signals their usual effect again.
    func stop() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
