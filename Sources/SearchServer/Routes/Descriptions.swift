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

    private enum CodingKeys: String, CodingKey {
        case image = "self"
        case thumbnail, similar
    }

    init(id: Int64) {
        image = "/v1/images/\(id)"
        thumbnail = "/v1/images/\(id)/thumbnail"
        similar = "/v1/images/\(id)/similar"
    }
}

/// The answer to a search.
struct SearchDescription: Encodable {
    struct Result: Encodable {
        let id: Int64
        let similarity: Float
        let path: String
        let fileName: String
        let width: Int
        let height: Int
        let links: ImageLinks
    }

    struct Timing: Encodable {
        let stage: String
        let milliseconds: Double
    }

    let results: [Result]
    let timings: [Timing]
    let method: String
    let searchedImageCount: Int

    init(_ response: SearchResponse) {
        results = response.results.map {
            Result(
                id: $0.imageID,
                similarity: $0.similarity,
                path: $0.path,
                fileName: fileName(of: $0.path),
                width: $0.width,
                height: $0.height,
                links: ImageLinks(id: $0.imageID)
            )
        }
        timings = response.timings.map {
            // Microseconds: the digits after them would only look like precision.
            Timing(stage: $0.stage, milliseconds: ($0.milliseconds * 1000).rounded() / 1000)
        }
        method = response.method
        searchedImageCount = response.searchedImageCount
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
    let locations: [Location]
    let links: ImageLinks

    init(_ image: ImageRecord) {
        id = image.id
        contentHash = image.contentHash
        format = image.format
        fileName = SearchServer.fileName(of: image.locations.first?.path ?? "")
        width = image.width
        height = image.height
        byteCount = image.byteCount
        addedAt = image.addedAt
        locations = image.locations.map { Location(path: $0.path, missing: $0.missing) }
        links = ImageLinks(id: image.id)
    }
}

/// Some pictures of the library.
struct ImageListDescription: Encodable {
    let images: [ImageDescription]
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

    init(_ readiness: Readiness, maximumBodyByteCount: Int) {
        model = readiness.model
        imageCount = readiness.indexedImageCount
        self.maximumBodyByteCount = maximumBodyByteCount
    }
}

/// Returns the last component of `path`.
func fileName(of path: String) -> String {
    FilePath(path).lastComponent?.string ?? path
}
