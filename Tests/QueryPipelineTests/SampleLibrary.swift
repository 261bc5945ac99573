import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import NeuralNetwork
import QueryPipeline
import SystemPackage
import TestSupport

/// A library of copies of three groups of sample photographs.
final class SampleLibrary: Sendable {
    let pipeline: SearchPipeline
    let imageCount: Int
    let photos: TemporaryFolder
    private let libraryFolder: TemporaryFolder
    let embedder: ImageEmbedder

    convenience init(precision: Precision = .float32, regions: Bool = false) throws {
        let photos = try TemporaryFolder()
        for group in ["windmills", "hammers", "hoofed-animals"] {
            try FileManager.default.copyItem(
                atPath: samplePhotograph(group).string,
                toPath: try photos(group).string
            )
        }
        try self.init(photos: photos, precision: precision, regions: regions)
    }

    init(photos: TemporaryFolder, precision: Precision = .float32, regions: Bool = false) throws {
        self.photos = photos
        libraryFolder = try TemporaryFolder()
        embedder = try Self.makeEmbedder(precision)
        imageCount = try Self.index(photos, libraryFolder, embedder, regions: regions)
        pipeline = try Self.makePipeline(libraryFolder, embedder)
    }

    func makePipeline(precision: Precision) throws -> SearchPipeline {
        try Self.makePipeline(libraryFolder, try Self.makeEmbedder(precision))
    }

    /// How many vectors were made in which precision.
    func embeddingCounts() throws -> [String: Int]? {
        let directory = LibraryDirectory(path: libraryFolder.path.appending("library"))
        return try Library.readCatalog(in: directory) { try $0.models().first?.embeddingCounts }
    }

    private static func makeEmbedder(_ precision: Precision) throws -> ImageEmbedder {
        ImageEmbedder(
            model: try EmbeddingModel(
                folder: defaultModel,
                precision: precision
            )
        )
    }

    private static func makePipeline(
        _ folder: TemporaryFolder,
        _ embedder: ImageEmbedder
    ) throws -> SearchPipeline {
        SearchPipeline(
            library: try library(in: folder, embedder, .reading),
            embedder: embedder,
            decoder: ImageDecoder()
        )
    }

    func index() throws {
        _ = try Self.index(photos, libraryFolder, embedder)
    }

    private static func index(
        _ photos: TemporaryFolder,
        _ folder: TemporaryFolder,
        _ embedder: ImageEmbedder,
        regions: Bool = false
    ) throws -> Int {
        let keeping = regions ? Library.RegionKeeping.on(count: embedder.regionCount) : .asBefore
        let indexer = Indexer(
            library: try library(in: folder, embedder, .writing, keeping),
            embedder: embedder,
            decoder: ImageDecoder(),
            jobs: 2
        )
        return try indexer.run(folders: [IndexedFolder(path: photos.path)]).indexedImages
    }

    private static func library(
        in folder: TemporaryFolder,
        _ embedder: ImageEmbedder,
        _ access: Library.Access,
        _ regionKeeping: Library.RegionKeeping = .asBefore
    ) throws -> Library {
        try Library(
            directory: LibraryDirectory(path: folder.path.appending("library")),
            model: (embedder.model.identity, embedder.model.dimension),
            access: access,
            regionKeeping: regionKeeping
        )
    }
}
