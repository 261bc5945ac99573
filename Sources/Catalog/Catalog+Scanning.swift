public import Foundation
internal import GRDB
public import SystemPackage

/// Identifies one run over a folder; files that it has not seen are gone.
public typealias ScanID = Int64

extension Catalog {
    /// Opens a scan, and remembers the folders it is of.
    public func beginScan(of folders: [FilePath], at now: Date = Date()) throws(CatalogError) -> ScanID {
        try write { database in
            for folder in folders {
                try database.execute(
                    sql: "INSERT INTO root (path) VALUES (?) ON CONFLICT DO NOTHING",
                    arguments: [StoredPath(folder)]
                )
            }
            try database.execute(sql: "INSERT INTO scan (startedAt) VALUES (?)", arguments: [now])
            return database.lastInsertedRowID
        }
    }

    /// Returns what is remembered of the file at `path`, or nil. Logarithmic in the number of files.
    ///
    /// - Parameter model: The model whose embedding is looked for.
    public func knownFile(at path: FilePath, model: ModelID) throws(CatalogError) -> KnownFile? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT file.id, byteCount, modifiedAtNanoseconds, inode, refusalReason, refusalMessage,
                           embedding.imageID IS NOT NULL, file.imageID
                    FROM file LEFT JOIN embedding
                        ON embedding.modelID = ? AND embedding.imageID = file.imageID
                    WHERE path = ?
                    """
            )
            guard let row = try Row.fetchOne(statement, arguments: [model, StoredPath(path)]) else {
                return nil
            }
            return KnownFile(
                id: row[0],
                stamp: FileStamp(
                    byteCount: row[1],
                    modifiedAtNanoseconds: row[2],
                    inode: UInt64(bitPattern: row[3] as Int64)
                ),
                imageID: row[7],
                refusal: (row[4] as String?).map { Refusal(reason: $0, message: row[5]) },
                isEmbedded: row[6]
            )
        }
    }

    /// Returns the image with this content when `model` has embedded it.
    public func embeddedImage(contentHash: [UInt8], model: ModelID) throws(CatalogError) -> ImageID? {
        try read { database in
            let statement = try database.cachedStatement(
                sql: """
                    SELECT image.id FROM image JOIN embedding ON embedding.imageID = image.id
                    WHERE image.contentHash = ? AND embedding.modelID = ?
                    """
            )
            return try Int64.fetchOne(statement, arguments: [Data(contentHash), model])
        }
    }

    /// Writes what became of some files, in one transaction: all of it is durable on return, or nothing.
    ///
    /// - Returns: For each outcome whether it brought an embedding that was not in the catalog before.
    @discardableResult
    public func record(
        _ outcomes: [FileOutcome],
        scan: ScanID,
        model: ModelID,
        at now: Date = Date()
    ) throws(CatalogError) -> [Bool] {
        try write { database in
            try outcomes.map { outcome in
                switch outcome {
                case .unchanged(let fileID):
                    try database.cachedStatement(
                        sql: "UPDATE file SET scanID = ?, missingSince = NULL WHERE id = ?"
                    ).execute(arguments: [scan, fileID])
                    return false
                case .known(let path, let stamp, let imageID):
                    try database.recordFile(path, stamp, imageID: imageID, refusal: nil, scan: scan)
                    return false
                case .embedded(let path, let stamp, let description, let vector, let precision):
                    let imageID = try database.findOrInsertImage(description, at: now)
                    try database.recordFile(path, stamp, imageID: imageID, refusal: nil, scan: scan)
                    return try database.insertEmbedding(
                        vector,
                        precision: precision,
                        image: imageID,
                        model: model
                    )
                case .refused(let path, let stamp, let refusal):
                    try database.recordFile(path, stamp, imageID: nil, refusal: refusal, scan: scan)
                    return false
                }
            }
        }
    }

    /// Closes a scan that walked all of `roots`: files below them that it has not seen are marked as missing.
    ///
    /// - Parameter unreadable: Directories that could not be walked; nothing is concluded about what lies
    ///   below them.
    /// An image whose last file now holds something else is forgotten with its embeddings; one whose file is
    /// missing is kept.
    ///
    /// - Returns: How many files are newly missing.
    public func finishScan(
        _ scan: ScanID,
        of roots: [FilePath],
        except unreadable: [FilePath],
        at now: Date = Date()
    ) throws(CatalogError) -> Int {
        try write { database in
            for path in unreadable {
                try database.execute(
                    sql: "UPDATE file SET scanID = ? WHERE path = ?",
                    arguments: [scan, StoredPath(path)]
                )
                for range in StoredPath(path).rangesBelow {
                    try database.execute(
                        sql: "UPDATE file SET scanID = ? WHERE path >= ? AND path < ?",
                        arguments: [scan, range.lower, range.upper]
                    )
                }
            }
            var missing = 0
            func markUnseen(_ condition: String, _ arguments: StatementArguments) throws {
                try database.execute(
                    sql: """
                        UPDATE file SET missingSince = ?
                        WHERE \(condition) AND scanID != ? AND missingSince IS NULL
                        """,
                    arguments: [now] + arguments + [scan]
                )
                missing += database.changesCount
            }
            for root in roots {
                try markUnseen("path = ?", [StoredPath(root)])
                for range in StoredPath(root).rangesBelow {
                    try markUnseen("path >= ? AND path < ?", [range.lower, range.upper])
                }
                try database.execute(
                    sql: "UPDATE root SET scannedAt = ? WHERE path = ?",
                    arguments: [now, StoredPath(root)]
                )
            }
            _ = try database.deleteImagesWithoutFile()
            return missing
        }
    }

    /// The folders that have been indexed, in path order.
    public func roots() throws(CatalogError) -> [FilePath] {
        try read { database in
            try StoredPath.fetchAll(database, sql: "SELECT path FROM root ORDER BY path").map(\.path)
        }
    }
}

extension Database {
    fileprivate func recordFile(
        _ path: FilePath,
        _ stamp: FileStamp,
        imageID: ImageID?,
        refusal: Refusal?,
        scan: ScanID
    ) throws {
        try cachedStatement(
            sql: """
                INSERT INTO file (path, byteCount, modifiedAtNanoseconds, inode, imageID,
                                  refusalReason, refusalMessage, scanID)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (path) DO UPDATE SET
                    byteCount = excluded.byteCount,
                    modifiedAtNanoseconds = excluded.modifiedAtNanoseconds,
                    inode = excluded.inode,
                    imageID = excluded.imageID,
                    refusalReason = excluded.refusalReason,
                    refusalMessage = excluded.refusalMessage,
                    scanID = excluded.scanID,
                    missingSince = NULL
                """
        ).execute(
            arguments: [
                StoredPath(path), stamp.byteCount, stamp.modifiedAtNanoseconds,
                Int64(bitPattern: stamp.inode),
                imageID, refusal?.reason, refusal?.message, scan,
            ]
        )
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
        if let existing { return existing }
        try cachedStatement(
            sql: """
                INSERT INTO image (contentHash, format, width, height, byteCount, addedAt)
                VALUES (?, ?, ?, ?, ?, ?)
                """
        ).execute(
            arguments: [
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
        try cachedStatement(
            sql: """
                INSERT INTO embedding (imageID, modelID, vector, precision) VALUES (?, ?, ?, ?)
                ON CONFLICT DO NOTHING
                """
        ).execute(arguments: [image, model, VectorCoding.data(from: vector), precision])
        return changesCount > 0
    }
}
