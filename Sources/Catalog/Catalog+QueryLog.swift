public import Foundation
internal import GRDB

/// A query as it is kept: its vector and when it was asked, nothing of the picture or of who asked.
public struct LoggedQuery: Hashable, Sendable {
    /// What the model made of the picture.
    public let vector: [Float]
    /// When it was asked.
    public let askedAt: Date

    /// Notes a query.
    public init(vector: [Float], askedAt: Date = Date()) {
        self.vector = vector
        self.askedAt = askedAt
    }
}

extension Catalog {
    /// How many queries are kept per model; older ones make room.
    public static let loggedQueryLimit = 1000

    /// Keeps queries, and forgets the oldest beyond ``loggedQueryLimit``.
    ///
    /// It is no great loss when they do not arrive. So this waits for no other process that is writing, and
    /// for no disk: a power cut may take the last of them along.
    ///
    /// - Throws: ``CatalogError`` when another process is writing, or the catalog may not be written.
    public func log(_ queries: [LoggedQuery], model: ModelID) throws(CatalogError) {
        do {
            try database.writeWithoutTransaction { database in
                try database.execute(sql: "PRAGMA busy_timeout = 0; PRAGMA synchronous = NORMAL")
                defer {
                    // Neither can fail: they touch the connection and not the file.
                    try? database.execute(
                        sql: "PRAGMA busy_timeout = \(Self.busyTimeout * 1000); PRAGMA synchronous = FULL"
                    )
                }
                try database.inTransaction(.immediate) {
                    try database.insert(queries.suffix(Self.loggedQueryLimit), model: model)
                    return .commit
                }
            }
        } catch {
            throw .failed(reason: CatalogError.reason(for: error))
        }
    }

    /// Returns the vectors of the newest queries, newest first.
    public func loggedQueries(model: ModelID, count: Int) throws(CatalogError) -> [LoggedQuery] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: "SELECT vector, askedAt FROM loggedQuery WHERE modelID = ? ORDER BY id DESC LIMIT ?",
                arguments: [model, count]
            )
            return rows.map { LoggedQuery(vector: VectorCoding.vector(from: $0[0]), askedAt: $0[1]) }
        }
    }
}

extension Database {
    fileprivate func insert(_ queries: some Sequence<LoggedQuery>, model: ModelID) throws {
        let insertion = try cachedStatement(
            sql: "INSERT INTO loggedQuery (modelID, vector, askedAt) VALUES (?, ?, ?)"
        )
        for query in queries {
            try insertion.execute(arguments: [model, VectorCoding.data(from: query.vector), query.askedAt])
        }
        try execute(
            sql: """
                DELETE FROM loggedQuery WHERE modelID = :model AND id <=
                    (SELECT id FROM loggedQuery WHERE modelID = :model ORDER BY id DESC LIMIT 1 OFFSET :limit)
                """,
            arguments: ["model": model, "limit": Catalog.loggedQueryLimit]
        )
    }
}
