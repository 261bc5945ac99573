public import Foundation
internal import GRDB
public import SystemPackage

/// Says which images of a library are meant, by what is known of them.
///
/// All conditions have to hold; an empty filter means every image that lies in a file that is there.
public struct ImageFilter: Hashable, Sendable {
    /// Whether the files that hold an image have to be there.
    public enum Status: String, Hashable, Sendable, Codable, CaseIterable {
        /// At least one file is there.
        case present
        /// A walk found none of them.
        case missing
        /// Either.
        case any
    }

    /// A file lies in this folder, or below it; an absolute path.
    public var folder: FilePath?
    /// A file's name is like this, as shells match names, whatever the case: `*beach*.jpg`.
    public var name: String?
    /// The format is one of these, such as `jpeg`; none for any.
    public var formats: [String] = []
    /// Pixels of the upright picture.
    public var widths: ClosedRange<Int> = 0...Int.max
    /// Pixels of the upright picture.
    public var heights: ClosedRange<Int> = 0...Int.max
    /// The camera's clock at the time was not before this: `2024-05-01`, or a longer prefix of `2024-05-01T17:31:09`.
    public var takenAfter: String?
    /// The camera's clock at the time was before the end of this: of that day, if it is a date.
    public var takenBefore: String?
    /// Indexed then or later.
    public var addedAfter: Date?
    /// Indexed before.
    public var addedBefore: Date?
    /// A part of the camera's maker and model, whatever the case.
    public var camera: String?
    /// It has all of these tags.
    public var tags: [String] = []
    /// It has one of these tags; none for any.
    public var anyTags: [String] = []
    /// It has none of these tags.
    public var notTags: [String] = []
    /// Whether its files have to be there.
    public var status = Status.present
    /// Who may see it is one of these; none for whatever may be found. Only administrators learn of images that are not
    /// listed.
    public var visibilities: [Visibility] = []

    /// Creates a filter that lets every present image through.
    public init() {}

    /// Whether it lets every present image through.
    public var isTrivial: Bool { self == ImageFilter() }
}

extension Catalog {
    /// Returns the numbers of the images that a filter means and these people may find. Linear in the number of images.
    public func imageIDs(matching filter: ImageFilter, for audience: Audience) throws(CatalogError) -> RowIDs
    {
        try read { database in
            let condition = FilterCondition(filter, for: audience)
            return try condition.using(database) {
                var ids = RowIDs()
                let rows = try Int64.fetchCursor(
                    database,
                    sql: "SELECT id FROM image WHERE \(condition.sql)",
                    arguments: condition.arguments
                )
                while let id = try rows.next() { ids.insert(id) }
                return ids
            }
        }
    }

    /// Returns the images with these numbers that a filter means, in ascending order of number, whoever may see them.
    ///
    /// - Parameter ids: At most ``maximumImagesPerQuery``.
    public func images(
        _ ids: some Collection<ImageID>,
        matching filter: ImageFilter
    ) throws(CatalogError) -> [StoredImage] {
        precondition(ids.count <= Self.maximumImagesPerQuery, "\(ids.count) images in one query")
        guard !ids.isEmpty else { return [] }
        // What nearly every search asks costs one query instead of two.
        if filter.isTrivial {
            return try images(ids).filter { $0.locations.first?.missingSince == nil && !$0.locations.isEmpty }
        }
        return try read { database in
            let condition = FilterCondition(filter, for: nil)
            let list = ids.map(String.init).joined(separator: ", ")
            let matching = try condition.using(database) {
                try Int64.fetchAll(
                    database,
                    sql: "SELECT id FROM image WHERE id IN (\(list)) AND \(condition.sql)",
                    arguments: condition.arguments
                )
            }
            return try database.images(matching)
        }
    }

    /// Returns up to `count` images that a filter means and these people may find, the newest first.
    ///
    /// - Parameter last: Only images older than this one; nil for the newest.
    public func newestImages(
        matching filter: ImageFilter,
        for audience: Audience,
        before last: ImageID? = nil,
        count: Int
    ) throws(CatalogError) -> [StoredImage] {
        try read { database in
            let condition = FilterCondition(filter, for: audience)
            let ids = try condition.using(database) {
                try Int64.fetchAll(
                    database,
                    sql: "SELECT id FROM image WHERE id < ? AND \(condition.sql) ORDER BY id DESC LIMIT ?",
                    arguments: [last ?? .max] + condition.arguments + [count]
                )
            }
            return try database.images(ids).reversed()
        }
    }

    /// Returns the image with this number if these people may look at it, whether or not its files are there.
    public func image(_ id: ImageID, seenBy audience: Audience) throws(CatalogError) -> StoredImage? {
        try image(id).flatMap { audience.maySee($0.visibility) ? $0 : nil }
    }

    /// Returns up to `count` images whose numbers lie at even distances, of those that everybody may find and that lie in a
    /// file: cheap whatever the library's size, and more varied than the first or the last few, which tend to be of one
    /// folder.
    public func imagesAtEvenDistances(count: Int) throws(CatalogError) -> [StoredImage] {
        try read { database in
            guard
                let row = try Row.fetchOne(database, sql: "SELECT min(id), max(id) FROM image"),
                let first = row[0] as Int64?, let last = row[1] as Int64?
            else { return [] }
            let statement = try database.cachedStatement(
                sql: """
                    SELECT id FROM image WHERE id >= ? AND visibility IN (\(Audience.everyone.findable)) AND EXISTS
                        (SELECT 1 FROM file WHERE imageID = image.id AND missingSince IS NULL)
                    ORDER BY id LIMIT 1
                    """
            )
            let step = Double(last - first + 1) / Double(count)
            var ids: [ImageID] = []
            for place in 0..<count {
                let least = max(first + Int64(Double(place) * step), (ids.last ?? 0) + 1)
                guard let id = try Int64.fetchOne(statement, arguments: [least]) else { break }
                ids.append(id)
            }
            return try database.images(ids)
        }
    }

    /// Returns the image with this number if these people may find it, whether or not its files are there.
    public func image(_ id: ImageID, for audience: Audience) throws(CatalogError) -> StoredImage? {
        try image(id).flatMap { audience.mayFind($0.visibility) ? $0 : nil }
    }

    /// Returns the number of the image that lies at `path`, or nil.
    public func imageID(at path: FilePath) throws(CatalogError) -> ImageID? {
        try read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT imageID FROM file WHERE path = ? AND imageID IS NOT NULL",
                arguments: [StoredPath(path)]
            )
        }
    }
}

/// A filter as SQL over the table `image`.
struct FilterCondition {
    private(set) var sql = "TRUE"
    private(set) var arguments = StatementArguments()
    private let namePattern: String?

    /// - Parameter audience: Who asks; nil lets images of any visibility through.
    init(_ filter: ImageFilter, for audience: Audience?) {
        namePattern = filter.name
        if let audience {
            let visible = Visibility.allCases.filter { visibility in
                filter.visibilities.isEmpty
                    ? audience.mayFind(visibility)
                    : filter.visibilities.contains(visibility)
                        && (audience == .administrators || audience.mayFind(visibility))
            }
            require("visibility IN (\(visible.map { String($0.rawValue) }.joined(separator: ", ")))")
        }
        requireFile(filter)
        requireOneOf("format", filter.formats)
        require(within: filter.widths, "width")
        require(within: filter.heights, "height")
        if let after = filter.takenAfter { require("takenAt >= ?", [after]) }
        // A day's texts begin with the date and go on with T, which comes before this.
        if let before = filter.takenBefore { require("takenAt < ?", [before + "~"]) }
        if let after = filter.addedAfter { require("addedAt >= ?", [after]) }
        if let before = filter.addedBefore { require("addedAt < ?", [before]) }
        if let camera = filter.camera { require("instr(lower(camera), lower(?)) > 0", [camera]) }
        for tag in filter.tags { requireTag(in: [tag]) }
        if !filter.anyTags.isEmpty { requireTag(in: filter.anyTags) }
        if !filter.notTags.isEmpty { requireTag(in: filter.notTags, not: true) }
    }

    private mutating func require(_ condition: String, _ arguments: StatementArguments = []) {
        sql += " AND \(condition)"
        self.arguments += arguments
    }

    private mutating func require(within range: ClosedRange<Int>, _ column: String) {
        if range.lowerBound > 0 { require("\(column) >= ?", [range.lowerBound]) }
        if range.upperBound < .max { require("\(column) <= ?", [range.upperBound]) }
    }

    private mutating func requireOneOf(_ column: String, _ values: [String]) {
        guard !values.isEmpty else { return }
        require("\(column) IN (\(marks(values.count)))", StatementArguments(values))
    }

    private mutating func requireTag(in tags: [String], not: Bool = false) {
        require(
            """
            \(not ? "NOT " : "")EXISTS
                (SELECT 1 FROM tag WHERE tag.imageID = image.id AND tag IN (\(marks(tags.count))))
            """,
            StatementArguments(tags)
        )
    }

    /// One and the same file has to lie in the folder, bear the name and be there.
    private mutating func requireFile(_ filter: ImageFilter) {
        var conditions: [String] = []
        var arguments = StatementArguments()
        if let folder = filter.folder {
            let ranges = StoredPath(folder).rangesBelow
            conditions.append(
                "(" + ranges.map { _ in "file.path >= ? AND file.path < ?" }.joined(separator: " OR ") + ")"
            )
            for range in ranges { arguments += [range.lower, range.upper] }
        }
        if filter.name != nil { conditions.append("\(Self.nameFunction)(file.path)") }
        func anyFile(_ conditions: [String]) -> String {
            let all = ["file.imageID = image.id"] + conditions
            return "EXISTS (SELECT 1 FROM file WHERE \(all.joined(separator: " AND ")))"
        }
        let present = "file.missingSince IS NULL"
        switch filter.status {
        case .present:
            require(anyFile(conditions + [present]), arguments)
        case .missing:
            require(anyFile(conditions), arguments)
            require("NOT " + anyFile([present]))
        case .any:
            if !conditions.isEmpty { require(anyFile(conditions), arguments) }
        }
    }

    private func marks(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }

    private static let nameFunction = "nameMatches"

    /// Calls `body` while the database knows the function that matches names.
    func using<Value>(_ database: Database, _ body: () throws -> Value) rethrows -> Value {
        guard let namePattern else { return try body() }
        let pattern = namePattern.lowercased()
        let function = DatabaseFunction(Self.nameFunction, argumentCount: 1) { values in
            guard let path = StoredPath.fromDatabaseValue(values[0])?.path, let name = path.lastComponent
            else {
                return false
            }
            return fnmatch(pattern, name.string.lowercased(), 0) == 0
        }
        database.add(function: function)
        defer { database.remove(function: function) }
        return try body()
    }
}
