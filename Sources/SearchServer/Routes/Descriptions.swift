internal import Catalog
internal import QueryPipeline
internal import SystemPackage

internal import struct Foundation.Date

// What the API says about things. The pipeline's own types are not encoded directly: a rename inside the
// house must not change what clients see.

/// Where to go from a picture.
struct ImageLinks: Encodable {
    let image: String
    let thumbnail: String
    let similar: String
    let original: String

    private enum CodingKeys: String, CodingKey {
        case image = "self"
        case thumbnail, similar, original
    }

    init(id: Int64) {
        image = "/v1/images/\(id)"
        thumbnail = "/v1/images/\(id)/thumbnail"
        similar = "/v1/images/\(id)/similar"
        original = "/v1/images/\(id)/original"
    }
}

/// A picture of the library.
struct ImageDescription: Encodable {
    struct Location: Encodable {
        let path: String
        let missing: Bool
    }

    let id: Int64
    let contentHash: String
    let format: String
    let fileName: String
    let width: Int
    let height: Int
    let byteCount: Int64
    let addedAt: Date
    let takenAt: String?
    let camera: String?
    let tags: [String]
    /// Said to those who may change it.
    let visibility: String?
    let locations: [Location]
    let links: ImageLinks

    init(_ image: ImageRecord, for audience: Audience = .everyone) {
        id = image.id
        contentHash = image.contentHash
        format = image.format
        fileName = SearchServer.fileName(of: image.locations.first?.path ?? "")
        width = image.width
        height = image.height
        byteCount = image.byteCount
        addedAt = image.addedAt
        takenAt = image.takenAt
        camera = image.camera
        tags = image.tags
        visibility = audience == .administrators ? image.visibility : nil
        locations = image.locations.map { Location(path: $0.path, missing: $0.missing) }
        links = ImageLinks(id: image.id)
    }
}

/// Some pictures of the library.
struct ImageListDescription: Encodable {
    let images: [ImageDescription]
    /// Where the next ones begin; absent at the end, and where there is no order.
    var nextCursor: String?
}

/// What a server that can answer says about itself.
struct ReadinessDescription: Encodable {
    let status = "ready"
    /// Identity of the model that embeds queries.
    let model: String
    /// How many pictures a search goes through.
    let imageCount: Int
    /// The largest upload accepted; the page tells a person before sending more.
    let maximumBodyByteCount: Int
    /// Whether pictures may be named by their addresses; the page then has a field for one.
    let acceptsURLs: Bool
    /// How many regions of each picture are searched as well; the page offers to leave them out.
    let regionsPerImage: Int
    /// What whoever asks may do; the page offers no more.
    let scope: String

    init(_ readiness: Readiness, maximumBodyByteCount: Int, acceptsURLs: Bool, scope: AccessScope) {
        model = readiness.model
        imageCount = readiness.indexedImageCount
        regionsPerImage = readiness.regionsPerImage
        self.scope = scope.rawValue
        self.maximumBodyByteCount = maximumBodyByteCount
        self.acceptsURLs = acceptsURLs
    }
}

/// Returns the last component of `path`.
func fileName(of path: String) -> String {
    FilePath(path).lastComponent?.string ?? path
}
