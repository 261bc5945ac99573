internal import Foundation
internal import GRDB
public import SystemPackage

/// Identifies an image in one catalog; never reused, also after the image has been deleted.
public typealias ImageID = Int64

/// Keeps what cannot be recomputed: which images there are, where they lie, and what each model made of them.
///
/// One SQLite database in write-ahead mode. Many threads and processes may read while one writes; every
/// method blocks and belongs on a thread of its own, not on the cooperative pool. What a method has written
/// is on the disk when it returns (`synchronous = FULL`): the pool's default would lose acknowledged rows at
/// a power cut.
public final class Catalog: Sendable {
    let database: DatabasePool
    /// Seconds that a write waits for another process to finish its own.
    static let busyTimeout = 10

    /// Opens the catalog at `path`, creating or migrating it as needed.
    ///
    /// A catalog in a folder that may not be written, on a read-only disk say, is opened for reading alone.
    ///
    /// - Throws: ``CatalogError`` when the file is no catalog, was written by a newer program, or cannot be
    ///   opened.
    public init(path: FilePath) throws(CatalogError) {
        do {
            let migrator = Migrations.migrator
            PageChecksums.register()
            try PageChecksums.checkJournal(ofDatabaseAt: path.string)
            if Self.isReadOnly(path) {
                database = try Self.openForReading(path)
                guard try database.read(migrator.hasCompletedMigrations) else {
                    throw CatalogError.olderFormat(path: path.string)
                }
                return
            }
            database = try Self.openForWriting(path)
            if try database.read(migrator.hasBeenSuperseded) {
                throw CatalogError.newerFormat(path: path.string)
            }
            try Self.migrate(database)
        } catch let error as CatalogError {
            throw error
        } catch {
            throw .unusable(path: path.string, reason: CatalogError.reason(for: error))
        }
    }

    /// Opens the catalog at `path` to look at it: nothing is made, migrated or written.
    ///
    /// - Throws: ``CatalogError`` when the file is no catalog, or of another version than this program's.
    public init(reading path: FilePath) throws(CatalogError) {
        do {
            PageChecksums.register()
            try PageChecksums.checkJournal(ofDatabaseAt: path.string)
            database = try Self.openForReading(path)
            let migrator = Migrations.migrator
            if try database.read(migrator.hasBeenSuperseded) {
                throw CatalogError.newerFormat(path: path.string)
            }
            guard try database.read(migrator.hasCompletedMigrations) else {
                throw CatalogError.outdated(path: path.string)
            }
        } catch let error as CatalogError {
            throw error
        } catch {
            throw .unusable(path: path.string, reason: CatalogError.reason(for: error))
        }
    }

    /// Whether nothing can be written: not the file, or not beside it, where SQLite keeps its journal.
    private static func isReadOnly(_ path: FilePath) -> Bool {
        let files = FileManager.default
        return files.fileExists(atPath: path.string)
            && !(files.isWritableFile(atPath: path.string)
                && files.isWritableFile(atPath: path.removingLastComponent().string))
    }

    private static func openForWriting(_ path: FilePath) throws -> DatabasePool {
        func open() throws -> DatabasePool {
            var configuration = Configuration()
            configuration.busyMode = .timeout(TimeInterval(busyTimeout))
            configuration.prepareDatabase(PageChecksums.prepare)
            // Results of a search are spread over the whole file; with SQLite's 2 MB most of them would be read, and their
            // pages checked, again and again.
            configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -16384") }
            let database = try DatabasePool(path: path.string, configuration: configuration)
            // Only now: the pool sets its own level when it opens its writing connection.
            try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            return database
        }
        if !FileManager.default.fileExists(atPath: path.string) {
            try? PageChecksums.makeDatabase(at: path.string)
        }
        let database = try open()
        guard try !database.read(PageChecksums.isComplete),
            try !database.read(Migrations.migrator.hasBeenSuperseded)
        else { return database }
        try database.close()
        // A process that has it open keeps it from being changed; the next one to open it may have better luck.
        try? PageChecksums.add(toDatabaseAt: path.string)
        return try open()
    }

    /// Brings the database up to date. Another process may do so at the same time, and then one of the two meets a step that
    /// has been taken: not its own failure as long as there is progress.
    private static func migrate(_ database: DatabasePool) throws {
        let migrator = Migrations.migrator
        while true {
            let applied = try database.read(migrator.appliedIdentifiers)
            do {
                return try migrator.migrate(database)
            } catch {
                guard try database.read(migrator.appliedIdentifiers) != applied else { throw error }
            }
        }
    }

    /// Opens a database for reading. Without a journal beside it, or with an empty one that nobody shares, nobody is
    /// writing, and SQLite is told so: it would insist on making files of its own otherwise.
    private static func openForReading(_ path: FilePath) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.readonly = true
        let files = FileManager.default
        let journal = try? files.attributesOfItem(atPath: path.string + "-wal")[.size] as? Int
        let isUnshared = journal == nil || (journal == 0 && !files.fileExists(atPath: path.string + "-shm"))
        guard isReadOnly(path), isUnshared else {
            return try DatabasePool(path: path.string, configuration: configuration)
        }
        let address = URL(filePath: path.string).absoluteString + "?immutable=1"
        return try DatabasePool(path: address, configuration: configuration)
    }

    /// Closes the database; the catalog must not be used afterwards.
    public func close() throws(CatalogError) {
        settle()
        try perform { try database.close() }
    }

    /// Moves everything from the journal into the main file when nobody reads it just now: at rest, all is where the
    /// page checksums are.
    public func settle() {
        guard !database.configuration.readonly else { return }
        try? database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA busy_timeout = 0")
            defer { try? database.execute(sql: "PRAGMA busy_timeout = \(Self.busyTimeout * 1000)") }
            _ = try database.checkpoint(.truncate)
        }
    }

    deinit {
        settle()
    }

    func read<Value>(_ body: (Database) throws -> Value) throws(CatalogError) -> Value {
        try perform { try database.read(body) }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws(CatalogError) -> Value {
        try perform { try database.write(body) }
    }

    private func perform<Value>(_ body: () throws -> Value) throws(CatalogError) -> Value {
        do {
            return try body()
        } catch let error as CatalogError {
            throw error
        } catch {
            throw .failed(reason: CatalogError.reason(for: error))
        }
    }

    /// Calls `body` and lets its own errors through; what the database throws becomes a ``CatalogError``.
    func wrappingDatabaseErrors<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw CatalogError.failed(reason: CatalogError.reason(for: error))
        }
    }
}
