internal import CPageChecksums
internal import Foundation
internal import GRDB
public import SystemPackage

/// Copies everything that can still be read of a damaged catalog into a new one, row by row.
///
/// Rows on pages whose checksum does not fit are left out; a table is entered again behind each such page.
public struct CatalogSalvage: Sendable {
    /// What was found of one table.
    public struct Table: Hashable, Sendable {
        /// Its name.
        public let name: String
        /// Rows that were copied.
        public let rowCount: Int
        /// How many times a stretch of rows could not be read.
        public let gapCount: Int
    }

    /// The tables, parents before children.
    public private(set) var tables: [Table] = []
    /// Files whose rows were lost, and whose names an index still had.
    public private(set) var lostFiles: [FilePath] = []

    /// Copies what can be read of `file` into a new catalog at `path`.
    ///
    /// - Throws: ``CatalogError`` when not even the list of tables can be read.
    public init(from file: CatalogFile, to path: FilePath) throws(CatalogError) {
        do {
            try self.init(file.queue, path)
        } catch let error as CatalogError {
            throw error
        } catch {
            throw .failed(reason: CatalogError.reason(for: error))
        }
    }

    private init(_ source: DatabaseQueue, _ path: FilePath) throws {
        try PageChecksums.add(toDatabaseAt: path.string)
        let target = try DatabaseQueue(path: path.string)
        defer { try? target.close() }
        try source.inDatabase { damaged in
            let schema = try Self.schema(damaged)
            let applied = try? String.fetchAll(damaged, sql: "SELECT identifier FROM grdb_migrations")
            let known = Migrations.migrator.migrations
            try Migrations.migrator.migrate(
                target,
                upTo: known.last { applied?.contains($0) ?? true } ?? known[0]
            )
            try target.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF")
                try database.inTransaction {
                    let expected = try Self.schema(database)
                    for name in Self.tableNames where expected[name] != nil {
                        let isReadable = schema[name] == expected[name]
                        let copied = isReadable ? try Self.copy(name, from: damaged, to: database) : (0, 1)
                        tables.append(Table(name: name, rowCount: copied.0, gapCount: copied.1))
                    }
                    try Self.carryOverCounters(from: damaged, to: database)
                    lostFiles = Self.lostFiles(damaged, database)
                    return .commit
                }
                try database.execute(sql: "PRAGMA synchronous = FULL")
            }
        }
        try Migrations.migrator.migrate(target)
        try target.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    }

    /// The journal is not copied: triggers write it anew.
    private static let tableNames = [
        "root", "image", "file", "model", "embedding", "setting", "loggedQuery", "judgement",
        "interaction", "tag",
        "impression",
    ]

    /// The text that each table was made with. Read from damaged pages as well, for it is compared with what it must be.
    private static func schema(_ database: Database) throws -> [String: String] {
        lk_page_checksums_trust(database.sqliteConnection, 1)
        defer { lk_page_checksums_trust(database.sqliteConnection, 0) }
        let rows = try Row.fetchAll(
            database,
            sql: "SELECT name, sql, rootpage FROM sqlite_master WHERE type = 'table'"
        )
        // Two tables that seem to begin at the same page: neither is believed.
        let roots = Dictionary(grouping: rows) { Int64.fromDatabaseValue($0[2]) }
        return Dictionary(
            rows.compactMap { row in
                guard roots[Int64.fromDatabaseValue(row[2])]?.count == 1,
                    let name = String.fromDatabaseValue(row[0]), let text = String.fromDatabaseValue(row[1])
                else { return nil }
                return (name, text)
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Numbers that were given once are not given again.
    private static func carryOverCounters(from damaged: Database, to target: Database) throws {
        let counters = (try? Row.fetchAll(damaged, sql: "SELECT name, seq FROM sqlite_sequence")) ?? []
        for counter in counters {
            guard let name = String.fromDatabaseValue(counter[0]),
                let value = Int64.fromDatabaseValue(counter[1])
            else { continue }
            try target.execute(
                sql: """
                    UPDATE sqlite_sequence SET seq = max(seq, :value) WHERE name = :name;
                    INSERT INTO sqlite_sequence (name, seq) SELECT :name, :value
                        WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name);
                    """,
                arguments: ["name": name, "value": value]
            )
        }
    }

    /// The index over paths has the names of files whose rows are lost.
    private static func lostFiles(_ damaged: Database, _ target: Database) -> [FilePath] {
        let names = try? StoredPath.fetchAll(
            damaged,
            sql: "SELECT path FROM file INDEXED BY sqlite_autoindex_file_1"
        )
        return (names ?? []).filter { name in
            let known = try? Bool.fetchOne(
                target,
                sql: "SELECT 1 FROM file WHERE path = ?",
                arguments: [name]
            )
            return known == nil
        }.map(\.path)
    }
}
