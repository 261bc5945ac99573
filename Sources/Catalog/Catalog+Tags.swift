internal import GRDB

/// A name that images share, and how many do.
public struct ImageGroup: Hashable, Sendable, Codable {
    /// The tag, the format, or whatever it is.
    public let name: String
    /// Images in it.
    public let imageCount: Int

    /// Counts a group.
    public init(name: String, imageCount: Int) {
        (self.name, self.imageCount) = (name, imageCount)
    }
}

extension Catalog {
    /// Characters that a tag may have at most.
    public static let maximumTagLength = 64
    /// Tags that an image may have at most.
    public static let maximumTagCount = 64

    /// Whether a text can be a tag: 1 to ``maximumTagLength`` characters, no comma, no control character, no space at its
    /// ends.
    public static func isTag(_ text: String) -> Bool {
        (1...maximumTagLength).contains(text.count) && text.first != " " && text.last != " "
            && text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 && $0 != "," }
    }

    /// Gives an image these tags in place of those it had.
    ///
    /// - Precondition: all are tags, ``maximumTagCount`` of them at most.
    /// - Returns: false when there is no such image.
    public func setTags(_ tags: [String], of image: ImageID) throws(CatalogError) -> Bool {
        precondition(tags.count <= Self.maximumTagCount && tags.allSatisfy(Self.isTag), "tags \(tags)")
        return try write { database in
            guard try database.hasImage(image) else { return false }
            try database.execute(sql: "DELETE FROM tag WHERE imageID = ?", arguments: [image])
            for tag in Set(tags) {
                try database.execute(
                    sql: "INSERT INTO tag (imageID, tag) VALUES (?, ?)",
                    arguments: [image, tag]
                )
            }
            return true
        }
    }

    /// Sets who may see an image.
    ///
    /// - Returns: false when there is no such image.
    public func setVisibility(_ visibility: Visibility, of image: ImageID) throws(CatalogError) -> Bool {
        try write { database in
            try database.execute(
                sql: "UPDATE image SET visibility = ? WHERE id = ?",
                arguments: [visibility.rawValue, image]
            )
            return database.changesCount > 0
        }
    }

    /// Returns the images that not everybody may see, in ascending order of number.
    public func hiddenImages() throws(CatalogError) -> [ImageID] {
        try read { try Int64.fetchAll($0, sql: "SELECT id FROM image WHERE visibility <> 0 ORDER BY id") }
    }

    /// Returns how many present images these people may find of each tag, format and camera, in alphabetical order.
    public func imageGroups(for audience: Audience) throws(CatalogError) -> (
        tags: [ImageGroup], formats: [ImageGroup], cameras: [ImageGroup]
    ) {
        let visible = Visibility.allCases.filter(audience.mayFind).map { String($0.rawValue) }
        let found = """
            visibility IN (\(visible.joined(separator: ", ")))
                AND EXISTS (SELECT 1 FROM file WHERE file.imageID = image.id AND missingSince IS NULL)
            """
        return try read { database in
            func groups(_ column: String, from tables: String) throws -> [ImageGroup] {
                let rows = try Row.fetchAll(
                    database,
                    sql: """
                        SELECT \(column), count(*) FROM \(tables)
                        WHERE \(found) AND \(column) IS NOT NULL GROUP BY \(column) ORDER BY \(column)
                        """
                )
                return rows.map { ImageGroup(name: $0[0], imageCount: $0[1]) }
            }
            return (
                try groups("tag", from: "image JOIN tag ON tag.imageID = image.id"),
                try groups("format", from: "image"), try groups("camera", from: "image")
            )
        }
    }

    /// Forgets an image with all its files, and with what was said of it. The files themselves stay.
    ///
    /// - Returns: false when there is no such image.
    public func forget(_ image: ImageID) throws(CatalogError) -> Bool {
        try write { database in
            // Its files go with it.
            try database.execute(sql: "DELETE FROM image WHERE id = ?", arguments: [image])
            return database.changesCount > 0
        }
    }
}

extension Database {
    func hasImage(_ image: ImageID) throws -> Bool {
        try Bool.fetchOne(self, sql: "SELECT EXISTS (SELECT 1 FROM image WHERE id = ?)", arguments: [image])
            ?? false
    }
}

extension Catalog {
    /// Counts the images that `model` has embedded and these people may not find. Quick where few are hidden.
    public func hiddenCount(model: ModelID, for audience: Audience) throws(CatalogError) -> Int {
        let hidden = Visibility.allCases.filter { !audience.mayFind($0) }.map { String($0.rawValue) }
        return try read { database in
            try Int.fetchOne(
                database.cachedStatement(
                    sql: """
                        SELECT count(*) FROM image INDEXED BY hiddenImage
                        CROSS JOIN embedding ON embedding.imageID = image.id
                        WHERE visibility <> 0 AND visibility IN (\(hidden.joined(separator: ", "))) AND modelID = ?
                        """
                ),
                arguments: [model]
            ) ?? 0
        }
    }
}
