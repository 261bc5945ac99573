public import ImageDecoding
public import ImageEmbedding

/// Something that ranks pictures: it makes a vector of each, and the nearer two vectors' directions, the more alike.
///
/// Baselines are of the same kind as the model, so that they can be measured by the same code.
public protocol PictureEmbedding: Sendable {
    /// What it is called in a report.
    var name: String { get }
    /// The size its pictures have to be decoded to; nil when any will do.
    var thumbnailSize: ThumbnailSize? { get }
    /// Returns a vector of length 1; the same number of values for every picture.
    func embed(_ picture: PixelImage) -> [Float]
}

/// A model of the program's own as a contender.
public struct ModelContender: PictureEmbedding {
    /// What it is called in a report.
    public let name: String
    private let embedder: ImageEmbedder

    /// Wraps a model.
    ///
    /// - Parameter name: What it is called; the name in its manifest unless told.
    public init(_ model: EmbeddingModel, name: String? = nil) {
        self.name = name ?? model.manifest.name
        embedder = ImageEmbedder(model: model)
    }

    /// What the model's input is cut from.
    public var thumbnailSize: ThumbnailSize? { embedder.thumbnailSize }

    /// Returns the picture's embedding.
    public func embed(_ picture: PixelImage) -> [Float] { embedder.embed(picture) }
}
