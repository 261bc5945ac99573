public import Catalog
public import ImageDecoding
public import SystemPackage

/// Tells why a query has no answer.
public enum QueryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The query picture cannot be read.
    case undecodable(ImageDecodingError)
    /// The library has no image with this number, or none that these people may see.
    case unknownImage(ImageID)
    /// No image of the library lies there.
    case unknownPath(FilePath)
    /// The library knows the image, but the current model has not embedded it.
    case notEmbedded(ImageID)
    /// No file of the image can be read any more.
    case imageFileGone(ImageID)
    /// More or fewer results were asked for than a query gives.
    case invalidLimit(Int)
    /// More or fewer examples than a query is made of.
    case invalidExampleCount(Int)
    /// A weight that is not between -1 and 1, or is 0.
    case invalidWeight(Float)
    /// A least probability where no calibration tells how probable anything is.
    case notCalibrated
    /// No example weighs more than 0, or the examples cancel each other.
    case contradictoryExamples
    /// A vector that is not of the model's dimension, or of length 0, or not finite; or one with a crop.
    case malformedVector(dimension: Int)
    /// A crop that does not lie in its picture, or has no extent.
    case malformedCrop

    /// One line for people: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .undecodable(let error):
            error.message
        case .unknownImage(let id):
            "the library has no image \(id)"
        case .unknownPath(let path):
            "no image of the library lies at \(path)"
        case .notEmbedded(let id):
            "image \(id) has not been embedded by the current model; run lookalike index again"
        case .imageFileGone(let id):
            "the file of image \(id) is gone or has become unreadable; run lookalike index again"
        case .invalidLimit(let limit):
            "\(limit) results were asked for; the limit is 1 to \(SearchPipeline.maximumLimit)"
        case .invalidExampleCount(let count):
            "a query is made of 1 to \(SearchRequest.maximumExampleCount) examples, not of \(count)"
        case .invalidWeight(let weight):
            "an example weighs -1 to 1 and not 0, not \(weight)"
        case .notCalibrated:
            "no calibration of this model says how probable a similarity is; run lookalike calibrate, "
                + "or ask for a least similarity"
        case .contradictoryExamples:
            "the examples cancel each other; give at least one that is wanted, and less weight to those that are not"
        case .malformedVector(let dimension):
            "a vector has \(dimension) finite values, not all 0, and no crop"
        case .malformedCrop:
            "a crop is a rectangle inside its picture: left, top, width, height"
        }
    }
}
