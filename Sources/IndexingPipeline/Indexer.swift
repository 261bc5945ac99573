public import Catalog
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
    ///   - library: Opened for `embedder`'s model; a run has to hold its writer's lock.
    ///   - embedder: Makes the vectors.
    ///   - decoder: Makes the pixels.
    ///   - jobs: Threads that decode and embed, at least 1; as many as there are cores is best.
    ///   - retriesRefused: Whether files that were refused are tried again although they have not changed.
    public init(
        library: Library,
        embedder: ImageEmbedder,
        decoder: any PictureDecoding,
        jobs: Int,
        retriesRefused: Bool = false
    ) {
        precondition(jobs >= 1, "\(jobs) threads index nothing")
        processor = FileProcessor(
            library: library,
            embedder: embedder,
            decoder: decoder,
            retriesRefused: retriesRefused
        )
        self.jobs = jobs
    }

    /// Indexes everything in `folders` that is new or has changed, and marks what is gone.
    ///
    /// Blocks until it is done. A file that cannot be indexed costs only itself: it is named in the summary.
    ///
    /// - Parameters:
    ///   - folders: Folders, or single files, as ``resolve(_:)`` gives them. Folders are remembered, with their rules.
    ///   - cancellation: Stops the run at the next picture when asked.
    ///   - report: Called on this thread.
    /// - Throws: ``IndexingError`` when a rule is unusable, or an error of the catalog or the index file.
    public func run(
        folders: [IndexedFolder],
        cancellation: Cancellation = Cancellation(),
        report: (IndexingEvent) -> Void = { _ in }
    ) throws -> IndexingSummary {
        let areas = try folders.map { ScanArea(root: $0.path, rules: try ScanRules($0.rules)) }
        try processor.library.catalog.remember(folders.filter { Self.isFolder($0.path) })
        return try run(areas: areas, cancellation: cancellation, report: report)
    }

    /// Indexes what is in some areas.
    ///
    /// - Parameters:
    ///   - savesIndex: Whether the index file is brought up to date at the end; the catalog always is.
    ///   - willList: Called on a thread of its own with each folder before it is listed.
    func run(
        areas: [ScanArea],
        savesIndex: Bool = true,
        cancellation: Cancellation,
        willList: @escaping @Sendable (FilePath) -> Void = { _ in },
        report: (IndexingEvent) -> Void
    ) throws -> IndexingSummary {
        var run = IndexingRun(library: processor.library, areas: areas)
        let stages = RunningStages(
            processor: processor,
            jobs: jobs,
            scanner: DirectoryScanner(willList: willList),
            areas: areas,
            cancellation: cancellation
        )
        do {
            while let batch = stages.nextBatch() {
                try run.commit(batch, report)
                report(.progress(stages.progress(done: run.doneCount, since: run.start)))
            }
            try run.conclude(stages.finish(), wasCancelled: cancellation.isCancelled, report)
        } catch {
            cancellation.cancel()
            stages.abandon()
            run.salvage()
            throw error
        }
        var progress = stages.progress(done: run.doneCount, since: run.start)
        progress.isSaving = true
        report(.progress(progress))
        return try run.summarize(savesIndex: savesIndex)
    }

    /// Tells what a run would look at, without reading or writing anything but names and the catalog.
    ///
    /// - Throws: ``IndexingError`` when a rule is unusable, or an error of the catalog.
    public static func preview(
        folders: [IndexedFolder],
        catalog: Catalog?,
        model: ModelID?,
        _ report: (FilePath, FilePreview) -> Void
    ) throws {
        for folder in folders {
            let area = ScanArea(root: folder.path, rules: try ScanRules(folder.rules))
            var failure: CatalogError?
            DirectoryScanner().walk(area) { finding in
                do throws(CatalogError) {
                    switch finding {
                    case .candidate(let path, let stamp):
                        report(path, try preview(path, stamp, catalog: catalog, model: model))
                    case .refused(let path, _, let refusal): report(path, .refused(refusal))
                    case .unreadable(let path, let refusal): report(path, .refused(refusal))
                    case .excluded(let path, let exclusion): report(path, .excluded(exclusion))
                    }
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
            if let failure { throw failure }
        }
    }

    private static func preview(
        _ path: FilePath,
        _ stamp: FileStamp,
        catalog: Catalog?,
        model: ModelID?
    ) throws(CatalogError) -> FilePreview {
        guard let catalog, let model else { return .read }
        let known = try catalog.knownFile(at: path, model: model)
        if let known, known.stamp == stamp {
            if known.isEmbedded { return .unchanged }
            if let refusal = known.refusal { return .refused(refusal) }
        }
        let others = try catalog.files(like: stamp, movedTo: path, model: model)
        return others.isEmpty ? .read : .moved
    }

    static func isFolder(_ path: FilePath) -> Bool {
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
