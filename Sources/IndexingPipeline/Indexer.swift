internal import Catalog
internal import Foundation
public import ImageDecoding
public import ImageEmbedding
public import ImageLibrary
public import SystemPackage

/// Brings folders of pictures into a library: scan → read, decode and embed on each core → one catalog
/// transaction per batch → index.
///
/// The chapter's indexing pipeline. Stages are joined by bounded queues, so memory does not grow with the
/// collection; each picture is decoded and embedded on one core, which is faster than sharing one picture
/// among cores. A run is incremental and can be stopped anywhere: what it has committed stays, and the next
/// run goes on from there.
public struct Indexer: Sendable {
    /// Outcomes committed in one transaction at most: one disk sync for so many pictures.
    static let batchSize = 64
    /// Seconds after which a smaller batch is committed.
    static let batchPatience = 0.5

    private let processor: FileProcessor
    private let jobs: Int

    /// Creates an indexer.
    ///
    /// - Parameters:
    ///   - library: Opened for writing, and for `embedder`'s model.
    ///   - jobs: Threads that decode and embed, at least 1; as many as there are cores is best.
    public init(library: Library, embedder: ImageEmbedder, decoder: any PictureDecoding, jobs: Int) {
        precondition(jobs >= 1, "\(jobs) threads index nothing")
        processor = FileProcessor(library: library, embedder: embedder, decoder: decoder)
        self.jobs = jobs
    }

    /// Indexes everything below `roots` that is new or has changed, and marks what is gone.
    ///
    /// Blocks until it is done. A file that cannot be indexed costs only itself: it is named in the summary.
    ///
    /// - Parameters:
    ///   - roots: Folders, or single files.
    ///   - cancellation: Stops the run at the next picture when asked.
    ///   - report: Called on this thread after each batch.
    /// - Throws: ``IndexingError`` when a root cannot be read, or an error of the catalog or the index file.
    public func run(
        roots: [FilePath],
        cancellation: Cancellation = Cancellation(),
        report: (IndexingProgress) -> Void = { _ in }
    ) throws -> IndexingSummary {
        let roots = try Self.resolve(roots)
        let catalog = processor.library.catalog
        let scan = try catalog.beginScan(of: roots.filter(Self.isFolder))
        var run = IndexingRun(library: processor.library, scan: scan, roots: roots)
        let stages = RunningStages(processor: processor, jobs: jobs, roots: roots, cancellation: cancellation)
        do {
            while let batch = stages.nextBatch() {
                try run.commit(batch)
                report(stages.progress(done: run.doneCount, since: run.start))
            }
            try run.conclude(stages.finish(), wasCancelled: cancellation.isCancelled)
        } catch {
            cancellation.cancel()
            stages.abandon()
            run.salvage()
            throw error
        }
        return try run.summarize()
    }

    private static func isFolder(_ path: FilePath) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path.string, isDirectory: &isFolder)
            && isFolder.boolValue
    }

    /// Returns the absolute paths of `roots` without symbolic links, and without those that lie in another.
    ///
    /// - Throws: ``IndexingError`` when one is not there or may not be read.
    public static func resolve(_ roots: [FilePath]) throws(IndexingError) -> [FilePath] {
        var resolved: [FilePath] = []
        for root in roots {
            guard let real = root.withPlatformString({ realpath($0, nil) }) else {
                throw .unreadableRoot(path: root.string, reason: Errno(rawValue: errno).description)
            }
            defer { free(real) }
            let path = FilePath(platformString: real)
            guard access(real, isFolder(path) ? R_OK | X_OK : R_OK) == 0 else {
                throw .unreadableRoot(path: path.string, reason: Errno(rawValue: errno).description)
            }
            resolved.append(path)
        }
        let unique = Set(resolved)
        return unique.filter { path in
            var folder = path
            while folder.removeLastComponent() {
                if unique.contains(folder) { return false }
            }
            return true
        }
        .sorted { $0.string < $1.string }
    }
}
