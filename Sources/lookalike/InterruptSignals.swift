import Dispatch

#if canImport(Glibc)
@preconcurrency import Glibc
#else
import Darwin
#endif

/// Calls a handler at the first SIGINT or SIGTERM; a second one ends the process as usual.
final class InterruptSignals {
    private let sources: [any DispatchSourceSignal]

    init(_ handler: @escaping @Sendable () -> Void) {
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                signal(number, SIG_DFL)
                handler()
            }
            source.resume()
            return source
        }
    }

    /// Gives the signals their usual effect again.
    func stop() {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
}
