internal import Catalog
internal import HTTPTypes
internal import Hummingbird
internal import QueryPipeline

/// Searches from uploaded pictures, from pictures of the library, and from both together.
struct SearchRoutes: Sendable {
    static let allowedLimits = 1...200
    static let standardLimit = 24

    let backend: any SearchBackend
    let workers: BlockingWorkers
    let uploads: Places
    let fetched: FetchedPictures
    let maximumBodyByteCount: Int
    let metrics: ServerMetrics

    var routes: [Route] {
        [
            // Nothing is written: to read is enough.
            Route(.post, "/v1/search", needs: .read, use: searchByBody),
            Route(.get, "/v1/images/{id}/similar", use: searchByImage),
        ]
    }

    /// `POST /v1/search`: the pictures that look most like what is in the body.
    @Sendable private func searchByBody(_ request: Request, _ context: Route.Context) async throws -> Response
    {
        let parameters = try QueryParameters(request)
        // Before the body is read: whoever asks wrongly need not send it.
        let contentType = request.headers[.contentType]
        if HeaderValue(contentType ?? "").value == "application/json" {
            try parameters.refuseOthers(than: [])
        } else {
            _ = try SearchOptions(parameters, others: ["crop"]).request([], visitor: context)
            _ = try parameters.crop()
        }
        let form = try SearchForm(contentType: contentType)
        // The place is kept until the answer is there: the bytes stay in memory that long.
        return try await uploads.occupy {
            let body = try await request.bodyBytes(upTo: maximumBodyByteCount)
            // On a worker, since a large form takes long to read.
            let read = try await workers.run { try form.read(body, parameters, context) }
            let start = ContinuousClock.now
            let pictures = try await fetched.pictures(at: read.urls, besides: body.count)
            let time = read.urls.isEmpty ? nil : ContinuousClock.now - start
            return try await respond(fetchTime: time) { try read.request(pictures) }
        }
    }

    /// `GET /v1/images/{id}/similar`: the pictures that look most like this one of them.
    @Sendable private func searchByImage(_ request: Request, _ context: Route.Context) async throws
        -> Response
    {
        let id = try context.imageID()
        let parameters = try QueryParameters(request)
        let options = try SearchOptions(parameters, others: ["crop"])
        let example = QueryExample(.image(id), crop: try parameters.crop())
        var search = try options.request([example], visitor: context)
        // Whoever may see a picture may ask for its look-alikes, among which private ones still are only on request.
        search.examplesAudience = context.audience
        return try await respond { [search] in search }
    }

    /// Answers a search.
    ///
    /// - Parameter fetchTime: How long its pictures took to come, if they were fetched.
    private func respond(
        fetchTime: Duration? = nil,
        to request: @escaping @Sendable () throws -> SearchRequest
    ) async throws -> Response {
        var found = try await workers.run { [backend] in try backend.search(request()) }
        if let fetchTime { found.precede(with: "fetch", taking: fetchTime) }
        metrics.count(found.timings)
        var response = try Response.json(SearchDescription(found))
        response.headers[.cacheControl] = "no-store"
        return response
    }
}

/// A search as its body has it: whole, but for pictures that have to be fetched.
struct ReadSearch: Sendable {
    /// Where these pictures lie.
    let urls: [String]
    /// The search, given the files that lie there.
    let request: @Sendable (_ fetched: [[UInt8]]) throws -> SearchRequest
}

/// The three ways in which a search can lie in a request's body.
enum SearchForm: Equatable {
    /// A picture's file; the options are in the query.
    case picture
    /// `multipart/form-data`: pictures named `image`, and perhaps `request` with JSON.
    case form(HeaderValue)
    /// JSON.
    case json

    /// - Throws: ``RequestFault/unsupportedMediaType`` when `contentType` promises none of these.
    init(contentType: String?) throws {
        let type = HeaderValue(contentType ?? "")
        switch type.value {
        case "multipart/form-data": self = .form(type)
        case "application/octet-stream": self = .picture
        case "application/json": self = .json
        case let value where value.hasPrefix("image/"): self = .picture
        default: throw RequestFault.unsupportedMediaType
        }
    }

    /// Reads a search.
    ///
    /// - Throws: ``RequestFault``, ``MultipartError`` or `QueryError` when it means nothing.
    func read(
        _ body: [UInt8],
        _ parameters: QueryParameters,
        _ context: ServerRequestContext
    ) throws -> ReadSearch {
        switch self {
        case .json:
            guard !body.isEmpty else { throw RequestFault.emptyBody }
            return try read(SearchBody(json: body), uploads: [], context)
        case .picture:
            guard !body.isEmpty else { throw RequestFault.emptyBody }
            return try read(pictures: [body], parameters, context)
        case .form(let type):
            let parts = try MultipartFormData.parts(of: body, boundary: MultipartFormData.boundary(in: type))
            let pictures = parts.filter { $0.name == "image" }.map { Array($0.content) }
            guard pictures.allSatisfy({ !$0.isEmpty }) else { throw RequestFault.emptyBody }
            if let json = parts.first(where: { $0.name == "request" })?.content {
                try parameters.refuseOthers(than: [])
                return try read(SearchBody(json: json), uploads: pictures, context)
            }
            guard !pictures.isEmpty else { throw RequestFault.missingImagePart }
            return try read(pictures: pictures, parameters, context)
        }
    }

    private func read(
        _ description: SearchBody,
        uploads: [[UInt8]],
        _ context: ServerRequestContext
    ) throws -> ReadSearch {
        let urls = try description.urls()
        // Nobody is asked for the pictures of a search that means nothing.
        let options = try description.options.request([], visitor: context)
        return ReadSearch(urls: urls) { fetched in
            var search = options
            search.examples = try description.queryExamples(uploads: uploads, fetched: fetched)
            search.examplesAudience = context.audience
            return search
        }
    }

    private func read(
        pictures: [[UInt8]],
        _ parameters: QueryParameters,
        _ context: ServerRequestContext
    ) throws -> ReadSearch {
        let options = try SearchOptions(parameters, others: ["crop"])
        let crop = try parameters.crop()
        guard crop == nil || pictures.count == 1 else {
            throw RequestFault.invalidParameter(
                "crop",
                "it is of one picture; name crops in the form's request"
            )
        }
        var search = try options.request(
            pictures.map { QueryExample(.bytes($0), crop: crop) },
            visitor: context
        )
        search.examplesAudience = context.audience
        return ReadSearch(urls: []) { [search] _ in search }
    }
}

/// A picture that lies in a request's body: as it is, or as the file `image` of a form.
enum UploadFormat: Equatable {
    case raw
    case form(HeaderValue)

    /// - Throws: ``RequestFault/unsupportedMediaType`` when `contentType` promises no picture.
    init(contentType: String?) throws {
        switch try SearchForm(contentType: contentType) {
        case .picture: self = .raw
        case .form(let type): self = .form(type)
        case .json: throw RequestFault.unsupportedMediaType
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
