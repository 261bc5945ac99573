internal import GRDB

/// Tells why the catalog cannot be used.
public enum CatalogError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database could not be opened or migrated.
    case unusable(path: String, reason: String)
    /// The database was written by a newer version of the program.
    case newerFormat(path: String)
    /// The database was written by an older version of the program, and may not be written to bring it up to
    /// date.
    case olderFormat(path: String)
    /// The database was written by an older version of the program, and is only to be looked at.
    case outdated(path: String)
    /// Another process has the database open, and what is to be done with it needs it closed.
    case open(path: String)
    /// Something that was committed cannot be read from the journal any more.
    case damagedJournal(path: String)
    /// A statement failed; nothing of its transaction was kept.
    case failed(reason: String)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .unusable(let path, let reason):
            "cannot open the catalog \(path): \(reason)"
        case .newerFormat(let path):
            "the catalog \(path) was written by a newer lookalike; update this program or name another --library"
        case .olderFormat(let path):
            "the catalog \(path) was written by an older lookalike and cannot be brought up to date where it is; "
                + "copy the library to where it may be written"
        case .outdated(let path):
            "the catalog \(path) was written by an older lookalike; lookalike status brings it up to date, then try again"
        case .open(let path):
            "another process has the catalog \(path) open; stop it (lookalike serve perhaps), then try again"
        case .damagedJournal(let path):
            "the journal of the catalog \(path) is damaged; lookalike repair keeps what can be read of it, or restore a "
                + "backup with lookalike restore"
        case .failed(let reason):
            "the catalog cannot go on: \(reason)"
        }
    }
}

extension CatalogError {
    /// Says in words what the database met, and what to do; SQL and values stay inside.
    static func reason(for error: any Error) -> String {
        guard let error = error as? DatabaseError else { return "unexpected: \(error)" }
        if error.extendedResultCode == .SQLITE_IOERR_DATA || error.resultCode == .SQLITE_CORRUPT {
            return
                "the database is damaged; mend it with lookalike repair, or restore a backup with lookalike "
                + "restore"
        }
        return switch error.resultCode {
        case .SQLITE_NOTADB:
            "the file is no database, or its beginning is damaged; restore a backup with lookalike restore, or index "
                + "into a new library"
        case .SQLITE_READONLY, .SQLITE_PERM:
            "it may not be written; check the permissions of the library's folder"
        case .SQLITE_CANTOPEN: "it cannot be opened; check that the folder exists and you may write there"
        case .SQLITE_FULL: "the disk is full; make room and run again, everything acknowledged is kept"
        case .SQLITE_IOERR: "the disk failed to read or write; check the disk, then run again"
        case .SQLITE_BUSY, .SQLITE_LOCKED: "another process keeps it locked; try again when that has ended"
        default: "\(error.message ?? "unknown error") (SQLite code \(error.extendedResultCode.rawValue))"
        }
    }
}
