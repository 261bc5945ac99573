public import Catalog
internal import ImageDecoding
internal import ImageEmbedding
internal import ImageLibrary

/// What a library holds, counted.
public struct LibraryStatistics: Hashable, Sendable {
    /// Images, files, and files that are missing or were refused.
    public let counts: CatalogCounts
    /// Judgements and interactions.
    public let feedback: FeedbackCounts
    /// Identity of the model that embeds queries.
    public let model: String
    /// How many images can be found.
    public let indexedImageCount: Int
    /// How many regions of each image can be found; 0 when none can.
    public let regionsPerImage: Int
    /// Changes to embeddings that the index has not taken in yet.
    public let pendingChangeCount: Int
    /// The beam width that was chosen, and the recall measured for it; nil when none was.
    public let beamWidth: BeamWidthChoice?
}

extension SearchPipeline {
    /// Counts what the library holds. Linear in its size: some tenths of a second for a million pictures.
    public func statistics() throws -> LibraryStatistics {
        LibraryStatistics(
            counts: try library.catalog.counts(),
            feedback: try library.catalog.feedbackCounts(),
            model: embedder.model.identity,
            indexedImageCount: library.index.count,
            regionsPerImage: library.regions?.partCount ?? 0,
            pendingChangeCount: try library.index.pendingChangeCount(),
            beamWidth: try library.catalog.beamWidthChoice()
        )
    }

    /// Shows that a search sent now would be answered: reads the catalog, has the index take in what is new, and decodes a
    /// picture of one pixel.
    ///
    /// - Throws: ``NotReady`` when the index is far behind the catalog; what the catalog, the index or the decoder throw.
    public func readiness() throws -> Readiness {
        try library.catchUp()
        let pending = try library.index.pendingChangeCount()
        let indexed = library.index.count
        // Somebody may be indexing all the time; a little behind is as good as can be.
        guard pending <= max(2048, indexed / 100) else {
            throw NotReady(pendingChangeCount: pending, indexedImageCount: indexed)
        }
        _ = try decoder.thumbnail(of: .bytes(Self.smallestPicture), size: embedder.thumbnailSize)
        return Readiness(
            model: embedder.model.identity,
            indexedImageCount: try imageCount(for: .everyone),
            regionsPerImage: library.regions?.partCount ?? 0
        )
    }

    /// A grey GIF of one pixel.
    private static let smallestPicture: [UInt8] = [
        0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x80, 0x80, 0x80, 0x00,
        0x00,
        0x00, 0x2C, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x44, 0x01, 0x00, 0x3B,
    ]
}

/// Thrown when the index is too far behind the catalog for its answers to be worth much.
public struct NotReady: Error, Equatable, CustomStringConvertible {
    /// Changes that the index has not taken in yet.
    public let pendingChangeCount: Int
    /// Images it holds so far.
    public let indexedImageCount: Int

    /// Says how far behind it is.
    public var description: String {
        "the index holds \(indexedImageCount) pictures and is \(pendingChangeCount) changes behind the catalog"
    }
}
