internal import GRDB
public import SystemPackage

/// What was taken out of a catalog because it cannot be believed.
public struct DroppedRows: Hashable, Sendable {
    /// Images whose embedding was damaged.
    public var embeddings = 0
    /// Rows that referred to images that are not there, by table.
    public var dangling: [String: Int] = [:]
    /// Present files that have to be read and embedded again.
    public var files: [FilePath] = []
    /// Embeddings that the index had never heard of, and does now.
    public var journaled = 0

    /// Creates an account of nothing.
    public init() {}
}

extension Catalog {
    /// Takes out what cannot be believed, in one transaction: damaged embeddings, rows whose references lead nowhere.
    /// The pictures that are to be embedded again are returned with it.
    public func dropDamagedRows() throws(CatalogError) -> DroppedRows {
        try write { database in
            var dropped = DroppedRows()
            for model in try Int64.fetchAll(database, sql: "SELECT id FROM model") {
                for image in try database.damagedEmbeddings(model: model) {
                    try database.execute(
                        sql: "DELETE FROM embedding WHERE modelID = ? AND imageID = ?",
                        arguments: [model, image]
                    )
                    dropped.embeddings += 1
                    dropped.files += try database.presentFiles("imageID = ?", [image])
                }
            }
            dropped.files += try database.presentFiles(
                "imageID IS NOT NULL AND imageID NOT IN (SELECT id FROM image)"
            )
            for (table, column, parent) in Self.references {
                try database.execute(
                    sql: """
                        DELETE FROM \(table)
                        WHERE \(column) IS NOT NULL AND \(column) NOT IN (SELECT id FROM \(parent))
                        """
                )
                if database.changesCount > 0 { dropped.dangling[table, default: 0] += database.changesCount }
            }
            // The trigger writes the journal.
            try database.execute(
                sql: "UPDATE embedding SET checksum = checksum WHERE \(Self.unjournaledEmbedding)"
            )
            dropped.journaled = database.changesCount
            return dropped
        }
    }

    /// Every reference of the schema, parents before children.
    static let references = [
        ("file", "imageID", "image"), ("embedding", "imageID", "image"), ("embedding", "modelID", "model"),
        ("loggedQuery", "modelID", "model"), ("judgement", "queryID", "image"),
        ("judgement", "imageID", "image"),
        ("interaction", "queryID", "image"), ("impression", "interactionID", "interaction"),
        ("impression", "imageID", "image"),
        ("tag", "imageID", "image"),
    ]
}

extension Database {
    fileprivate func presentFiles(
        _ condition: String,
        _ arguments: StatementArguments = []
    ) throws -> [FilePath] {
        try StoredPath.fetchAll(
            self,
            sql: "SELECT path FROM file WHERE missingSince IS NULL AND \(condition) ORDER BY path",
            arguments: arguments
        ).map(\.path)
    }
}
