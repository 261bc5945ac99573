internal import CPageChecksums
internal import Foundation
internal import GRDB
public import SystemPackage

/// Holds a catalog's file for this process alone, so that another may be put in its place.
///
/// The journal is empty meanwhile: all there is lies in the main file.
public final class CatalogFile {
    let queue: DatabaseQueue
    /// Whether something that was committed was lost with a part of the journal.
    public let hadDamagedJournal: Bool

    /// Closes the file to all others.
    ///
    /// - Throws: ``CatalogError/open(path:)`` when another process has it open; other cases when the file is so damaged
    ///   that SQLite cannot tell.
    public init(seizing path: FilePath) throws(CatalogError) {
        do {
            PageChecksums.register()
            hadDamagedJournal = (try? PageChecksums.checkJournal(ofDatabaseAt: path.string)) == nil
            var configuration = Configuration()
            configuration.busyMode = .timeout(1)
            configuration.prepareDatabase { database in
                // Damaged pages must not stand in the way; nothing is read here but the header and the list of tables.
                lk_page_checksums_trust(database.sqliteConnection, 1)
                // Before anything is read: later SQLite would let others go on reading.
                try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL")
                // A table that cannot be understood must not stand in the way of the others.
                try database.execute(sql: "PRAGMA writable_schema = ON")
            }
            queue = try DatabaseQueue(path: path.string, configuration: configuration)
            try queue.writeWithoutTransaction { database in
                if try PageChecksums.isComplete(database) {
                    lk_page_checksums_force(database.sqliteConnection)
                }
                let emptied = try Row.fetchOne(database, sql: "PRAGMA wal_checkpoint(TRUNCATE)")
                guard emptied?[0] == 0 else { throw DatabaseError(resultCode: .SQLITE_BUSY) }
                // Closing must not take away the journal of what was put in this one's place.
                lk_page_checksums_keep_journal(database.sqliteConnection)
                lk_page_checksums_trust(database.sqliteConnection, 0)
            }
        } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
            throw .open(path: path.string)
        } catch {
            throw .unusable(path: path.string, reason: CatalogError.reason(for: error))
        }
    }

    /// Lets others open it again.
    public func close() {
        try? queue.close()
    }
}

extension Catalog {
    /// Writes a copy of all that is committed to a new file, while other processes go on writing.
    ///
    /// - Throws: ``CatalogError``, also when a page of this catalog is damaged.
    public func copy(to path: FilePath) throws(CatalogError) {
        do {
            let copy = try DatabaseQueue(path: path.string)
            if try database.read(PageChecksums.isComplete) {
                // Its pages come in any order, before the first one can say what they carry.
                _ = copy.writeWithoutTransaction { lk_page_checksums_force($0.sqliteConnection) }
            }
            try database.backup(to: copy)
            try copy.close()
        } catch {
            throw .failed(reason: CatalogError.reason(for: error))
        }
    }
}
