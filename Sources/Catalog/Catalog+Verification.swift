internal import CPageChecksums
internal import Foundation
internal import GRDB
public import SystemPackage

/// Something that is wrong with a catalog.
public struct CatalogFault: Hashable, Sendable {
    /// What kind of thing it is.
    public enum Kind: Hashable, Sendable {
        /// Pages whose checksum does not fit.
        case pages
        /// Tables and indices do not agree, or rows break the rules of their table.
        case structure
        /// References that lead nowhere.
        case references
        /// Embeddings whose checksum does not fit.
        case embeddings
        /// Embeddings that the index would never hear of.
        case journal
    }

    /// The kind.
    public let kind: Kind
    /// What was found.
    public let detail: String
}

/// What a look at a whole catalog found.
public struct CatalogVerification: Sendable {
    /// What is wrong; empty when all is well.
    public let faults: [CatalogFault]
    /// How many pages the database has.
    public let pageCount: Int
    /// Whether its pages carry checksums.
    public let hasPageChecksums: Bool
}

extension Catalog {
    /// The version of the SQLite library in use, such as `3.40.1`.
    public static var databaseVersion: String {
        (try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }) ?? "unknown"
    }

    /// Returns what is wrong with the catalog in words; empty when all is well. Reads everything.
    public func integrityFaults() throws(CatalogError) -> [String] {
        try verify().faults.map(\.detail)
    }

    /// Reads all of the catalog, and tells what is wrong.
    ///
    /// Every page of the main file is compared with its checksum; with what the journal has newer follow SQLite's own
    /// check, references, and the checksum of each embedding. Each of these looks at one state of the catalog.
    public func verify() throws(CatalogError) -> CatalogVerification {
        let pages = try read { try $0.damagedPages() }
        var faults: [CatalogFault] = []
        if !pages.damaged.isEmpty {
            let list = pages.damaged.prefix(5).map(String.init).joined(separator: ", ")
            let detail =
                "\(pages.damaged.count) of \(pages.count) pages are damaged "
                + "(\(list)\(pages.damaged.count > 5 ? ", …" : ""))"
            faults.append(CatalogFault(kind: .pages, detail: detail))
        }
        // SQLite's own check would name the damaged pages again, in its words.
        for (kind, check) in Self.checks where kind != .structure || pages.damaged.isEmpty {
            do {
                if let detail = try database.read(check) {
                    faults.append(CatalogFault(kind: kind, detail: detail))
                }
            } catch let error as DatabaseError where error.isDamage {
                // A page in the way: named above, or it holds what cannot be.
                guard faults.isEmpty else { continue }
                faults.append(CatalogFault(kind: .structure, detail: CatalogError.reason(for: error)))
            } catch {
                throw .failed(reason: CatalogError.reason(for: error))
            }
        }
        return CatalogVerification(
            faults: faults,
            pageCount: pages.count,
            hasPageChecksums: pages.areProtected
        )
    }

    private static let checks: [(CatalogFault.Kind, @Sendable (Database) throws -> String?)] = [
        (.structure, structureFault), (.references, referenceFault),
        (.embeddings, embeddingFault), (.journal, journalFault),
    ]

    /// Calls `body` for every present file that holds an image, with what it was when it was indexed.
    public func forEachPresentFile(
        _ body: (_ path: FilePath, _ stamp: FileStamp, _ contentHash: [UInt8]) throws -> Void
    ) throws {
        var last: Int64 = 0
        while true {
            // In steps, because reading the files may take hours and a reader keeps the journal from being emptied.
            let rows = try read { database in
                try Row.fetchAll(
                    database,
                    sql: """
                        SELECT file.id, file.path, file.byteCount, modifiedAtNanoseconds, inode, contentHash
                        FROM file JOIN image ON image.id = file.imageID
                        WHERE file.id > ? AND missingSince IS NULL ORDER BY file.id LIMIT ?
                        """,
                    arguments: [last, Self.maximumImagesPerQuery]
                )
            }
            guard let end = rows.last else { return }
            last = end[0]
            for row in rows {
                let stamp = FileStamp(
                    byteCount: row[2],
                    modifiedAtNanoseconds: row[3],
                    inode: UInt64(bitPattern: row[4] as Int64)
                )
                try body((row[1] as StoredPath).path, stamp, Array(row[5] as Data))
            }
        }
    }

    @Sendable private static func structureFault(_ database: Database) throws -> String? {
        let faults = try String.fetchAll(database, sql: "PRAGMA integrity_check(5)").filter { $0 != "ok" }
        return faults.isEmpty
            ? nil : "SQLite finds: " + faults.joined(separator: ", ").replacing("\n", with: " ")
    }

    @Sendable private static func referenceFault(_ database: Database) throws -> String? {
        let dangling = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
        guard !dangling.isEmpty else { return nil }
        let tables = Set(dangling.compactMap { String.fromDatabaseValue($0[0]) }).sorted()
        return "\(dangling.count) references lead nowhere (in \(tables.joined(separator: ", ")))"
    }

    @Sendable private static func embeddingFault(_ database: Database) throws -> String? {
        var count = 0
        for model in try Int64.fetchAll(database, sql: "SELECT id FROM model") {
            count += try database.damagedEmbeddings(model: model).count
        }
        return count == 0 ? nil : "\(count) \(count == 1 ? "embedding is" : "embeddings are") damaged"
    }

    @Sendable private static func journalFault(_ database: Database) throws -> String? {
        let count = try Int.fetchOne(
            database,
            sql: "SELECT count(*) FROM embedding WHERE \(unjournaledEmbedding)"
        )
        return count == 0 ? nil : "\(count ?? 0) embeddings are unknown to the index"
    }

    static let unjournaledEmbedding = """
        NOT EXISTS (SELECT 1 FROM embeddingChange AS change
                    WHERE change.modelID = embedding.modelID AND change.imageID = embedding.imageID)
        """
}

extension DatabaseError {
    /// Whether the file is not what was written.
    var isDamage: Bool { extendedResultCode == .SQLITE_IOERR_DATA || resultCode == .SQLITE_CORRUPT }
}

extension Database {
    /// Looks at every page in the main file. One that seems damaged may be half written by another process just now;
    /// it is looked at again.
    fileprivate func damagedPages() throws -> (count: Int, damaged: [UInt32], areProtected: Bool) {
        let count = try UInt32.fetchOne(self, sql: "PRAGMA page_count") ?? 0
        var damaged: [UInt32] = []
        var areProtected = false
        for number in stride(from: UInt32(1), through: count, by: 1) {
            var state = lk_page_checksums_state(sqliteConnection, number)
            for _ in 0..<3 where state == lk_page_damaged {
                Thread.sleep(forTimeInterval: 0.02)
                state = lk_page_checksums_state(sqliteConnection, number)
            }
            if state == lk_page_unprotected { return (Int(count), [], false) }
            areProtected = true
            if state == lk_page_damaged || state == lk_page_unreadable { damaged.append(number) }
        }
        return (Int(count), damaged, areProtected)
    }
}
