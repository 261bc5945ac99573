public import Catalog
public import ImageDecoding

/// Tells why a query has no answer.
public enum QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The query picture cannot be read.
    case undecodable(ImageDecodingError)
    /// The library has no image with this number.
    case unknownImage(ImageID)
    /// The library knows the image, but the current model has not embedded it.
    case notEmbedded(ImageID)
    /// No file of the image can be read any more.
    case imageFileGone(ImageID)
    /// More or fewer results were asked for than a query gives.
    case invalidLimit(Int)

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .undecodable(let error):
            error.message
        case .unknownImage(let id):
            "the library has no image \(id)"
        case .notEmbedded(let id):
            "image \(id) has not been embedded by the current model; run lookalike index again"
        case .imageFileGone(let id):
            "the file of image \(id) is gone or has become unreadable; run lookalike index again"
        case .invalidLimit(let limit):
            "\(limit) results were asked for; the limit is 1 to \(SearchPipeline.maximumLimit)"
        }
    }
}
