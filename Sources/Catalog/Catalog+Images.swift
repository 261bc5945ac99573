internal import Foundation
internal import GRDB
public import SystemPackage

extension Catalog {
    /// The most images that one query describes; SQLite limits the number of arguments of a statement.
    public static let maximumImagesPerQuery = 1000

    /// Returns the images with these numbers, those that exist, in ascending order of number.
    ///
    /// - Parameter ids: At most ``maximumImagesPerQuery``.
    public func images(_ ids: some Collection<ImageID>) throws(CatalogError) -> [StoredImage] {
        precondition(ids.count <= Self.maximumImagesPerQuery, "\(ids.count) images in one query")
        guard !ids.isEmpty else { return [] }
        return try read { try $0.images(Array(ids)) }
    }

    /// Returns the image with this number, or nil.
    public func image(_ id: ImageID) throws(CatalogError) -> StoredImage? {
        try images([id]).first
    }

    /// Returns the perceptual hashes of images, of those that have one.
    ///
    /// - Parameter ids: At most ``maximumImagesPerQuery``.
    public func perceptualHashes(of ids: [ImageID]) throws(CatalogError) -> [ImageID: UInt64] {
        precondition(ids.count <= Self.maximumImagesPerQuery, "\(ids.count) images in one query")
        return try read { database in
            let request: SQLRequest<Row> = """
                SELECT id, perceptualHash FROM image WHERE id IN \(ids) AND perceptualHash IS NOT NULL
                """
            return Dictionary(
                uniqueKeysWithValues: try request.fetchAll(database).map { row in
                    (row[0], UInt64(bitPattern: row[1] as Int64))
                }
            )
        }
    }

    /// Returns the images that lie in more than one file that is there, the one in most files first.
    public func imagesInSeveralFiles() throws(CatalogError) -> [ImageID] {
        try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT imageID FROM file WHERE imageID IS NOT NULL AND missingSince IS NULL
                    GROUP BY imageID HAVING count(*) > 1 ORDER BY count(*) DESC, imageID
                    """
            )
        }
    }

    /// Forgets the files and indexed folders at or below `path`, and every image that is left without a file.
    /// The files themselves stay.
    ///
    /// - Returns: How many files and images were forgotten; nil when nothing was known there.
    public func forget(at path: FilePath) throws(CatalogError) -> (files: Int, images: Int)? {
        try write { database in
            let stored = StoredPath(path)
            var counts = ["file": 0, "root": 0]
            for table in counts.keys {
                try database.execute(sql: "DELETE FROM \(table) WHERE path = ?", arguments: [stored])
                counts[table, default: 0] += database.changesCount
                for range in stored.rangesBelow {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE path >= ? AND path < ?",
                        arguments: [range.lower, range.upper]
                    )
                    counts[table, default: 0] += database.changesCount
                }
            }
            guard counts.values.contains(where: { $0 > 0 }) else { return nil }
            return (counts["file", default: 0], try database.deleteImagesWithoutFile())
        }
    }

    /// Forgets the images that no file holds any more, not even a missing one, and of which nothing was said: old states of
    /// edited pictures. Linear in the number of images.
    public func forgetUnusedImages() throws(CatalogError) {
        let unused = try read { database in
            try Int64.fetchAll(
                database,
                sql: """
                    SELECT id FROM image
                    WHERE NOT EXISTS (SELECT 1 FROM file WHERE imageID = image.id)
                        AND NOT EXISTS (SELECT 1 FROM judgement WHERE queryID = image.id)
                        AND NOT EXISTS (SELECT 1 FROM judgement WHERE imageID = image.id)
                        AND NOT EXISTS (SELECT 1 FROM interaction WHERE queryID = image.id)
                        AND NOT EXISTS (SELECT 1 FROM impression WHERE imageID = image.id)
                    """
            )
        }
        guard !unused.isEmpty else { return }
        try write { database in
            for image in unused {
                try database.cachedStatement(sql: "DELETE FROM image WHERE id = ?").execute(arguments: [image]
                )
            }
        }
    }

    /// How many files are missing, and how many images are in no file that is there: what ``prune()`` would forget.
    public func prunable() throws(CatalogError) -> (files: Int, images: Int) {
        try read { database in
            let files = try Int.fetchOne(
                database,
                sql: "SELECT count(*) FROM file WHERE missingSince IS NOT NULL"
            )
            let images = try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM image WHERE NOT EXISTS
                        (SELECT 1 FROM file WHERE file.imageID = image.id AND missingSince IS NULL)
                    """
            )
            return (files ?? 0, images ?? 0)
        }
    }

    /// Forgets the files that are missing, and every image that is left without a file, with what was said of it.
    ///
    /// - Returns: How many files and images were forgotten.
    public func prune() throws(CatalogError) -> (files: Int, images: Int) {
        try write { database in
            try database.execute(sql: "DELETE FROM file WHERE missingSince IS NOT NULL")
            return (database.changesCount, try database.deleteImagesWithoutFile())
        }
    }

    /// Returns the present files that were refused, in path order.
    public func refusedFiles() throws(CatalogError) -> [RefusedFile] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT path, refusalReason, refusalMessage FROM file
                    WHERE refusalReason IS NOT NULL AND missingSince IS NULL ORDER BY path
                    """
            )
            return rows.map { row in
                RefusedFile(
                    path: (row[0] as StoredPath).path,
                    refusal: Refusal(reason: row[1], message: row[2])
                )
            }
        }
    }

    /// Counts what the catalog holds. Linear in the number of files.
    public func counts() throws(CatalogError) -> CatalogCounts {
        try read { database in
            func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }
            return CatalogCounts(
                presentImages: try count(
                    """
                    SELECT count(DISTINCT imageID) FROM file
                    WHERE imageID IS NOT NULL AND missingSince IS NULL
                    """
                ),
                images: try count("SELECT count(*) FROM image"),
                files: try count(
                    "SELECT count(*) FROM file WHERE imageID IS NOT NULL AND missingSince IS NULL"
                ),
                missingFiles: try count(
                    """
                    SELECT count(*) FROM file WHERE missingSince IS NOT NULL AND NOT EXISTS
                        (SELECT 1 FROM file AS other
                         WHERE other.imageID = file.imageID AND other.missingSince IS NULL)
                    """
                ),
                refusedFiles: try count(
                    "SELECT count(*) FROM file WHERE refusalReason IS NOT NULL AND missingSince IS NULL"
                )
            )
        }
    }
}

extension Database {
    /// The images with these numbers, in ascending order of number.
    func images(_ ids: [ImageID]) throws -> [StoredImage] {
        // The list as one value: the statement is the same for every list, and prepared once.
        let statement = try cachedStatement(
            sql: """
                SELECT image.id, image.contentHash, image.format, image.width, image.height, image.byteCount,
                       image.addedAt, image.perceptualHash, image.takenAt, image.camera, image.visibility,
                       (SELECT json_group_array(tag) FROM (SELECT tag FROM tag WHERE imageID = image.id ORDER BY tag)),
                       file.path, file.missingSince
                FROM image LEFT JOIN file ON file.imageID = image.id
                WHERE image.id IN (SELECT value FROM json_each(?))
                ORDER BY image.id, file.missingSince IS NOT NULL, file.path
                """
        )
        let list = "[\(ids.map(String.init).joined(separator: ","))]"
        let rows = try Row.fetchCursor(statement, arguments: [list])
        var images: [StoredImage] = []
        while let row = try rows.next() {
            let location = (row[12] as StoredPath?).map {
                ImageLocation(path: $0.path, missingSince: row[13])
            }
            if images.last?.id == row[0] {
                images[images.count - 1].locations += location.map { [$0] } ?? []
            } else {
                images.append(try StoredImage(row, location))
            }
        }
        return images
    }

    /// Deletes every image that no file holds, missing files included, and returns how many there were.
    func deleteImagesWithoutFile() throws -> Int {
        try execute(
            sql: "DELETE FROM image WHERE NOT EXISTS (SELECT 1 FROM file WHERE file.imageID = image.id)"
        )
        return changesCount
    }
}

extension StoredImage {
    fileprivate init(_ row: Row, _ location: ImageLocation?) throws {
        self.init(
            id: row[0],
            description: ImageDescription(
                contentHash: Array(row[1] as Data),
                format: row[2],
                width: row[3],
                height: row[4],
                byteCount: row[5],
                perceptualHash: (row[7] as Int64?).map { UInt64(bitPattern: $0) },
                takenAt: row[8],
                camera: row[9]
            ),
            addedAt: row[6],
            visibility: Visibility(rawValue: row[10]) ?? .blocked,
            // Most have none, and a decoder costs more than all the rest.
            tags: row[11] as String == "[]"
                ? [] : try JSONDecoder().decode([String].self, from: Data((row[11] as String).utf8)),
            locations: location.map { [$0] } ?? []
        )
    }
}
