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
    private let scan: ScanID
    private let roots: [FilePath]
    private var summary = IndexingSummary()
    private var times = StageTimes()
    private var unsavedCount = 0

    init(library: Library, scan: ScanID, roots: [FilePath]) {
        self.library = library
        self.scan = scan
        self.roots = roots
    }

    /// Files dealt with so far.
    var doneCount: Int {
        summary.embedded + summary.duplicates + summary.unchanged + summary.refused.count
    }

    /// Commits one batch in one transaction, and lets the index catch up.
    mutating func commit(_ batch: [FileProcessor.Result]) throws {
        let library = library
        let scan = scan
        let isNew = try times.measure(.store) { () throws(CatalogError) in
            try library.catalog.record(batch.map(\.outcome), scan: scan, model: library.index.catalogModel)
        }
        try times.measure(.insert) { try library.index.catchUp() }
        for (result, isNew) in zip(batch, isNew) { count(result, isNew: isNew) }
        unsavedCount += isNew.count { $0 }
        if unsavedCount >= max(Self.savingInterval, library.index.count / 4) { try save() }
    }

    /// Takes in what the walk found out; marks what is gone when the walk went to its end.
    mutating func conclude(_ walk: RunningStages.Walk, wasCancelled: Bool) throws {
        times.add(walk.times)
        summary.found = walk.found
        summary.ignored = walk.ignored
        summary.refused += walk.unreadable
        summary.refused.sort { $0.path.string < $1.path.string }
        summary.wasCancelled = wasCancelled
        guard !wasCancelled else { return }
        summary.missing = try library.catalog.finishScan(
            scan,
            of: roots,
            except: walk.unreadable.map(\.path)
        )
        try library.index.catchUp()
    }

    /// Saves what can be saved when a run has failed. What is committed is safe; a snapshot only spares the
    /// next opening the work, so failing here changes nothing.
    mutating func salvage() {
        try? save()
    }

    /// Saves the index and returns the summary.
    mutating func summarize() throws -> IndexingSummary {
        try save()
        summary.indexedImages = library.index.count
        summary.stageSeconds = times.seconds
        summary.seconds = (ContinuousClock.now - start) / .seconds(1)
        return summary
    }

    private mutating func save() throws {
        let index = library.index
        try times.measure(.save) { try index.save() }
        unsavedCount = 0
    }

    private mutating func count(_ result: FileProcessor.Result, isNew: Bool) {
        if let refused = result.refused {
            summary.refused.append(refused)
            return
        }
        switch result.outcome {
        case .unchanged: summary.unchanged += 1
        case .known: if result.isUnchanged { summary.unchanged += 1 } else { summary.duplicates += 1 }
        case .embedded: if isNew { summary.embedded += 1 } else { summary.duplicates += 1 }
        case .refused: preconditionFailure("a refused file without its reason")
        }
    }
}
