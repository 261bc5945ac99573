internal import Catalog
internal import HTTPTypes
internal import Hummingbird
internal import QueryPipeline

/// Searches from an uploaded picture and from one of the library's own.
struct SearchRoutes: Sendable {
    static let allowedLimits = 1...200
    static let standardLimit = 24

    let backend: any SearchBackend
    let workers: BlockingWorkers
    let uploads: Places
    let maximumBodyByteCount: Int
    let metrics: ServerMetrics

    var routes: [Route] {
        [
            Route(.post, "/v1/search", needs: .read, use: searchByUpload),
            Route(.get, "/v1/images/{id}/similar", use: searchByImage),
        ]
    }

    /// `POST /v1/search?limit=`: the library's pictures that look most like the one in the body.
    @Sendable private func searchByUpload(_ request: Request, _ context: Route.Context) async throws
        -> Response
    {
        let limit = try limit(of: request)
        let format = try UploadFormat(contentType: request.headers[.contentType])
        // The place is kept until the answer is there: the bytes stay in memory that long.
        return try await uploads.occupy {
            let body = try await request.bodyBytes(upTo: maximumBodyByteCount)
            return try await respond(limit: limit) { .bytes(try format.picture(in: body)) }
        }
    }

    /// `GET /v1/images/{id}/similar?limit=`: the library's pictures that look most like this one of them.
    @Sendable private func searchByImage(_ request: Request, _ context: Route.Context) async throws
        -> Response
    {
        let id = try context.imageID()
        return try await respond(limit: limit(of: request)) { .image(id) }
    }

    /// Answers the search that `query` names; it is called on a worker, since a large form takes long to
    /// read.
    private func respond(
        limit: Int,
        to query: @escaping @Sendable () throws -> ImageQuery
    ) async throws -> Response {
        let found = try await workers.run { [backend] in
            try backend.search(SearchRequest(query(), limit: limit))
        }
        metrics.count(found.timings)
        var response = try Response.json(SearchDescription(found))
        response.headers[.cacheControl] = "no-store"
        return response
    }

    private func limit(of request: Request) throws -> Int {
        try request.number("limit", in: Self.allowedLimits, default: Self.standardLimit)
    }
}

/// The two ways in which a picture can lie in a request's body.
enum UploadFormat: Equatable {
    case raw
    case form(HeaderValue)

    /// - Throws: ``RequestFault/unsupportedMediaType`` when `contentType` promises no picture.
    init(contentType: String?) throws {
        let type = HeaderValue(contentType ?? "")
        switch type.value {
        case "multipart/form-data": self = .form(type)
        case "application/octet-stream": self = .raw
        case let value where value.hasPrefix("image/"): self = .raw
        default: throw RequestFault.unsupportedMediaType
        }
    }

    /// Returns the picture's bytes, still to be decoded.
    func picture(in body: [UInt8]) throws -> [UInt8] {
        var picture = body
        if case .form(let type) = self {
            let parts = try MultipartFormData.parts(of: body, boundary: MultipartFormData.boundary(in: type))
            guard let part = parts.first(where: { $0.name == "image" }) else {
                throw RequestFault.missingImagePart
            }
            picture = Array(part.content)
        }
        guard !picture.isEmpty else { throw RequestFault.emptyBody }
        return picture
    }
}
