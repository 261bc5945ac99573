public import Foundation
internal import GRDB

/// Pictures that stand for the whole library.
extension Catalog {
    /// Returns up to `count` embeddings by `model`, exactly as many as were asked for when there are as many, evenly spread over
    /// the images that have one; damaged ones are left out.
    ///
    /// - Parameters:
    ///   - audience: Only images that these people may find, in a file that is there; nil for all.
    ///   - left: Images that are passed over before the others are thinned out.
    /// - Precondition: `count` is at least 1.
    /// - Complexity: linear in the number of images; only the sample's vectors are read.
    public func sampleOfEmbeddings(
        model: ModelID,
        count: Int,
        findableBy audience: Audience? = nil,
        leavingOut left: Set<ImageID> = []
    ) throws(CatalogError) -> [(image: ImageID, vector: [Float])] {
        precondition(count >= 1, "a sample of \(count)")
        var sql = "SELECT imageID FROM embedding WHERE modelID = ?"
        var arguments: StatementArguments = [model]
        if let audience {
            let findable = FilterCondition(ImageFilter(), for: audience)
            sql += " AND imageID IN (SELECT id FROM image WHERE \(findable.sql))"
            arguments += findable.arguments
        }
        return try read { database in
            var ids: [ImageID] = []
            let all = try Int64.fetchCursor(database, sql: sql + " ORDER BY imageID", arguments: arguments)
            while let id = try all.next() {
                if !left.contains(id) { ids.append(id) }
            }
            let taken = min(count, ids.count)
            let sample = (0..<taken).map { ids[$0 * ids.count / taken] }
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT \(EmbeddingRow.columns) FROM embedding
                    WHERE modelID = ? AND imageID IN (SELECT value FROM json_each(?)) ORDER BY imageID
                    """,
                arguments: [model, "[\(sample.map(String.init).joined(separator: ","))]"]
            )
            let dimension = try database.dimension(of: model)
            var embeddings: [(image: ImageID, vector: [Float])] = []
            while let row = try rows.next() {
                let read = EmbeddingRow(row, model: model, dimension: dimension)
                guard let image = read.image, let vector = read.vector else { continue }
                embeddings.append((image, vector))
            }
            return embeddings
        }
    }

    /// Returns the image with the lowest number from `first` on that `model` has embedded and everybody may find in a file; nil
    /// when there is none.
    public func findableImage(from first: ImageID, model: ModelID) throws(CatalogError) -> ImageID? {
        let findable = FilterCondition(ImageFilter(), for: .everyone)
        return try read { database in
            try Int64.fetchOne(
                database,
                sql: """
                    SELECT id FROM image
                    WHERE id >= ? AND \(findable.sql) AND EXISTS
                        (SELECT 1 FROM embedding WHERE modelID = ? AND imageID = image.id)
                    ORDER BY id LIMIT 1
                    """,
                arguments: [first] + findable.arguments + [model]
            )
        }
    }

    /// Returns the newest image that everybody may find in a file, of all that were added by `date`; nil when there is none.
    ///
    /// - Complexity: linear in the number of images that were added since.
    public func newestFindableImage(addedBy date: Date) throws(CatalogError) -> ImageID? {
        let findable = FilterCondition(ImageFilter(), for: .everyone)
        return try read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT id FROM image WHERE addedAt <= ? AND \(findable.sql) ORDER BY id DESC LIMIT 1",
                arguments: [date] + findable.arguments
            )
        }
    }
}
