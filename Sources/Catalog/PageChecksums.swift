internal import CPageChecksums
internal import Foundation
internal import GRDB

/// Keeps a checksum on every page of the catalog; see `CPageChecksums`.
///
/// SQLite's own check sees the shape of its pages, not the values on them, and a flipped bit in a key hides rows from
/// searches. Journals have checksums of SQLite's own. A database whose pages carry none, as older versions made them, is
/// read as it is, and brought up to date when it is opened to be written.
enum PageChecksums {
    /// Puts the layer that keeps checksums between SQLite and the operating system; done once.
    static func register() {
        precondition(isRegistered, "SQLite takes no layer of ours")
    }

    private static let isRegistered = lk_page_checksums_register() == 0

    /// Refuses a journal of which something committed cannot be read: SQLite would pass over it in silence.
    ///
    /// Another process may be writing to it just now; what seems damaged is looked at again.
    static func checkJournal(ofDatabaseAt path: String) throws(CatalogError) {
        for _ in 0..<4 {
            guard lk_journal_state(path + "-wal") == lk_journal_damaged else { return }
            Thread.sleep(forTimeInterval: 0.03)
        }
        throw .damagedJournal(path: path)
    }

    /// Whether the database says by both of its signs that its pages carry checksums.
    static func isComplete(_ database: Database) throws -> Bool {
        try reservedBytes(database) == LK_PAGE_CHECKSUM_BYTES
            && Int32.fetchOne(database, sql: "PRAGMA application_id") == LK_PAGE_CHECKSUM_APPLICATION
    }

    /// To be done with every connection: the header that asks for checksums may still be in the journal alone.
    static func prepare(_ database: Database) throws {
        if try reservedBytes(database) == LK_PAGE_CHECKSUM_BYTES {
            lk_page_checksums_force(database.sqliteConnection)
        }
    }

    /// Makes an empty database with checksums, unless there is one meanwhile. Others see it when it is whole.
    static func makeDatabase(at path: String) throws {
        let files = FileManager.default
        let unfinished = "\(path).\(ProcessInfo.processInfo.processIdentifier).new"
        defer {
            for ending in ["", "-wal", "-shm"] { try? files.removeItem(atPath: unfinished + ending) }
        }
        try add(toDatabaseAt: unfinished)
        try files.linkItem(atPath: unfinished, toPath: path)
    }

    /// Writes the database at `path` anew with checksums, or makes an empty one.
    ///
    /// No other process may have it open: one that knows nothing of checksums would spoil them. Killed on the way,
    /// the database is as it was, or done.
    ///
    /// - Throws: `DatabaseError`, SQLITE_BUSY when another process has it open.
    static func add(toDatabaseAt path: String) throws {
        register()
        var configuration = Configuration()
        configuration.busyMode = .timeout(1)
        // Before anything is read: later SQLite would let others go on reading.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        try queue.writeWithoutTransaction { database in
            // The journal is emptied before: its pages leave no room for checksums.
            try database.execute(sql: "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
            try database.checkpoint(.truncate)
            lk_page_checksums_reserve(database.sqliteConnection, LK_PAGE_CHECKSUM_BYTES)
            try database.execute(sql: "VACUUM; PRAGMA application_id = \(LK_PAGE_CHECKSUM_APPLICATION)")
            try database.checkpoint(.truncate)
        }
    }

    private static func reservedBytes(_ database: Database) throws -> Int32 {
        // Reads the first page: only then SQLite knows.
        _ = try Int.fetchOne(database, sql: "PRAGMA schema_version")
        return lk_page_checksums_reserve(database.sqliteConnection, -1)
    }
}
