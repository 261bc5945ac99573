internal import Foundation
internal import GRDB

/// Identifies a model in one catalog.
public typealias ModelID = Int64

/// A change to the embeddings of one model: the image's vector now, or nil when it has none any more.
public struct EmbeddingChange: Hashable, Sendable {
    /// The image that changed.
    public let imageID: ImageID
    /// Its vector, L2-normalised, of the model's dimension; nil when the embedding was deleted or is damaged.
    public let vector: [Float]?
    /// Whether there is an embedding whose checksum does not fit: nothing of it may be used.
    public let isDamaged: Bool

    /// Notes a change.
    public init(imageID: ImageID, vector: [Float]?, isDamaged: Bool = false) {
        self.imageID = imageID
        self.vector = vector
        self.isDamaged = isDamaged
    }
}

/// A model that has embedded images of this catalog.
public struct StoredModel: Hashable, Sendable {
    /// Name and digest of the model.
    public let identity: String
    /// Values of its vectors.
    public let dimension: Int
    /// How many images it has embedded in each precision, such as `float32`.
    public let embeddingCounts: [String: Int]
    /// How many images it has embedded.
    public var embeddingCount: Int { embeddingCounts.values.reduce(0, +) }
    /// Whether its vectors are those of regions, all of an image one behind the other.
    public var isOfRegions: Bool { identity.contains(Self.regionMark) }

    /// Stands between the identity of a model and how many regions of a picture it has embedded.
    fileprivate static let regionMark = "/regions-"
}

extension Catalog {
    /// Returns the number of the model with this identity, remembering it when it is new.
    public func registerModel(identity: String, dimension: Int) throws(CatalogError) -> ModelID {
        if let known = try modelID(identity: identity) { return known }
        return try write { database in
            try database.execute(
                sql: "INSERT INTO model (identity, dimension) VALUES (?, ?) ON CONFLICT DO NOTHING",
                arguments: [identity, dimension]
            )
            return try Int64.fetchOne(
                database,
                sql: "SELECT id FROM model WHERE identity = ?",
                arguments: [identity]
            ) ?? database.lastInsertedRowID
        }
    }

    /// Returns the number of a model that ``models()`` told of.
    public func modelID(of model: StoredModel) throws(CatalogError) -> ModelID {
        guard let number = try modelID(identity: model.identity) else {
            throw .failed(reason: "there is no model \(model.identity)")
        }
        return number
    }

    /// Returns the number of the model with this identity, or nil when it has never been used.
    public func modelID(identity: String) throws(CatalogError) -> ModelID? {
        try read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT id FROM model WHERE identity = ?",
                arguments: [identity]
            )
        }
    }

    /// Returns every model that has been used, oldest first.
    public func models() throws(CatalogError) -> [StoredModel] {
        try read { database in
            let models = try Row.fetchAll(
                database,
                sql: "SELECT id, identity, dimension FROM model ORDER BY id"
            )
            return try models.map { model in
                let counts = try Row.fetchAll(
                    database,
                    sql: "SELECT precision, count(*) FROM embedding WHERE modelID = ? GROUP BY precision",
                    arguments: [model[0] as ModelID]
                )
                return StoredModel(
                    identity: model[1],
                    dimension: model[2],
                    embeddingCounts: Dictionary(uniqueKeysWithValues: counts.map { ($0[0], $0[1]) })
                )
            }
        }
    }

    /// Returns the identities of the models that have embedded pictures, oldest first. Constant time for each.
    public func identitiesOfUsedModels() throws(CatalogError) -> [String] {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT identity FROM model
                    WHERE instr(identity, ?) = 0
                        AND EXISTS (SELECT 1 FROM embedding WHERE embedding.modelID = model.id)
                    ORDER BY id
                    """,
                arguments: [StoredModel.regionMark]
            )
        }
    }

    /// Remembers that regions of each picture are wanted, `count` of them, beside the vectors of the model with this identity.
    public func registerRegions(of identity: String, count: Int, dimension: Int) throws(CatalogError) {
        _ = try registerModel(
            identity: "\(identity)\(StoredModel.regionMark)\(count)",
            dimension: count * dimension
        )
    }

    /// Returns the model that regions are stored under beside the vectors of the model with this identity; nil when none are
    /// wanted.
    public func regionModel(of identity: String) throws(CatalogError) -> (identity: String, dimension: Int)? {
        try read { database in
            try Row.fetchOne(
                database,
                sql: "SELECT identity, dimension FROM model WHERE substr(identity, 1, length(?1)) = ?1",
                arguments: [identity + StoredModel.regionMark]
            ).map { ($0[0], $0[1]) }
        }
    }

    /// Forgets the model with this identity, and all that it has embedded. Nothing happens when there is none.
    public func forgetModel(identity: String) throws(CatalogError) {
        guard let model = try modelID(identity: identity) else { return }
        try write { try $0.execute(sql: "DELETE FROM model WHERE id = ?", arguments: [model]) }
    }

    /// Counts the embeddings of `model`.
    public func embeddingCount(model: ModelID) throws(CatalogError) -> Int {
        try read { database in
            try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM embedding WHERE modelID = ?",
                arguments: [model]
            ) ?? 0
        }
    }

    /// The number of the newest change to any embedding; 0 before the first. Constant time.
    public func latestChange() throws(CatalogError) -> Int64 {
        try read { database in
            let statement = try database.cachedStatement(sql: "SELECT max(sequence) FROM embeddingChange")
            return try Int64.fetchOne(statement) ?? 0
        }
    }

    /// Calls `body` for the images whose embedding by `model` changed after `sequence`, with their state now,
    /// in the order of their last change.
    ///
    /// All of it is one snapshot of the database, read row by row: memory does not grow with the number of
    /// changes. An embedding whose checksum does not fit is handed over as damaged, without a vector.
    ///
    /// - Returns: The number of the newest change in that snapshot: what to pass as `sequence` next time.
    /// - Throws: ``CatalogError``, or what `body` throws.
    public func forEachChange(
        after sequence: Int64,
        model: ModelID,
        _ body: (EmbeddingChange) throws -> Void
    ) throws -> Int64 {
        try wrappingDatabaseErrors {
            try database.read { database in
                let dimension = try database.dimension(of: model)
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT change.imageID, \(EmbeddingRow.columns)
                        FROM embeddingChange AS change
                        LEFT JOIN embedding ON embedding.modelID = change.modelID AND embedding.imageID = change.imageID
                        WHERE change.sequence > ? AND change.modelID = ?
                        ORDER BY change.sequence
                        """,
                    arguments: [sequence, model]
                )
                while let row = try rows.next() {
                    let read = EmbeddingRow(row, from: 1, model: model, dimension: dimension)
                    try body(
                        EmbeddingChange(
                            imageID: row[0],
                            vector: read.vector,
                            isDamaged: read.image != nil && read.vector == nil
                        )
                    )
                }
                return try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM embeddingChange") ?? 0
            }
        }
    }

    /// Returns the images whose embedding by `model` does not fit its checksum, in ascending order. Reads every
    /// vector.
    public func damagedEmbeddings(model: ModelID) throws(CatalogError) -> [ImageID] {
        try read { try $0.damagedEmbeddings(model: model) }
    }

    /// Calls `body` for every embedding of `model`, nil for a damaged one, and whether it is as it was at `sequence`; all
    /// of it in one snapshot.
    ///
    /// - Returns: The images whose embedding changed or went after `sequence`, and the number of the newest change.
    public func forEachEmbedding(
        model: ModelID,
        after sequence: Int64,
        _ body: (_ image: ImageID, _ vector: [Float]?, _ isUnchanged: Bool) throws -> Void
    ) throws -> (changed: Set<ImageID>, latest: Int64) {
        try wrappingDatabaseErrors {
            try database.read { database in
                let dimension = try database.dimension(of: model)
                let changed = try Set(
                    ImageID.fetchAll(
                        database,
                        sql: "SELECT imageID FROM embeddingChange WHERE modelID = ? AND sequence > ?",
                        arguments: [model, sequence]
                    )
                )
                let rows = try Row.fetchCursor(
                    database,
                    sql: "SELECT \(EmbeddingRow.columns) FROM embedding WHERE modelID = ?",
                    arguments: [model]
                )
                while let row = try rows.next() {
                    let read = EmbeddingRow(row, model: model, dimension: dimension)
                    guard let image = read.image else { continue }
                    try body(image, read.vector, !changed.contains(image))
                }
                let latest = try Int64.fetchOne(database, sql: "SELECT max(sequence) FROM embeddingChange")
                return (changed, latest ?? 0)
            }
        }
    }
}

extension Database {
    /// Values of the model's vectors; 0 when there is no such model.
    func dimension(of model: ModelID) throws -> Int {
        try Int.fetchOne(self, sql: "SELECT dimension FROM model WHERE id = ?", arguments: [model]) ?? 0
    }

    /// The images whose embedding does not fit its checksum, in ascending order.
    func damagedEmbeddings(model: ModelID) throws -> [ImageID] {
        let dimension = try dimension(of: model)
        let rows = try Row.fetchCursor(
            self,
            sql: "SELECT \(EmbeddingRow.columns) FROM embedding WHERE modelID = ? ORDER BY imageID",
            arguments: [model]
        )
        var damaged: [ImageID] = []
        while let row = try rows.next() {
            let read = EmbeddingRow(row, model: model, dimension: dimension)
            if read.vector == nil { damaged.append(read.image ?? 0) }
        }
        return damaged
    }
}
