public import Catalog
public import Foundation
public import SystemPackage

/// What to find look-alikes of.
public enum ImageQuery: Sendable {
    /// A picture in a file.
    case file(FilePath)
    /// The bytes of a picture's file.
    case bytes([UInt8])
    /// An image of the library.
    case image(ImageID)
}

/// The look-alikes of a query, and how they were found.
public struct SearchResponse: Codable, Hashable, Sendable {
    /// The most similar images, best first; fewer than wanted only when the library has no more to show.
    public let results: [SearchResult]
    /// How long each stage took, in the order they ran.
    public let timings: [StageTiming]
    /// `exact` when every vector was compared, `hnsw` when the graph was walked.
    public let method: String
    /// How many images were searched.
    public let searchedImageCount: Int
}

/// One look-alike.
public struct SearchResult: Codable, Hashable, Sendable {
    /// Number of the image in the library.
    public let imageID: ImageID
    /// Cosine of the angle between the embeddings: 1 for the same picture, about 0 for unrelated ones.
    public let similarity: Float
    /// Where the image lies; bytes that are not UTF-8 are shown as replacement characters.
    public let path: String
    /// Width of the upright picture in pixels.
    public let width: Int
    /// Height of the upright picture in pixels.
    public let height: Int

    private enum CodingKeys: String, CodingKey {
        case imageID = "id"
        case similarity, path, width, height
    }
}

/// The time one stage of a query took.
public struct StageTiming: Codable, Hashable, Sendable {
    /// Name of the stage: `decode`, `embed`, `look up`, `search` or `describe`.
    public let stage: String
    /// Wall time in milliseconds.
    public let milliseconds: Double
}

/// What the library knows of one image.
public struct ImageRecord: Codable, Hashable, Sendable {
    /// A place where an image lies.
    public struct Location: Codable, Hashable, Sendable {
        /// Absolute path of the file.
        public let path: String
        /// Whether the last scan found the file gone.
        public let missing: Bool
    }

    /// Number of the image in the library.
    public let id: ImageID
    /// SHA-256 of the file in hexadecimal.
    public let contentHash: String
    /// The file format, such as `jpeg`.
    public let format: String
    /// Width of the upright picture in pixels.
    public let width: Int
    /// Height of the upright picture in pixels.
    public let height: Int
    /// Length of the file in bytes.
    public let byteCount: Int64
    /// When the image was first indexed.
    public let addedAt: Date
    /// Where the image lies, present files first.
    public let locations: [Location]
}

/// Shows that queries can be answered.
public struct Readiness: Codable, Hashable, Sendable {
    /// Identity of the model that embeds queries.
    public let model: String
    /// How many images can be found.
    public let indexedImageCount: Int
}
