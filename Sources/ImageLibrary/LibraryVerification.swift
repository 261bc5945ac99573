public import Catalog
internal import Foundation
internal import NeighborSearch
internal import SystemPackage

/// Reads everything in a library and compares it with its checksums, and the index with the catalog.
///
/// Nothing is written. Works beside a process that writes, and where nothing may be written.
public struct LibraryVerification {
    /// What was found, in the order it was looked at.
    public private(set) var findings: [LibraryFinding] = []
    /// What is wrong with the catalog; nil when it could not even be opened.
    public private(set) var catalogFaults: [CatalogFault]?
    /// The index files that cannot be used.
    var unusableSnapshots: [FilePath] = []

    /// Whether nothing is damaged. Pictures that changed or are gone are no damage.
    public var isSound: Bool { !findings.contains { $0.verdict == .damaged } }

    private static let advice = "mend it with lookalike repair, or restore a backup with lookalike restore"

    /// Looks at the catalog and the index files of the library in `directory`.
    ///
    /// - Throws: ``LibraryError/notFound(path:)``; `CatalogError` when the catalog is of another version.
    public init(of directory: LibraryDirectory) throws {
        guard directory.exists else { throw LibraryError.notFound(path: directory.path.string) }
        // Index files first: what they follow is then in the snapshot of the catalog that is read after them.
        let snapshots = directory.snapshots().map { path in (path, Result { try HNSWIndex.load(from: path) })
        }
        guard let catalog = try open(directory) else { return }
        try verify(catalog)
        guard isSound else {
            findings.append(
                LibraryFinding("index", .note, "not compared: the catalog must be mended first")
            )
            return
        }
        let models = try catalog.models()
        for (path, loaded) in snapshots { verify(path, loaded, catalog, models) }
        if snapshots.isEmpty, models.contains(where: { $0.embeddingCount > 0 }) {
            findings.append(
                LibraryFinding(
                    "index",
                    .note,
                    "there is no index file; it is made from the catalog when needed"
                )
            )
        }
    }

    private mutating func open(_ directory: LibraryDirectory) throws -> Catalog? {
        do throws(CatalogError) {
            return try Catalog(reading: directory.catalog)
        } catch {
            switch error {
            case .unusable(_, let reason):
                note(LibraryFinding("catalog", .damaged, "it cannot be opened: \(reason)"))
            case .damagedJournal:
                note(LibraryFinding("catalog", .damaged, error.description))
            default: throw error
            }
            return nil
        }
    }

    mutating func note(_ finding: LibraryFinding) {
        findings.append(finding)
    }

    private mutating func verify(_ catalog: Catalog) throws {
        let outcome = try catalog.verify()
        catalogFaults = outcome.faults
        for fault in outcome.faults {
            findings.append(LibraryFinding("catalog", .damaged, "\(fault.detail); \(Self.advice)"))
        }
        if outcome.faults.isEmpty {
            findings.append(
                LibraryFinding(
                    "catalog",
                    .sound,
                    outcome.hasPageChecksums
                        ? "\(outcome.pageCount) pages, all rows and references"
                        : "all rows and references; its pages carry no checksums"
                )
            )
        }
        if !outcome.hasPageChecksums, outcome.faults.isEmpty {
            findings.append(
                LibraryFinding(
                    "catalog",
                    .note,
                    "an older lookalike made it; the next command that finds nobody else at it adds checksums"
                )
            )
        }
    }

    private mutating func verify(
        _ path: FilePath,
        _ loaded: Result<(index: HNSWIndex, identity: SnapshotIdentity), any Error>,
        _ catalog: Catalog,
        _ models: [StoredModel]
    ) {
        let name = "index \(path.lastComponent?.string ?? "")"
        do {
            let (index, identity) = try loaded.get()
            guard let model = models.first(where: { $0.identity == identity.model }) else {
                findings.append(
                    LibraryFinding(
                        name,
                        .note,
                        "it belongs to \(identity.model), which the catalog does not know"
                    )
                )
                return
            }
            try index.verify()
            let number = try catalog.modelID(of: model)
            let partCount = max(1, model.dimension / index.dimension)
            if let difference = try Self.difference(index, identity, catalog, number, partCount: partCount) {
                throw Difference(description: difference)
            }
            findings.append(
                LibraryFinding(
                    name,
                    .sound,
                    "\(index.count) vectors, as in the catalog at change \(identity.catalogSequence)"
                )
            )
        } catch {
            unusableSnapshots.append(path)
            findings.append(
                LibraryFinding(
                    name,
                    .damaged,
                    "\(error) It is derived: searches do without it, lookalike repair writes it anew"
                )
            )
        }
    }

    private struct Difference: Error, CustomStringConvertible {
        let description: String
    }

    /// Says in what an index differs from what the catalog held when it was saved, as far as that is known; nil when in
    /// nothing.
    private static func difference(
        _ index: HNSWIndex,
        _ identity: SnapshotIdentity,
        _ catalog: Catalog,
        _ model: ModelID,
        partCount: Int
    ) throws -> String? {
        var (missing, differing, expected) = (0, 0, 0)
        let journal = try catalog.forEachEmbedding(model: model, after: identity.catalogSequence) {
            image,
            vector,
            isUnchanged in
            guard isUnchanged, let vector else { return }
            for part in 0..<partCount {
                expected += 1
                let key = LibraryIndex.key(image, part, of: partCount)
                guard let held = try index.vector(forKey: key) else {
                    missing += 1
                    continue
                }
                let known = vector.dropFirst(part * index.dimension)
                let similarity = zip(known, held).reduce(Float(0)) { $0 + $1.0 * $1.1 }
                if !(similarity > 0.999) { differing += 1 }
            }
        }
        guard identity.catalogSequence <= journal.latest else {
            return "It is ahead of the catalog: \(identity.catalogSequence) > \(journal.latest)."
        }
        let changed = journal.changed.count { index.contains(LibraryIndex.key($0, 0, of: partCount)) }
        let others = index.count - changed * partCount - (expected - missing)
        guard missing > 0 || differing > 0 || others > 0 else { return nil }
        return
            "It lacks \(missing) vectors of the catalog, holds \(others) that are not there, and \(differing) otherwise."
    }
}
