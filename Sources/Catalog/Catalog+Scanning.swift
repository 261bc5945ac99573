public import Foundation
internal import GRDB
public import SystemPackage

extension Catalog {
    /// Remembers folders that are indexed, with their rules, in place of the rules they had.
    public func remember(_ folders: [IndexedFolder]) throws(CatalogError) {
        guard !folders.isEmpty else { return }
        try write { database in
            for folder in folders {
                try database.execute(
                    sql: """
                        INSERT INTO root (path, rules) VALUES (?, ?)
                        ON CONFLICT (path) DO UPDATE SET rules = excluded.rules
                        """,
                    arguments: [StoredPath(folder.path), folder.rules.encoded]
                )
            }
        }
    }

    /// The folders that have been indexed, in path order.
    public func indexedFolders() throws(CatalogError) -> [IndexedFolder] {
        try read { database in
            try Row.fetchAll(database, sql: "SELECT path, rules FROM root ORDER BY path").map { row in
                IndexedFolder(path: (row[0] as StoredPath).path, rules: try FileRules(encoded: row[1]))
            }
        }
    }

    /// Whether all that is kept of an image's content has been read from its file; older programs kept less.
    private static let isDescribed =
        "(SELECT perceptualHash IS NOT NULL FROM image WHERE image.id = embedding.imageID)"

    /// Whether the regions of an image are embedded as well, where they are wanted.
    private static let hasRegions = """
        (:regions IS NULL OR EXISTS (SELECT 1 FROM embedding AS part
            WHERE part.modelID = :regions AND part.imageID = embedding.imageID))
        """

    /// Returns what is remembered of the file at `path`, or nil. Logarithmic in the number of files.
    ///
    /// - Parameters:
    ///   - model: The model whose embedding is looked for.
    ///   - regions: The model of its regions, which have to be there as well; nil when they are not wanted.
    public func knownFile(at path: FilePath, model: ModelID, regions: ModelID? = nil) throws(CatalogError)
        -> KnownFile?
    {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT file.id, byteCount, modifiedAtNanoseconds, inode, refusalReason, refusalMessage,
                           embedding.imageID IS NOT NULL AND \(Self.isDescribed) AND \(Self.hasRegions), file.imageID,
                           missingSince IS NOT NULL
                    FROM file LEFT JOIN embedding
                        ON embedding.modelID = :model AND embedding.imageID = file.imageID
                    WHERE path = :path
                    """
            )
            let arguments: StatementArguments = [
                "model": model, "regions": regions, "path": StoredPath(path),
            ]
            guard let row = try Row.fetchOne(statement, arguments: arguments) else { return nil }
            return KnownFile(
                id: row[0],
                stamp: FileStamp(
                    byteCount: row[1],
                    modifiedAtNanoseconds: row[2],
                    inode: UInt64(bitPattern: row[3] as Int64)
                ),
                imageID: row[7],
                refusal: (row[4] as String?).map { Refusal(reason: $0, message: row[5]) },
                isEmbedded: row[6],
                isMissing: row[8]
            )
        }
    }

    /// Returns the files with this stamp that are known under other paths and whose image `model` has embedded: one of them
    /// has been moved to `path`, or that is another name of it.
    ///
    /// Length, time and inode tell a file from all others unless its time is a whole second, as archives leave it behind;
    /// then the name has to be the same as well.
    public func files(
        like stamp: FileStamp,
        movedTo path: FilePath,
        model: ModelID,
        regions: ModelID? = nil
    ) throws(CatalogError) -> [FileElsewhere] {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT file.id, file.path, file.imageID
                    FROM file JOIN embedding ON embedding.imageID = file.imageID
                    WHERE file.inode = :inode AND file.byteCount = :bytes AND file.modifiedAtNanoseconds = :time
                        AND embedding.modelID = :model AND \(Self.isDescribed) AND \(Self.hasRegions)
                    """
            )
            let rows = try Row.fetchAll(
                statement,
                arguments: [
                    "inode": Int64(bitPattern: stamp.inode), "bytes": stamp.byteCount,
                    "time": stamp.modifiedAtNanoseconds, "model": model, "regions": regions,
                ]
            )
            let isExact = stamp.modifiedAtNanoseconds % 1_000_000_000 != 0
            return rows.compactMap { row in
                let known = (row[1] as StoredPath).path
                guard known != path, isExact || known.lastComponent == path.lastComponent else { return nil }
                return FileElsewhere(fileID: row[0], path: known, imageID: row[2])
            }
        }
    }

    /// Returns the image with this content when `model` has embedded it, and `regions` its regions.
    public func embeddedImage(
        contentHash: [UInt8],
        model: ModelID,
        regions: ModelID? = nil
    ) throws(CatalogError) -> ImageID? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT image.id FROM image JOIN embedding ON embedding.imageID = image.id
                    WHERE image.contentHash = :hash AND embedding.modelID = :model AND perceptualHash IS NOT NULL
                        AND \(Self.hasRegions)
                    """
            )
            return try Int64.fetchOne(
                statement,
                arguments: ["hash": Data(contentHash), "model": model, "regions": regions]
            )
        }
    }

    /// Writes what became of some files, in one transaction: all of it is durable on return, or nothing.
    ///
    /// - Parameters:
    ///   - outcomes: One for each file.
    ///   - model: The model that embedded pictures.
    ///   - regions: The model that their regions are stored under; nil leaves them out.
    ///   - now: When.
    /// - Returns: For each outcome its file's number, and whether it brought an embedding that was not in the catalog
    ///   before.
    @discardableResult
    public func record(
        _ outcomes: [FileOutcome],
        model: ModelID,
        regions: ModelID? = nil,
        at now: Date = Date()
    ) throws(CatalogError) -> [RecordedFile] {
        guard outcomes.contains(where: \.changesCatalog) else {
            return outcomes.compactMap { outcome in
                guard case .unchanged(let fileID, _) = outcome else { return nil }
                return RecordedFile(fileID: fileID, isNew: false)
            }
        }
        return try write { database in
            try outcomes.map { outcome in
                switch outcome {
                case .unchanged(let fileID, _):
                    try database.cachedStatement(sql: "UPDATE file SET missingSince = NULL WHERE id = ?")
                        .execute(arguments: [fileID])
                    return RecordedFile(fileID: fileID, isNew: false)
                case .known(let path, let stamp, let imageID):
                    let fileID = try database.recordFile(path, stamp, imageID: imageID, refusal: nil)
                    return RecordedFile(fileID: fileID, isNew: false)
                case .moved(let known, let path, let stamp):
                    // Unless another of its names has been met since: then this is one more.
                    if try database.isKnown(known) {
                        // What lay there before is no more.
                        try database.cachedStatement(sql: "DELETE FROM file WHERE path = ?")
                            .execute(arguments: [StoredPath(path)])
                        try database.cachedStatement(sql: "UPDATE file SET path = ? WHERE id = ?")
                            .execute(arguments: [StoredPath(path), known.fileID])
                    }
                    let fileID = try database.recordFile(path, stamp, imageID: known.imageID, refusal: nil)
                    return RecordedFile(fileID: fileID, isNew: false)
                case .embedded(let path, let stamp, let description, let embedding):
                    let imageID = try database.findOrInsertImage(description, at: now)
                    let fileID = try database.recordFile(path, stamp, imageID: imageID, refusal: nil)
                    var isNew = false
                    for (vector, model) in [(embedding.vector, model), (embedding.regions, regions)] {
                        // Whoever asked for regions may have been told meanwhile, by another process, that they are not kept.
                        guard let vector, let model, try database.dimension(of: model) > 0 else { continue }
                        let isInserted = try database.insertEmbedding(
                            vector,
                            precision: embedding.precision,
                            image: imageID,
                            model: model
                        )
                        isNew = isNew || isInserted
                    }
                    return RecordedFile(fileID: fileID, isNew: isNew)
                case .refused(let path, let stamp, let refusal):
                    let fileID = try database.recordFile(path, stamp, imageID: nil, refusal: refusal)
                    return RecordedFile(fileID: fileID, isNew: false)
                }
            }
        }
    }

    /// Marks as missing what a walk should have met and has not: present files at or below `places` that are not among
    /// those it has seen. Nothing is deleted.
    ///
    /// - Parameter unreadable: Folders that could not be walked; nothing is concluded about what lies below them.
    /// - Returns: How many files are newly missing.
    public func markMissing(
        at places: [FilePath],
        except unreadable: [FilePath],
        seen: RowIDs,
        at now: Date = Date()
    ) throws(CatalogError) -> Int {
        let unseen = try read { database in
            var seen = seen
            for path in unreadable {
                try database.forEachPresentFile(atOrBelow: path) { seen.insert($0) }
            }
            var unseen: [Int64] = []
            for place in places {
                try database.forEachPresentFile(atOrBelow: place) {
                    if !seen.contains($0) { unseen.append($0) }
                }
            }
            return unseen
        }
        guard !unseen.isEmpty else { return 0 }
        return try write { database in
            try unseen.reduce(0) { count, file in
                try database.cachedStatement(
                    sql: "UPDATE file SET missingSince = ? WHERE id = ? AND missingSince IS NULL"
                ).execute(arguments: [now, file])
                return count + database.changesCount
            }
        }
    }
}

extension Database {
    fileprivate func forEachPresentFile(atOrBelow path: FilePath, _ body: (Int64) -> Void) throws {
        let stored = StoredPath(path)
        let conditions: [(String, StatementArguments)] =
            [("path = ?", [stored])]
            + stored.rangesBelow.map { ("path >= ? AND path < ?", [$0.lower, $0.upper]) }
        for (condition, arguments) in conditions {
            let sql = "SELECT id FROM file WHERE \(condition) AND missingSince IS NULL"
            let rows = try Int64.fetchCursor(self, sql: sql, arguments: arguments)
            while let file = try rows.next() { body(file) }
        }
    }

    fileprivate func isKnown(_ file: FileElsewhere) throws -> Bool {
        try Bool.fetchOne(
            cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM file WHERE id = ? AND path = ?)"),
            arguments: [file.fileID, StoredPath(file.path)]
        ) ?? false
    }

    fileprivate func recordFile(
        _ path: FilePath,
        _ stamp: FileStamp,
        imageID: ImageID?,
        refusal: Refusal?
    ) throws -> Int64 {
        let statement = try cachedStatement(
            sql: """
                INSERT INTO file (path, byteCount, modifiedAtNanoseconds, inode, imageID,
                                  refusalReason, refusalMessage)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (path) DO UPDATE SET
                    byteCount = excluded.byteCount,
                    modifiedAtNanoseconds = excluded.modifiedAtNanoseconds,
                    inode = excluded.inode,
                    imageID = excluded.imageID,
                    refusalReason = excluded.refusalReason,
                    refusalMessage = excluded.refusalMessage,
                    missingSince = NULL
                RETURNING id
                """
        )
        let file = try Int64.fetchOne(
            statement,
            arguments: [
                StoredPath(path), stamp.byteCount, stamp.modifiedAtNanoseconds,
                Int64(bitPattern: stamp.inode),
                imageID, refusal?.reason, refusal?.message,
            ]
        )
        return file ?? lastInsertedRowID
    }

    fileprivate func findOrInsertImage(
        _ description: ImageDescription,
        at now: Date
    ) throws -> ImageID {
        let hash = Data(description.contentHash)
        let existing = try Int64.fetchOne(
            cachedStatement(sql: "SELECT id FROM image WHERE contentHash = ?"),
            arguments: [hash]
        )
        let details: StatementArguments = [
            description.perceptualHash.map { Int64(bitPattern: $0) }, description.takenAt, description.camera,
        ]
        if let existing {
            try cachedStatement(
                sql: """
                    UPDATE image SET perceptualHash = ?, takenAt = ?, camera = ?
                    WHERE id = ? AND perceptualHash IS NULL
                    """
            ).execute(arguments: details + [existing])
            return existing
        }
        try cachedStatement(
            sql: """
                INSERT INTO image (perceptualHash, takenAt, camera, contentHash, format, width, height, byteCount, addedAt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: details + [
                hash, description.format, description.width, description.height, description.byteCount, now,
            ]
        )
        return lastInsertedRowID
    }

    /// Stores a vector unless there is one: the same content always has the same embedding. Returns whether
    /// it did.
    fileprivate func insertEmbedding(
        _ vector: [Float],
        precision: String,
        image: ImageID,
        model: ModelID
    ) throws -> Bool {
        let data = VectorCoding.data(from: vector)
        let checksum = EmbeddingChecksum.of(model: model, image: image, precision: precision, vector: data)
        try cachedStatement(
            sql: """
                INSERT INTO embedding (imageID, modelID, vector, precision, checksum) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [image, model, data, precision, checksum])
        return changesCount > 0
    }
}
