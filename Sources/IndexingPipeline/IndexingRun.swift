internal import Catalog
internal import ImageLibrary
internal import SystemPackage

/// Writes down what the workers of one run bring, and adds it up.
///
/// The order of a write is always the same: catalog first, durable when the call returns; then the index,
/// which follows the catalog; now and then a snapshot of the index.
struct IndexingRun {
    /// New vectors after which a snapshot is saved in the middle of a run, so that a killed run costs the
    /// next opening little; at least a quarter of the index, so that saving stays a small part of a long run.
    private static let savingInterval = 10_000

    let start = ContinuousClock.now
    private let library: Library
    private let areas: [ScanArea]
    private var seen = RowIDs()
    private var summary = IndexingSummary()
    private var times = StageTimes()
    private var unsavedCount = 0

    init(library: Library, areas: [ScanArea]) {
        self.library = library
        self.areas = areas
    }

    /// Files dealt with so far.
    var doneCount: Int {
        summary.embedded + summary.duplicates + summary.moved + summary.unchanged + summary.refused.count
    }

    /// Commits one batch in one transaction, and lets the index catch up.
    mutating func commit(_ settled: [RunningStages.Settled], _ report: (IndexingEvent) -> Void) throws {
        let library = library
        var batch: [FileProcessor.Result] = []
        for one in settled {
            switch one {
            case .file(let result): batch.append(result)
            case .excluded(let path, let exclusion): report(.excluded(path, exclusion))
            }
        }
        let recorded = try times.measure(.store) { () throws(CatalogError) in
            try library.catalog.record(
                batch.map(\.outcome),
                model: library.index.catalogModel,
                regions: library.regions?.catalogModel
            )
        }
        for (result, record) in zip(batch, recorded) {
            seen.insert(record.fileID)
            report(.settled(result.path, count(result, isNew: record.isNew)))
        }
        try times.measure(.insert) { try library.catchUp() }
        unsavedCount += recorded.count { $0.isNew }
        if unsavedCount >= max(Self.savingInterval, library.index.count / 4) { try save() }
    }

    /// Takes in what the walk found out; marks what is gone when the walk went to its end.
    mutating func conclude(
        _ walk: RunningStages.Walk,
        wasCancelled: Bool,
        _ report: (IndexingEvent) -> Void
    ) throws {
        times.add(walk.times)
        summary.found = walk.found
        summary.excluded = walk.excluded
        summary.refused += walk.unreadable
        for file in walk.unreadable { report(.settled(file.path, .refused(file.refusal))) }
        summary.refused.sort { $0.path.string < $1.path.string }
        summary.wasCancelled = wasCancelled
        guard !wasCancelled else { return }
        summary.missing = try library.catalog.markMissing(
            at: areas.map(\.start),
            except: walk.unreadable.map(\.path),
            seen: seen
        )
        if !areas.contains(where: \.isPart) { try library.catalog.forgetUnusedImages() }
        summary.emptiedFolders = areas.filter { !$0.isPart && walk.emptyRoots.contains($0.root) }.map(\.root)
        if summary.missing == 0 { summary.emptiedFolders = [] }
        try library.catchUp()
    }

    /// Saves what can be saved when a run has failed. What is committed is safe; a snapshot only spares the
    /// next opening the work, so failing here changes nothing.
    mutating func salvage() {
        try? save()
    }

    /// Pictures up to which a stopped run still saves its index: a second's work. The next opening catches up with what
    /// a larger one lacks.
    private static let savedWhenStopped = 250_000

    /// Saves the index and returns the summary.
    mutating func summarize(savesIndex: Bool) throws -> IndexingSummary {
        if savesIndex, !summary.wasCancelled || library.index.count <= Self.savedWhenStopped { try save() }
        summary.indexedImages = library.index.count
        summary.stageSeconds = times.seconds
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
        return summary
    }

    private mutating func save() throws {
        let library = library
        try times.measure(.save) { try library.saveIndexes() }
        unsavedCount = 0
    }

    private mutating func count(_ result: FileProcessor.Result, isNew: Bool) -> FileFate {
        if let refusal = result.refusal {
            summary.refused.append(RefusedFile(path: result.path, refusal: refusal))
            return .refused(refusal)
        }
        if result.isUnchanged {
            summary.unchanged += 1
            return .unchanged
        }
        if isNew {
            summary.embedded += 1
            return .indexed
        }
        if case .moved = result.outcome {
            summary.moved += 1
            return .moved
        }
        summary.duplicates += 1
        return .duplicate
    }
}
