internal import Catalog
internal import Foundation
internal import ImageLibrary
internal import IndexingPipeline
internal import NIOConcurrencyHelpers
internal import QueryPipeline
internal import SystemPackage

/// Runs indexing for clients, one job at a time, each on a thread of its own.
final class IndexingJobs: Sendable {
    /// How a job stands.
    struct Job: Sendable, Equatable {
        enum State: String, Sendable, Encodable {
            case running, done, stopped, failed
        }

        let id: Int
        /// The folder; nil for all that are remembered.
        let folder: String?
        private(set) var state = State.running
        var found = 0
        var done = 0
        var added = 0
        var refused = 0
        let startedAt: Date
        private(set) var endedAt: Date?
        var error: String?

        /// Both at once: whoever reads that a job is over reads since when.
        mutating func end(_ state: State) {
            (self.state, endedAt) = (state, Date())
        }
    }

    private struct Entry {
        var job: Job
        let cancellation: Cancellation
    }

    /// Jobs that are remembered.
    private static let maximumCount = 100
    private let pipeline: SearchPipeline
    private let entries = NIOLockedValueBox<[Entry]>([])
    private let lastID = NIOLockedValueBox(0)

    init(pipeline: SearchPipeline) {
        self.pipeline = pipeline
    }

    /// All jobs that are remembered, the newest first.
    var all: [Job] { entries.withLockedValue { $0.reversed().map(\.job) } }

    /// The job with this number.
    func job(_ id: Int) -> Job? { entries.withLockedValue { $0.first { $0.job.id == id }?.job } }

    /// Asks a job to stop; what it has done stays.
    func stop(_ id: Int) -> Job? {
        entries.withLockedValue { entries in
            guard let entry = entries.first(where: { $0.job.id == id }) else { return nil }
            entry.cancellation.cancel()
            return entry.job
        }
    }

    /// Starts a job.
    ///
    /// - Parameter folder: A folder to index from now on; nil for all that are remembered.
    /// - Throws: ``RequestFault/jobRunning``, or `IndexingError` when the folder cannot be read.
    func start(folder: String?) throws -> Job {
        let folders = try self.folders(folder)
        let cancellation = Cancellation()
        let job = try entries.withLockedValue { entries in
            guard !entries.contains(where: { $0.job.state == .running }) else {
                throw RequestFault.jobRunning
            }
            let id = lastID.withLockedValue { id in
                id += 1
                return id
            }
            let job = Job(id: id, folder: folder, startedAt: Date())
            entries.append(Entry(job: job, cancellation: cancellation))
            entries.removeFirst(max(0, entries.count - Self.maximumCount))
            return job
        }
        let thread = Thread { [self] in run(job.id, folders, cancellation) }
        thread.name = "indexing"
        thread.start()
        return job
    }

    /// Indexes one file that is not to be remembered as a folder, in the caller's time.
    func index(file: FilePath) throws {
        let indexer = indexer(jobs: 1)
        _ = try pipeline.library.withWriterLock {
            try indexer.run(folders: [IndexedFolder(path: file)])
        }
    }

    private func indexer(jobs: Int) -> Indexer {
        Indexer(library: pipeline.library, embedder: pipeline.embedder, decoder: pipeline.decoder, jobs: jobs)
    }

    private func folders(_ folder: String?) throws -> [IndexedFolder] {
        let known = try pipeline.library.catalog.indexedFolders()
        guard let folder else { return known }
        let paths = try Indexer.resolve([FilePath(folder)])
        return paths.map { path in known.first { $0.path == path } ?? IndexedFolder(path: path) }
    }

    private func run(_ id: Int, _ folders: [IndexedFolder], _ cancellation: Cancellation) {
        do {
            let indexer = indexer(jobs: ProcessInfo.processInfo.activeProcessorCount)
            let summary = try pipeline.library.withWriterLock {
                try indexer.run(folders: folders, cancellation: cancellation) { event in update(id, event) }
            }
            change(id) { job in
                job.found = summary.found
                job.done = summary.found
                job.added = summary.embedded
                job.refused = summary.refused.count
                job.end(summary.wasCancelled ? .stopped : .done)
            }
        } catch {
            change(id) { job in
                job.error = String(describing: error)
                job.end(.failed)
            }
        }
    }

    private func update(_ id: Int, _ event: IndexingEvent) {
        change(id) { job in
            switch event {
            case .settled(_, .indexed): job.added += 1
            case .settled(_, .refused): job.refused += 1
            case .progress(let progress): (job.found, job.done) = (progress.found, progress.done)
            case .settled, .excluded: break
            }
        }
    }

    private func change(_ id: Int, _ body: (inout Job) -> Void) {
        entries.withLockedValue { entries in
            guard let place = entries.firstIndex(where: { $0.job.id == id }) else { return }
            body(&entries[place].job)
        }
    }
}
