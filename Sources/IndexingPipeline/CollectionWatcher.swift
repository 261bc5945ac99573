internal import Catalog
internal import Foundation
public import ImageLibrary
internal import SystemPackage

#if canImport(Glibc)
@preconcurrency internal import Glibc
#else
internal import Darwin
#endif

/// Keeps a library up to date with its folders: what comes is indexed, what goes is marked as missing, within a second or
/// two.
///
/// The system tells of changes; where it may have missed some, and now and then anyway, folders are walked again, which
/// costs little when nothing has changed. The library's writer's lock is held only while something is written, so that other
/// commands get their turn, and what they index is watched as well.
public final class CollectionWatcher {
    /// Something that a watcher tells about.
    public enum Event: Sendable {
        /// All folders have been walked and are watched now; this is what the walk did.
        case caughtUp(IndexingSummary)
        /// Some changes have been taken in.
        case updated(IndexingSummary)
        /// Another process writes to the library; changes wait for it.
        case waiting(holder: String)
        /// The system listens to no more folders; the others are walked every so many seconds.
        case unwatchedFolders(Int)
        /// An update failed, and will be tried again.
        case failed(String)
    }

    private let library: Library
    private let indexer: Indexer
    private let rescanSeconds: Double
    private let events: FolderEvents
    private var folders: [FolderState] = []
    private var rules: [FilePath: ScanRules] = [:]
    private var pending: Set<FilePath> = []
    private var needsRescan = true

    /// Seconds after which the list of folders, and whether they are there, is looked at again.
    private static let attentionSeconds = 1.0
    /// Seconds of silence after which changes are taken in, and seconds after which they are however much goes on.
    private static let (silence, patience) = (0.1, 0.5)
    /// Paths above which the folders they lie in are walked instead.
    private static let manyPaths = 512
    /// Seconds between saves of the index file while changes come.
    private static let savingSeconds = 600.0
    /// Seconds between walks when the system does not listen to all folders.
    private static let unwatchedSeconds = 30.0

    private struct FolderState: Equatable {
        let folder: IndexedFolder
        /// Which device it lies on; nil while it is not there. A drive that comes or goes changes it.
        let device: UInt64?
    }

    /// Prepares to watch all folders that the library has.
    ///
    /// - Parameters:
    ///   - library: Opened for sharing.
    ///   - indexer: Indexes into `library`.
    ///   - rescanSeconds: Seconds after which all folders are walked again though nothing was heard.
    /// - Throws: ``IndexingError/cannotWatch(reason:)``.
    public init(library: Library, indexer: Indexer, rescanSeconds: Double) throws(IndexingError) {
        (self.library, self.indexer, self.rescanSeconds) = (library, indexer, rescanSeconds)
        do {
            events = try FolderEvents()
        } catch {
            throw .cannotWatch(reason: error.description)
        }
    }

    /// Watches until it is cancelled; blocks.
    public func run(cancellation: Cancellation, report: (Event) -> Void) {
        var (lastHeard, firstHeard, lastWalk, lastSave) = (0.0, 0.0, 0.0, now)
        var (lastLook, retryAt, isWaiting, toldUnwatched) = (-Double.infinity, 0.0, false, 0)
        while !cancellation.isCancelled {
            let news = events.wait(milliseconds: 50)
            if !news.changed.isEmpty {
                if pending.isEmpty { firstHeard = now }
                lastHeard = now
                pending.formUnion(news.changed)
            }
            if now - lastLook >= Self.attentionSeconds {
                lastLook = now
                lookAtFolders()
            }
            let interval =
                events.unwatchedCount > 0 ? min(rescanSeconds, Self.unwatchedSeconds) : rescanSeconds
            if news.isIncomplete || now - lastWalk >= interval { needsRescan = true }
            let isDue =
                !pending.isEmpty && (now - lastHeard >= Self.silence || now - firstHeard >= Self.patience)
            guard needsRescan || isDue, now >= retryAt else { continue }
            let walksAll = needsRescan
            do {
                let savesIndex = walksAll || now - lastSave >= Self.savingSeconds
                let summary = try library.withWriterLock {
                    try update(savesIndex: savesIndex, cancellation: cancellation)
                }
                isWaiting = false
                if savesIndex { lastSave = now }
                if walksAll { lastWalk = now }
                report(walksAll ? .caughtUp(summary) : .updated(summary))
                if events.unwatchedCount > toldUnwatched { report(.unwatchedFolders(events.unwatchedCount)) }
                toldUnwatched = events.unwatchedCount
            } catch LibraryError.inUse(_, let holder) {
                if !isWaiting { report(.waiting(holder: holder)) }
                isWaiting = true
                retryAt = now + 0.5
            } catch {
                report(.failed(String(describing: error)))
                needsRescan = true
                retryAt = now + 10
            }
        }
        // What is not in the file is in the catalog: the next opening catches up.
        try? library.withWriterLock { try library.saveIndexes() }
    }

    /// Takes in what is pending, or walks everything.
    private func update(savesIndex: Bool, cancellation: Cancellation) throws -> IndexingSummary {
        if needsRescan { events.forgetUnwatched() }
        let areas = needsRescan ? folders.compactMap(wholeArea) : pendingAreas()
        let (hadPending, hadRescan) = (pending, needsRescan)
        (pending, needsRescan) = ([], false)
        do {
            return try indexer.run(
                areas: areas,
                savesIndex: savesIndex,
                cancellation: cancellation,
                willList: { [events] in events.watch($0) },
                report: { _ in }
            )
        } catch {
            (pending, needsRescan) = (pending.union(hadPending), hadRescan)
            throw error
        }
    }

    private func wholeArea(_ state: FolderState) -> ScanArea? {
        guard state.device != nil, let rules = rules[state.folder.path] else { return nil }
        return ScanArea(root: state.folder.path, rules: rules)
    }

    /// The areas that cover all pending paths: none lies in another.
    private func pendingAreas() -> [ScanArea] {
        var places = pending
        if places.count > Self.manyPaths { places = Set(places.map { $0.removingLastComponent() }) }
        return places.compactMap { place in
            var above = place
            while above.removeLastComponent() {
                if places.contains(above) { return nil }
            }
            let root = folders.last { place.starts(with: $0.folder.path) }?.folder.path
            guard let root, let rules = rules[root] else { return nil }
            // A folder that has gone itself is another matter than what is in it.
            if place == root { return nil }
            return ScanArea(root: root, start: place, rules: rules)
        }
    }

    /// Notices folders that other commands have added or removed, and drives that have come or gone.
    private func lookAtFolders() {
        guard let indexed = try? library.catalog.indexedFolders() else { return }
        let states = indexed.map { FolderState(folder: $0, device: Self.device(of: $0.path)) }
        guard states != folders else { return }
        folders = states
        // A rule that cannot be used was refused when it was given.
        rules = Dictionary(
            uniqueKeysWithValues: indexed.compactMap { folder in
                (try? ScanRules(folder.rules)).map { (folder.path, $0) }
            }
        )
        needsRescan = true
    }

    private static func device(of path: FilePath) -> UInt64? {
        var status = stat()
        let code = path.withPlatformString { stat($0, &status) }
        return code == 0 ? UInt64(status.st_dev) : nil
    }

    private var now: Double { ProcessInfo.processInfo.systemUptime }
}
