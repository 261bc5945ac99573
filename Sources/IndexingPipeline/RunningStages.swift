internal import Catalog
internal import Foundation
internal import Synchronization
internal import SystemPackage

/// Runs the scanner and the workers of one indexing run, each on a thread of its own.
final class RunningStages: Sendable {
    /// What goes on to be committed.
    enum Settled: Sendable {
        case file(FileProcessor.Result)
        /// Only to be told of.
        case excluded(FilePath, Exclusion)
    }

    /// What the walk and the workers know at the end.
    struct Walk: Sendable {
        var found = 0
        var excluded: [Exclusion: Int] = [:]
        /// Roots in which there is nothing.
        var emptyRoots: Set<FilePath> = []
        var hasEnded = false
        var unreadable: [RefusedFile] = []
        var times = StageTimes()
        var failure: CatalogError?
    }

    private let findings = BoundedQueue<DirectoryScanner.Finding>(capacity: 256)
    private let results = BoundedQueue<Settled>(capacity: 2 * Indexer.batchSize)
    private let cancellation: Cancellation
    private let walk = Mutex(Walk())
    private let threads = DispatchGroup()

    init(
        processor: FileProcessor,
        jobs: Int,
        scanner: DirectoryScanner,
        areas: [ScanArea],
        cancellation: Cancellation
    ) {
        self.cancellation = cancellation
        start("scanner") { $0.scan(areas, with: scanner) }
        let running = DispatchGroup()
        for number in 1...jobs {
            running.enter()
            start("worker \(number)") { stages in
                stages.work(processor)
                running.leave()
            }
        }
        running.notify(queue: .global()) { [results] in results.close() }
    }

    /// The next outcomes to commit; nil when there will be none.
    func nextBatch() -> [Settled]? {
        results.receive(upTo: Indexer.batchSize, patience: Indexer.batchPatience)
    }

    /// How far the run has come.
    func progress(done: Int, since start: ContinuousClock.Instant) -> IndexingProgress {
        walk.withLock { walk in
            IndexingProgress(
                found: walk.found,
                hasFoundAll: walk.hasEnded,
                done: done,
                elapsedSeconds: (ContinuousClock.now - start) / .seconds(1)
            )
        }
    }

    /// Waits for all threads and returns what they know; throws what made a worker give up.
    func finish() throws -> Walk {
        threads.wait()
        let walk = walk.withLock { $0 }
        if let failure = walk.failure { throw failure }
        return walk
    }

    /// Lets all threads run out without waiting for anybody to take their results.
    func abandon() {
        findings.close()
        results.close()
        threads.wait()
    }

    private func start(_ name: String, _ body: @escaping @Sendable (RunningStages) -> Void) {
        threads.enter()
        // The body goes before the thread counts as ended: it holds the library, and with it the writer's
        // lock.
        let body = Mutex<(@Sendable (RunningStages) -> Void)?>(body)
        let thread = Thread { [self] in
            body.withLock { $0.take() }?(self)
            threads.leave()
        }
        thread.name = name
        thread.start()
    }

    private func scan(_ areas: [ScanArea], with scanner: DirectoryScanner) {
        for area in areas where !cancellation.isCancelled {
            var isEmpty = true
            scanner.walk(area) { finding in
                isEmpty = false
                switch finding {
                case .candidate, .refused:
                    walk.withLock { $0.found += 1 }
                    findings.send(finding)
                case .unreadable(let path, let refusal):
                    walk.withLock { $0.unreadable.append(RefusedFile(path: path, refusal: refusal)) }
                case .excluded(_, let exclusion):
                    walk.withLock { $0.excluded[exclusion, default: 0] += 1 }
                    findings.send(finding)
                }
                return !cancellation.isCancelled
            }
            if isEmpty { walk.withLock { _ = $0.emptyRoots.insert(area.root) } }
        }
        walk.withLock { $0.hasEnded = true }
        findings.close()
    }

    private func work(_ processor: FileProcessor) {
        var times = StageTimes()
        while let finding = findings.receive() {
            // Once the run is to stop, what has been found is let go; the next run finds it again.
            guard !cancellation.isCancelled else { continue }
            do {
                switch finding {
                case .candidate(let path, let stamp):
                    let result = try processor.process(path, stamp, &times)
                    // Stopping ends the workers too: what they could not finish says nothing of the file.
                    if !cancellation.isCancelled { results.send(.file(result)) }
                case .refused(let path, let stamp, let refusal):
                    results.send(.file(processor.refusal(path, stamp, refusal)))
                case .excluded(let path, let exclusion):
                    results.send(.excluded(path, exclusion))
                case .unreadable:
                    break
                }
            } catch {
                walk.withLock { $0.failure = $0.failure ?? error }
                cancellation.cancel()
            }
        }
        walk.withLock { $0.times.add(times) }
    }
}
