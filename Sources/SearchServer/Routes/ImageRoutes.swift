internal import Catalog
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import QueryPipeline

/// Shows single pictures of the library.
struct ImageRoutes: Sendable {
    static let allowedThumbnailSizes = 16...1024
    static let standardThumbnailSize = 320
    static let allowedExampleLimits = 1...48
    static let standardExampleLimit = 12

    let backend: any SearchBackend
    let workers: BlockingWorkers
    let thumbnails: ThumbnailCache

    var routes: [Route] {
        [
            Route(.get, "/v1/examples", use: examples),
            Route(.get, "/v1/images/{id}", use: image),
            Route(.get, "/v1/images/{id}/thumbnail", use: thumbnail),
        ]
    }

    /// `GET /v1/examples?limit=`: a few pictures from all over the library, to start a search from.
    @Sendable private func examples(_ request: Request, _ context: Route.Context) async throws -> Response {
        let limit = try request.number(
            "limit",
            in: Self.allowedExampleLimits,
            default: Self.standardExampleLimit
        )
        let images = try await workers.run { [backend] in try backend.examples(count: limit) }
        var response = try Response.json(ImageListDescription(images: images.map { ImageDescription($0) }))
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// `GET /v1/images/{id}`: what the library knows about a picture.
    @Sendable private func image(_ request: Request, _ context: Route.Context) async throws -> Response {
        let id = try context.imageID()
        guard
            let image = try await workers.run({ [backend] in try backend.image(id: id, for: context.audience)
            })
        else {
            throw RequestFault.unknownImage
        }
        var response = try Response.json(ImageDescription(image, for: context.audience))
        response.headers[.cacheControl] = "no-store"
        return response
    }

    /// `GET /v1/images/{id}/thumbnail?size=`: a JPEG whose longer side has at most `size` pixels.
    ///
    /// The browser may keep it but has to ask whether it is still right: the same address shows another
    /// picture when another library is served on the same port. The answer to that question is cheap, since
    /// the tag is made of the content's hash and no picture is opened for it.
    @Sendable private func thumbnail(_ request: Request, _ context: Route.Context) async throws -> Response {
        let id = try context.imageID()
        let size = try request.number(
            "size",
            in: Self.allowedThumbnailSizes,
            default: Self.standardThumbnailSize
        )
        let known = request.headers[.ifNoneMatch]
        let audience = context.audience
        let (tag, picture) = try await workers.run { [backend, thumbnails] () -> (String, ByteBuffer?) in
            guard let image = try backend.image(id: id, for: audience) else {
                throw RequestFault.unknownImage
            }
            let tag = "\"\(image.contentHash)-\(size)\""
            guard !EntityTag.matches(tag, ifNoneMatch: known) else { return (tag, nil) }
            if let kept = thumbnails.picture(tag) { return (tag, kept) }
            guard let bytes = try backend.thumbnail(id: id, longerSide: size, for: audience) else {
                throw RequestFault.unknownImage
            }
            let picture = ByteBuffer(bytes: bytes)
            thumbnails.keep(picture, as: tag)
            return (tag, picture)
        }
        let headers: HTTPFields = [.eTag: tag, .cacheControl: "private, no-cache"]
        guard let picture else { return Response(status: .notModified, headers: headers) }
        var response = Response(
            status: .ok,
            headers: headers,
            body: .init(byteBuffer: picture)
        )
        response.headers[.contentType] = "image/jpeg"
        return response
    }
}

/// The comparison behind `If-None-Match` (RFC 9110 §13.1.2).
enum EntityTag {
    /// Returns whether the client already has what `tag` stands for.
    static func matches(_ tag: String, ifNoneMatch field: String?) -> Bool {
        guard let field else { return false }
        return field.split(separator: ",").contains { candidate in
            var candidate = candidate.drop { $0 == " " }
            while candidate.last == " " { candidate.removeLast() }
            return candidate == "*" || candidate == tag || candidate == "W/\(tag)"
        }
    }
}
