import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline

#if canImport(Glibc)
@preconcurrency import Glibc
#else
import Darwin
#endif

/// An indexing run as commands do it: in worker processes, with progress shown, stopped by signals.
final class IndexingSession {
    private let indexer: Indexer
    private let cancellation = Cancellation()
    private let signals: InterruptSignals

    init(
        library: Library,
        embedder: ImageEmbedder,
        jobs: Int,
        decoding: DecodingOptions,
        retriesRefused: Bool = false
    ) {
        let pipelines = pipelineCount(keepingBusy: jobs)
        let decoder = decoding.decoder(processCount: pipelines)
        indexer = Indexer(
            library: library,
            embedder: embedder,
            decoder: decoder,
            jobs: pipelines,
            retriesRefused: retriesRefused
        )
        signals = InterruptSignals { [cancellation] in
            cancellation.cancel()
            decoder.stop()
        }
    }

    deinit { signals.stop() }

    /// The exit code that a signal asks for; nil when none has come.
    var exitCode: Int32? { signals.exitCode }

    /// Runs, shows progress on standard error, and hands everything else on.
    func index(_ folders: [IndexedFolder], _ report: (IndexingEvent) -> Void) throws -> IndexingSummary {
        var display = ProgressDisplay(isTerminal: standardErrorIsTerminal)
        defer { display.finish() }
        return try indexer.run(folders: folders, cancellation: cancellation) { event in
            if case .progress(let progress) = event { display.show(progress) } else { report(event) }
        }
    }
}

/// How many pictures have to be on their way for so many cores to have work: when one is handed to the process that decodes
/// it, its core would rest for a moment. Measured on two cores: three keep up with decoding in this process, two lose a
/// tenth of the rate.
func pipelineCount(keepingBusy cores: Int) -> Int {
    cores == 1 ? 1 : cores + max(1, cores / 4)
}

/// Lets other programs go first; threads and processes started afterwards do so as well.
func giveWay(by nice: Int32) {
    // Where it is not allowed, the work is done all the same.
    if nice > 0 { setpriority(priorityOfProcess, 0, nice) }
}

#if canImport(Glibc)
private let priorityOfProcess = Int32(PRIO_PROCESS.rawValue)
#else
private let priorityOfProcess = PRIO_PROCESS
#endif
