internal import Catalog
internal import Foundation
internal import SystemPackage

/// A filter as a request spells it.
struct FilterOptions: Decodable {
    var folder: String?
    var name: String?
    var format: [String]?
    var minimumWidth: Int?
    var maximumWidth: Int?
    var minimumHeight: Int?
    var maximumHeight: Int?
    var takenAfter: String?
    var takenBefore: String?
    var addedAfter: String?
    var addedBefore: String?
    var camera: String?
    var tags: [String]?
    var anyTags: [String]?
    var notTags: [String]?
    var status: String?
    var visibility: [String]?

    static let names: Set<String> = [
        "folder", "name", "format", "minimumWidth", "maximumWidth", "minimumHeight", "maximumHeight",
        "takenAfter",
        "takenBefore", "addedAfter", "addedBefore", "camera", "tags", "anyTags", "notTags", "status",
        "visibility",
    ]

    /// Values of a list at most; SQLite's statements have an end.
    private static let maximumListCount = 64

    init(_ parameters: QueryParameters) throws {
        folder = parameters["folder"]
        name = parameters["name"]
        format = parameters.list("format")
        minimumWidth = try parameters.number("minimumWidth")
        maximumWidth = try parameters.number("maximumWidth")
        minimumHeight = try parameters.number("minimumHeight")
        maximumHeight = try parameters.number("maximumHeight")
        takenAfter = parameters["takenAfter"]
        takenBefore = parameters["takenBefore"]
        addedAfter = parameters["addedAfter"]
        addedBefore = parameters["addedBefore"]
        camera = parameters["camera"]
        tags = parameters.list("tags")
        anyTags = parameters.list("anyTags")
        notTags = parameters.list("notTags")
        status = parameters["status"]
        visibility = parameters.list("visibility")
    }

    /// Makes the filter.
    ///
    /// - Throws: ``RequestFault/invalidParameter(_:_:)``.
    func filter() throws -> ImageFilter {
        var filter = ImageFilter()
        if let folder {
            guard folder.hasPrefix("/"), !folder.contains("\0") else {
                throw RequestFault.invalidParameter("folder", "it is an absolute path")
            }
            filter.folder = FilePath(folder)
        }
        filter.name = name
        filter.formats = try list(format, "format")
        filter.widths = try range(minimumWidth, maximumWidth, "Width")
        filter.heights = try range(minimumHeight, maximumHeight, "Height")
        filter.takenAfter = try clock(takenAfter, "takenAfter")
        filter.takenBefore = try clock(takenBefore, "takenBefore")
        filter.addedAfter = try date(addedAfter, "addedAfter")
        filter.addedBefore = try date(addedBefore, "addedBefore")
        filter.camera = camera
        filter.tags = try list(tags, "tags")
        filter.anyTags = try list(anyTags, "anyTags")
        filter.notTags = try list(notTags, "notTags")
        if let status {
            guard let known = ImageFilter.Status(rawValue: status) else {
                throw RequestFault.invalidParameter("status", "it is present, missing or any")
            }
            filter.status = known
        }
        filter.visibilities = try list(visibility, "visibility").map { name in
            guard let known = Visibility(name: name) else {
                throw RequestFault.invalidParameter("visibility", "it is listed, private or blocked")
            }
            return known
        }
        return filter
    }

    private func list(_ values: [String]?, _ name: String) throws -> [String] {
        guard let values else { return [] }
        guard (1...Self.maximumListCount).contains(values.count), !values.contains("") else {
            throw RequestFault.invalidParameter(
                name,
                "it has 1 to \(Self.maximumListCount) values, none empty"
            )
        }
        return values
    }

    private func range(_ low: Int?, _ high: Int?, _ name: String) throws -> ClosedRange<Int> {
        let (low, high) = (low ?? 0, high ?? .max)
        guard 0 <= low, low <= high else {
            throw RequestFault.invalidParameter(
                "minimum\(name)",
                "it is 0 or more, and no more than maximum\(name)"
            )
        }
        return low...high
    }

    private func clock(_ text: String?, _ name: String) throws -> String? {
        guard let text else { return nil }
        guard text.wholeMatch(of: /\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d)?)?)?)?)?/) != nil else {
            throw RequestFault.invalidParameter(name, "it is a date such as 2024, 2024-05 or 2024-05-01")
        }
        return text
    }

    private func date(_ text: String?, _ name: String) throws -> Date? {
        guard let text else { return nil }
        let day = try? Date(text, strategy: .iso8601.year().month().day())
        guard let date = (try? Date(text, strategy: .iso8601)) ?? day else {
            throw RequestFault.invalidParameter(
                name,
                "it is a day such as 2024-05-01 or a time such as 2024-05-01T17:31:09Z"
            )
        }
        return date
    }
}
