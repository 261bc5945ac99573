internal import Catalog
internal import Foundation
public import SystemPackage

/// Mends a library as far as that goes without the pictures; what has to be read from them is left to the caller.
///
/// In this order: single flipped bits in pages, which the checksums tell; the rest of a damaged catalog is copied row by
/// row into a new one; rows that cannot be believed are taken out; index files that do not fit the catalog are
/// deleted. Everything is said.
public struct LibraryRepair {
    /// What was done.
    public private(set) var findings: [LibraryFinding] = []
    /// Pictures that have to be read and embedded again, or folders that have to be looked through for them.
    public private(set) var files: [FilePath] = []
    /// Whether index files were deleted, to be written anew.
    public private(set) var needsIndex = false

    /// Mends the library in `directory`. Nobody else may have it open.
    ///
    /// - Throws: ``LibraryError``, or `CatalogError` when nothing of the catalog can be read.
    public init(of directory: LibraryDirectory) throws {
        guard directory.exists else { throw LibraryError.notFound(path: directory.path.string) }
        let lock = try WriterLock(path: directory.lock, library: directory.path)
        try withExtendedLifetime(lock) {
            var hadDamagedJournal = false
            try mendPages(directory, &hadDamagedJournal)
            let before = try LibraryVerification(of: directory)
            if let faults = before.catalogFaults {
                if faults.contains(where: { $0.kind == .pages || $0.kind == .structure }) {
                    try salvage(directory)
                }
            } else {
                do {
                    try salvage(directory)
                } catch is CatalogError {
                    throw LibraryError.beyondRepair(directory.path.string)
                }
            }
            try dropRows(directory)
            if hadDamagedJournal { try lookThroughFolders(directory) }
            try dropSnapshots(directory)
        }
    }

    private mutating func note(_ subject: String, _ verdict: LibraryFinding.Verdict, _ detail: String) {
        findings.append(LibraryFinding(subject, verdict, detail))
    }

    private mutating func mendPages(
        _ directory: LibraryDirectory,
        _ hadDamagedJournal: inout Bool
    ) throws {
        do {
            let file = try CatalogFile(seizing: directory.catalog)
            file.close()
            hadDamagedJournal = file.hadDamagedJournal
        } catch {
            if case .open = error { throw error }
            // The header itself may be what is damaged.
        }
        if hadDamagedJournal {
            note(
                "catalog",
                .mended,
                "its journal was damaged; what stood behind the damage was lost, and the folders are looked through again"
            )
        }
        let outcome = try CatalogFile.mend(directory.catalog)
        guard !outcome.mended.isEmpty else { return }
        note(
            "catalog",
            .mended,
            "in \(counted(outcome.mended.count, "page")) one bit had been flipped; they are as they were written"
        )
    }

    private mutating func salvage(_ directory: LibraryDirectory) throws {
        let replacement = LibraryReplacement(directory: directory)
        let path = try replacement.preparationPath()
        let old = try CatalogFile(seizing: directory.catalog)
        defer { old.close() }
        let salvage = try CatalogSalvage(from: old, to: path)
        guard salvage.tables.contains(where: { $0.rowCount > 0 }) else {
            throw LibraryError.beyondRepair(directory.path.string)
        }
        // References to what is lost are taken out before the new catalog is looked at.
        let new = try Catalog(path: path)
        let dropped = try new.dropDamagedRows()
        let faults = try new.verify().faults
        try new.close()
        guard faults.isEmpty else {
            throw LibraryError.unrepairable(
                directory.path.string,
                reason: faults.map(\.detail).joined(separator: ", ")
            )
        }
        let kept = try replacement.replace(with: path, keepingOldAs: "damaged")
        let rows = salvage.tables.map { "\($0.rowCount) \($0.name)" }.joined(separator: ", ")
        let torn = salvage.tables.filter { $0.gapCount > 0 }.map(\.name)
        note(
            "catalog",
            .mended,
            "what could be read was copied (\(rows)); "
                + (torn.isEmpty ? "nothing was lost" : "rows were lost in \(torn.joined(separator: ", "))")
                + "; the damaged one is kept as \(kept?.lastComponent?.string ?? "")"
        )
        take(dropped)
        for file in salvage.lostFiles.prefix(20) {
            note(file.string, .note, "its row was lost; it is read again")
        }
        if salvage.lostFiles.count > 20 {
            note("catalog", .note, "… and \(salvage.lostFiles.count - 20) more files")
        }
        needsIndex = true
        guard !torn.isEmpty else { return }
        files += salvage.lostFiles
        try lookThroughFolders(directory)
    }

    /// What was lost is not known for sure, so all folders are looked through; what is known is not read again.
    private mutating func lookThroughFolders(_ directory: LibraryDirectory) throws {
        let folders = try Library.readCatalog(in: directory) { try $0.indexedFolders().map(\.path) }
        files += folders
        if folders.isEmpty {
            note("catalog", .note, "no folder is known any more; name them again with lookalike index FOLDER")
        }
    }

    private mutating func dropRows(_ directory: LibraryDirectory) throws {
        let catalog = try Catalog(path: directory.catalog)
        take(try catalog.dropDamagedRows())
        try catalog.close()
    }

    private mutating func take(_ dropped: DroppedRows) {
        files += dropped.files
        if dropped.embeddings > 0 {
            note("catalog", .mended, "\(counted(dropped.embeddings, "damaged embedding")) taken out")
        }
        for (table, count) in dropped.dangling.sorted(by: { $0.key < $1.key }) {
            note(
                "catalog",
                .mended,
                "\(counted(count, "row")) of \(table) led nowhere and \(count == 1 ? "was" : "were") taken out"
            )
        }
        if dropped.journaled > 0 {
            note("catalog", .mended, "\(counted(dropped.journaled, "embedding")) made known to the index")
        }
    }

    private mutating func dropSnapshots(_ directory: LibraryDirectory) throws {
        let verification = try LibraryVerification(of: directory)
        for path in verification.unusableSnapshots {
            try FileManager.default.removeItem(atPath: path.string)
            needsIndex = true
            note(
                "index \(path.lastComponent?.string ?? "")",
                .mended,
                "deleted; it is written anew from the catalog"
            )
        }
    }

    private func counted(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }
}
