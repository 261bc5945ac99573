internal import Catalog
internal import Foundation
internal import Hummingbird
internal import ImageDecoding
internal import QueryPipeline
internal import SystemPackage

/// The options of a search as a request spells them: fields of JSON, or parameters of the query.
struct SearchOptions: Decodable {
    var limit: Int?
    var cursor: String?
    var minimumSimilarity: Float?
    var minimumProbability: Float?
    var duplicates: String?
    var diversity: Float?
    var regions: Bool?
    var explain: Bool?
    var includePrivate: Bool?
    var filter: FilterOptions?

    static let names: Set<String> = [
        "limit", "cursor", "minimumSimilarity", "minimumProbability", "duplicates", "diversity", "regions",
        "explain", "includePrivate", "filter",
    ]

    /// Reads the parameters of a query; a filter's fields stand beside the others there.
    ///
    /// - Parameter others: Names that the address has beside these.
    /// - Throws: ``RequestFault/invalidParameter(_:_:)`` for a name or a value that means nothing.
    init(_ parameters: QueryParameters, others: Set<String> = []) throws {
        try parameters.refuseOthers(
            than: Self.names.subtracting(["filter"]).union(FilterOptions.names).union(others)
        )
        limit = try parameters["limit"].map { text in
            guard let number = Int(text) else {
                throw RequestFault.parameterOutOfRange(name: "limit", allowed: SearchRoutes.allowedLimits)
            }
            return number
        }
        cursor = parameters["cursor"]
        minimumSimilarity = try parameters.decimal("minimumSimilarity")
        minimumProbability = try parameters.decimal("minimumProbability")
        duplicates = parameters["duplicates"]
        diversity = try parameters.decimal("diversity")
        regions = try parameters.flag("regions")
        explain = try parameters.flag("explain")
        includePrivate = try parameters.flag("includePrivate")
        filter = try FilterOptions(parameters)
    }

    /// Makes the request.
    ///
    /// - Throws: ``RequestFault`` when a value is out of its range, or the visitor may not ask for that.
    func request(_ examples: [QueryExample], visitor: ServerRequestContext) throws -> SearchRequest {
        let limit = limit ?? SearchRoutes.standardLimit
        guard SearchRoutes.allowedLimits.contains(limit) else {
            throw RequestFault.parameterOutOfRange(name: "limit", allowed: SearchRoutes.allowedLimits)
        }
        var request = SearchRequest(examples, limit: limit)
        if let cursor {
            guard let known = SearchCursor(cursor) else { throw RequestFault.invalidCursor }
            request.cursor = known
        }
        request.leastSimilarity = try Self.checked(minimumSimilarity, "minimumSimilarity", -1...1)
        request.leastProbability = try Self.checked(minimumProbability, "minimumProbability", 0...1)
        request.diversity = try Self.checked(diversity, "diversity", 0...1) ?? 0
        switch duplicates ?? "collapse" {
        case "collapse": request.foldsDuplicates = true
        case "show": request.foldsDuplicates = false
        default: throw RequestFault.invalidParameter("duplicates", "it is collapse or show")
        }
        request.searchesRegions = regions ?? true
        request.explains = explain ?? false
        if includePrivate == true {
            try visitor.visitor.demand(.admin)
            request.audience = .administrators
        }
        request.filter = try filter?.filter() ?? ImageFilter()
        return request
    }

    private static func checked(_ value: Float?, _ name: String, _ range: ClosedRange<Float>) throws -> Float?
    {
        guard let value else { return nil }
        guard range.contains(value) else {
            throw RequestFault.invalidParameter(
                name,
                "it is a number from \(Int(range.lowerBound)) to \(Int(range.upperBound))"
            )
        }
        return value
    }
}

/// The parameters of a request's query, each once.
struct QueryParameters {
    private let values: [String: String]

    /// - Throws: ``RequestFault/invalidParameter(_:_:)`` for a parameter that comes twice.
    init(_ request: Request) throws {
        var values: [String: String] = [:]
        for (name, value) in request.uri.queryParameters {
            guard values.updateValue(String(value), forKey: String(name)) == nil else {
                throw RequestFault.invalidParameter(String(name), "it comes twice; separate values by commas")
            }
        }
        self.values = values
    }

    subscript(name: String) -> String? { values[name] }

    /// A misspelt filter that is ignored would be a wrong answer.
    func refuseOthers(than known: Set<String>) throws {
        guard let other = values.keys.sorted().first(where: { !known.contains($0) }) else { return }
        throw RequestFault.invalidParameter(other, "there is no such parameter here")
    }

    func number(_ name: String) throws -> Int? {
        try value(name, "it is a whole number") { Int($0) }
    }

    func decimal(_ name: String) throws -> Float? {
        try value(name, "it is a number") { Float($0).flatMap { $0.isFinite ? $0 : nil } }
    }

    func flag(_ name: String) throws -> Bool? {
        try value(name, "it is true or false") { ["true": true, "false": false][$0] }
    }

    func list(_ name: String) -> [String]? {
        values[name].map { $0.split(separator: ",").map(String.init) }
    }

    func crop() throws -> Crop? {
        guard let text = values["crop"] else { return nil }
        guard let crop = Crop(text) else { throw QueryError.malformedCrop }
        return crop
    }

    private func value<Value>(_ name: String, _ form: String, _ read: (String) -> Value?) throws -> Value? {
        guard let text = values[name] else { return nil }
        guard let value = read(text) else { throw RequestFault.invalidParameter(name, form) }
        return value
    }
}
