internal import Catalog
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import QueryPipeline

/// Lists, describes, adds, changes and forgets pictures of the library.
struct LibraryRoutes: Sendable {
    static let allowedListLimits = 1...200
    static let standardListLimit = 60
    private static let maximumChangeByteCount = 1 << 14

    let service: LibraryService?
    let workers: BlockingWorkers
    let uploads: Places
    let fetched: FetchedPictures
    let maximumBodyByteCount: Int

    var routes: [Route] {
        [
            Route(.get, "/v1/images", use: list),
            Route(.post, "/v1/images", use: add),
            Route(.patch, "/v1/images/{id}", use: change),
            Route(.delete, "/v1/images/{id}", use: forget),
            Route(.get, "/v1/images/{id}/original", use: original),
            Route(.get, "/v1/images/{id}/crops", use: crops),
            Route(.post, "/v1/crops", needs: .read, use: cropsOfBody),
            Route(.post, "/v1/check", needs: .read, use: check),
            Route(.get, "/v1/duplicates", use: duplicates),
            Route(.get, "/v1/collections", use: collections),
        ]
    }

    /// `GET /v1/images`: the pictures that a filter means, the newest first.
    @Sendable private func list(_ request: Request, _ context: Route.Context) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.refuseOthers(than: FilterOptions.names.union(["limit", "cursor"]))
        let filter = try FilterOptions(parameters).filter()
        let limit = try request.number("limit", in: Self.allowedListLimits, default: Self.standardListLimit)
        let last = try parameters["cursor"].map { text -> Int64 in
            guard let id = Int64(text), id > 0 else { throw RequestFault.invalidCursor }
            return id
        }
        // Private pictures are listed when they are asked for.
        let audience: Audience = filter.visibilities.isEmpty ? .everyone : context.audience
        return try await answer { service in
            let images = try service.pipeline.images(
                matching: filter,
                for: audience,
                before: last,
                count: limit + 1
            )
            return ImageListDescription(
                images: images.prefix(limit).map { ImageDescription($0, for: context.audience) },
                nextCursor: images.count > limit ? String(images[limit - 1].id) : nil
            )
        }
    }

    /// `POST /v1/images`: keeps a picture in the library's own folder, and indexes it.
    @Sendable private func add(_ request: Request, _ context: Route.Context) async throws -> Response {
        let audience = context.audience
        return try await withPicture(of: request) { service, bytes in
            let added = try service.add(bytes)
            let location = ImageLinks(id: added.id).image
            guard let image = try service.pipeline.image(id: added.id, for: audience) else {
                return Response(status: .accepted)
            }
            var response = try Response.json(
                ImageDescription(image, for: audience),
                status: added.isNew ? .created : .ok
            )
            response.headers[.location] = location
            return response
        }
    }

    /// What may be changed of a picture.
    private struct Change: Decodable {
        let tags: [String]?
        let visibility: String?
    }

    /// `PATCH /v1/images/{id}`: changes tags and visibility.
    @Sendable private func change(_ request: Request, _ context: Route.Context) async throws -> Response {
        let id = try context.imageID()
        let body = try await request.bodyBytes(upTo: Self.maximumChangeByteCount)
        if let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] {
            try SearchBody.refuse(object, otherThan: ["tags", "visibility"])
        }
        let change: Change
        do {
            change = try JSONDecoder().decode(Change.self, from: Data(body))
        } catch let error as DecodingError {
            throw RequestFault.malformedRequest(error.place)
        }
        if let tags = change.tags, tags.count > Catalog.maximumTagCount || !tags.allSatisfy(Catalog.isTag) {
            throw RequestFault.malformedTags
        }
        let visibility = try change.visibility.map { name -> Visibility in
            try context.visitor.demand(.admin)
            guard let visibility = Visibility(name: name) else {
                throw RequestFault.malformedRequest("visibility is listed, private or blocked")
            }
            return visibility
        }
        let audience = context.audience
        return try await answer { service in
            guard try service.change(id, tags: change.tags, visibility: visibility, for: audience) else {
                throw RequestFault.unknownImage
            }
            // What has just been blocked is described once more to whoever did it.
            var filter = ImageFilter()
            (filter.status, filter.visibilities) = (
                .any, audience == .administrators ? Visibility.allCases : []
            )
            let images = try service.pipeline.images(
                matching: filter,
                for: audience,
                before: id + 1,
                count: 1
            )
            guard let image = images.first, image.id == id else { throw RequestFault.unknownImage }
            return ImageDescription(image, for: audience)
        }
    }

    /// `DELETE /v1/images/{id}`: forgets a picture.
    @Sendable private func forget(_ request: Request, _ context: Route.Context) async throws -> Response {
        let id = try context.imageID()
        let audience = context.audience
        try await run { service in
            guard try service.forget(id, for: audience) else { throw RequestFault.unknownImage }
        }
        return Response(status: .noContent)
    }

    /// `GET /v1/images/{id}/original`: the picture's file, byte for byte as it was indexed.
    @Sendable private func original(_ request: Request, _ context: Route.Context) async throws -> Response {
        let id = try context.imageID()
        let audience = context.audience
        let known = request.headers[.ifNoneMatch]
        return try await uploads.occupy {
            try await run { service in
                guard let image = try service.pipeline.image(id: id, for: audience) else {
                    throw RequestFault.unknownImage
                }
                let tag = "\"\(image.contentHash)\""
                var headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
                if EntityTag.matches(tag, ifNoneMatch: known) {
                    return Response(status: .notModified, headers: headers)
                }
                guard let (_, bytes) = try service.original(id, for: audience) else {
                    throw RequestFault.unknownImage
                }
                headers[.contentType] = "image/\(image.format)"
                headers[.contentDisposition] = "inline"
                return Response(
                    status: .ok,
                    headers: headers,
                    body: .init(byteBuffer: ByteBuffer(bytes: bytes))
                )
            }
        }
    }

    /// `GET /v1/images/{id}/crops`: parts of a picture that are worth a query of their own.
    @Sendable private func crops(_ request: Request, _ context: Route.Context) async throws -> Response {
        let id = try context.imageID()
        let audience = context.audience
        return try await answer { service in
            CropsDescription(try service.pipeline.suggestedCrops(of: .image(id), for: audience))
        }
    }

    /// `POST /v1/crops`: the same of a picture in the body.
    @Sendable private func cropsOfBody(_ request: Request, _ context: Route.Context) async throws -> Response
    {
        try await withPicture(of: request) { service, bytes in
            try Response.json(
                CropsDescription(service.pipeline.suggestedCrops(of: .bytes(bytes), for: .everyone))
            )
        }
    }

    /// `POST /v1/check`: whether the picture in the body, or the one whose address is there, or a copy of it, is in the library.
    @Sendable private func check(_ request: Request, _ context: Route.Context) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.refuseOthers(than: [Self.includingPrivate])
        let audience = try Self.audience(parameters, context)
        return try await withPicture(of: request) { service, bytes in
            try Response.json(CheckDescription(service.pipeline.check(.bytes(bytes), for: audience)))
        }
    }

    /// `GET /v1/duplicates`: groups of copies.
    @Sendable private func duplicates(_ request: Request, _ context: Route.Context) async throws -> Response {
        let parameters = try QueryParameters(request)
        try parameters.refuseOthers(than: ["kind", "limit", "cursor", Self.includingPrivate])
        let audience = try Self.audience(parameters, context)
        let limit = try request.number("limit", in: Self.allowedListLimits, default: Self.standardListLimit)
        let kinds: Set<DuplicateGroup.Kind>
        switch parameters["kind"] ?? "any" {
        case "any": kinds = [.exact, .near]
        case "exact": kinds = [.exact]
        case "near": kinds = [.near]
        default: throw RequestFault.invalidParameter("kind", "it is any, exact or near")
        }
        let start = try parameters["cursor"].map { text -> Int in
            guard let place = Int(text), (0...1_000_000_000).contains(place) else {
                throw RequestFault.invalidCursor
            }
            return place
        }
        return try await answer { service in
            let place = start ?? 0
            let found = try service.duplicates(kinds, from: place, count: limit, for: audience)
            return DuplicatesDescription(
                groups: found.groups.map(DuplicatesDescription.Group.init),
                groupCount: found.groupCount,
                nextCursor: place + limit < found.groupCount ? String(place + limit) : nil
            )
        }
    }

    /// `GET /v1/collections`: what pictures can be looked for by.
    @Sendable private func collections(_ request: Request, _ context: Route.Context) async throws -> Response
    {
        try await answer { service in CollectionsDescription(try service.collections(for: .everyone)) }
    }

    private static let includingPrivate = "includePrivate"

    /// For whom a question is answered: private pictures are counted when whoever may see them asks for them.
    private static func audience(_ parameters: QueryParameters, _ context: Route.Context) throws -> Audience {
        guard try parameters.flag(includingPrivate) == true else { return .everyone }
        try context.visitor.demand(.admin)
        return .administrators
    }

    // MARK: - Ways to answer

    private func run<Value: Sendable>(_ body: @escaping @Sendable (LibraryService) throws -> Value)
        async throws -> Value
    {
        guard let service else { throw RequestFault.notReady }
        return try await workers.run { try body(service) }
    }

    private func answer(_ body: @escaping @Sendable (LibraryService) throws -> some Encodable & Sendable)
        async throws
        -> Response
    {
        var response = try Response.json(try await run(body))
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// Hands on the picture in the body, or the one at the address that it has: `{"url": …}`.
    private func withPicture(
        of request: Request,
        _ body: @escaping @Sendable (LibraryService, [UInt8]) throws -> Response
    ) async throws -> Response {
        let contentType = request.headers[.contentType]
        let isURL = HeaderValue(contentType ?? "").value == "application/json"
        let format = isURL ? .raw : try UploadFormat(contentType: contentType)
        return try await uploads.occupy {
            var bytes = try await request.bodyBytes(upTo: maximumBodyByteCount)
            if isURL {
                let url = try Self.url(in: bytes)
                bytes = try await fetched.pictures(at: [url], besides: bytes.count)[0]
            }
            var response = try await run { [bytes] service in try body(service, format.picture(in: bytes)) }
            response.headers[.cacheControl] = "no-store"
            return response
        }
    }

    /// Reads `{"url": "https://…"}`.
    ///
    /// - Throws: ``RequestFault/emptyBody`` or ``RequestFault/malformedRequest(_:)``.
    private static func url(in json: [UInt8]) throws -> String {
        guard !json.isEmpty else { throw RequestFault.emptyBody }
        guard let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any] else {
            throw RequestFault.malformedRequest("it is no JSON object")
        }
        try SearchBody.refuse(object, otherThan: ["url"])
        guard let url = object["url"] as? String else {
            throw RequestFault.malformedRequest("\"url\" is missing or not what it should be")
        }
        return url
    }
}
