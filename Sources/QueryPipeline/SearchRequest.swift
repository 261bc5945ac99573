public import Catalog
public import ImageDecoding
public import SystemPackage

/// A picture to find look-alikes of, or a vector in its place.
public enum ImageQuery: Sendable {
    /// A picture in a file.
    case file(FilePath)
    /// The bytes of a picture's file.
    case bytes([UInt8])
    /// An image of the library.
    case image(ImageID)
    /// The image of the library that lies at this absolute path, whether or not the file is still there.
    case storedFile(FilePath)
    /// A vector of the model's dimension, of any length above 0: somebody else's embedding.
    case vector([Float])
}

/// A rectangle of an upright picture.
public enum Crop: Hashable, Sendable {
    /// In parts of its width and height.
    case relative(PictureRegion)
    /// In whole pixels of the picture as it is in its file, turned upright.
    case pixels(left: Int, top: Int, width: Int, height: Int)

    /// Returns the rectangle of a picture of this size; nil when it does not lie in it.
    func region(width: Int, height: Int) -> PictureRegion? {
        let region =
            switch self {
            case .relative(let region): region
            case .pixels(let left, let top, let cropWidth, let cropHeight):
                PictureRegion(
                    x: Double(left) / Double(width),
                    y: Double(top) / Double(height),
                    width: Double(cropWidth) / Double(width),
                    height: Double(cropHeight) / Double(height)
                )
            }
        return region.isInside ? region : nil
    }
}

/// One picture that a query is made of.
public struct QueryExample: Sendable {
    /// The picture.
    public let picture: ImageQuery
    /// The part of it that counts; nil for all.
    public let crop: Crop?
    /// How much it counts, -1...1 and not 0; below 0 what is like it comes later.
    public let weight: Float

    /// Names an example.
    public init(_ picture: ImageQuery, crop: Crop? = nil, weight: Float = 1) {
        (self.picture, self.crop, self.weight) = (picture, crop, weight)
    }
}

/// What to find, and how to show it.
public struct SearchRequest: Sendable {
    /// The most examples of one query.
    public static let maximumExampleCount = 16

    /// What to find look-alikes of, 1 to ``maximumExampleCount``; at least one weighs more than 0.
    public var examples: [QueryExample]
    /// Which images may be found.
    public var filter = ImageFilter()
    /// How many results, 1 to ``SearchPipeline/maximumLimit``.
    public var limit: Int
    /// Where an earlier answer ended; nil to begin.
    public var cursor: SearchCursor?
    /// The least cosine of a result.
    public var leastSimilarity: Float?
    /// The least probability of a result that a person would call it similar; 0 to 1.
    public var leastProbability: Float?
    /// Whether the regions of pictures are searched as well, where the library keeps them: an object is then found in the
    /// pictures of which it is a part.
    public var searchesRegions = true
    /// Whether copies of a picture are folded into the best of them.
    public var foldsDuplicates = true
    /// How much the first results are spread, 0 (not) to 1.
    public var diversity: Float = 0
    /// Whether each result is explained. Decodes and embeds each result: some 20 ms apiece.
    public var explains = false
    /// Who may find what is found.
    public var audience = Audience.everyone
    /// Who may name images of the library as examples; ``audience`` unless set.
    public var examplesAudience: Audience {
        get { namingAudience ?? audience }
        set { namingAudience = newValue }
    }
    private var namingAudience: Audience?

    /// Asks for look-alikes of some examples.
    public init(_ examples: [QueryExample], limit: Int) {
        (self.examples, self.limit) = (examples, limit)
    }

    /// Asks for look-alikes of a picture.
    public init(_ picture: ImageQuery, limit: Int) {
        self.init([QueryExample(picture)], limit: limit)
    }
}

/// Where one page of results ends and the next begins.
///
/// It names the last result shown, so pictures that are added meanwhile shift nothing.
public struct SearchCursor: Hashable, Sendable, LosslessStringConvertible {
    let offset: Int
    let score: Float
    let image: ImageID

    init(offset: Int, score: Float, image: ImageID) {
        (self.offset, self.score, self.image) = (offset, score, image)
    }

    /// Reads what ``description`` wrote; nil for anything else.
    public init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let offset = Int(parts[0]),
            (1..<SearchPipeline.maximumLimit).contains(offset),
            let bits = UInt32(parts[1], radix: 16), let image = ImageID(parts[2]), image > 0,
            case let score = Float(bitPattern: bits), score.isFinite
        else { return nil }
        self.init(offset: offset, score: score, image: image)
    }

    /// Three numbers that mean nothing to others.
    public var description: String { "\(offset)-\(String(score.bitPattern, radix: 16))-\(image)" }
}
