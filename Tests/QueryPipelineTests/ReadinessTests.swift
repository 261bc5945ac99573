import Foundation
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import SystemPackage
import TestSupport
import Testing

@testable import Catalog
@testable import ImageDecoding
@testable import QueryPipeline

/// What a server's operator is told of a library.
@Suite struct ReadinessTests {
    private let folder: TemporaryFolder
    private let embedder: ImageEmbedder

    init() throws {
        folder = try TemporaryFolder()
        embedder = ImageEmbedder(model: try EmbeddingModel(folder: defaultModel))
        try folder.copy("hammers/armorers.jpg", to: "pictures/one.jpg")
        try folder.copy("hammers/claw-wooden-angled.jpg", to: "pictures/two.jpg")
        try index()
    }

    private func library(_ access: Library.Access) throws -> Library {
        try Library(
            directory: LibraryDirectory(path: folder.path.appending("library")),
            model: (identity: embedder.model.identity, dimension: embedder.model.dimension),
            access: access
        )
    }

    private func index() throws {
        let indexer = Indexer(
            library: try library(.writing),
            embedder: embedder,
            decoder: ImageDecoder(),
            jobs: 1
        )
        _ = try indexer.run(folders: [IndexedFolder(path: folder.path.appending("pictures"))])
    }

    @Test("a library that can be searched is ready, with what has come meanwhile")
    func ready() throws {
        let library = try library(.reading)
        let pipeline = SearchPipeline(library: library, embedder: embedder, decoder: ImageDecoder())
        #expect(try pipeline.readiness().indexedImageCount == 2)
        #expect(try library.index.pendingChangeCount() == 0)
        try folder.copy("hammers/cross-peen.jpg", to: "pictures/three.jpg")
        try index()
        #expect(try library.index.pendingChangeCount() > 0)
        #expect(try pipeline.readiness().indexedImageCount == 3)
        #expect(try library.index.pendingChangeCount() == 0)
    }

    @Test("a library whose pictures cannot be decoded is not ready")
    func noDecoder() throws {
        let pipeline = SearchPipeline(
            library: try library(.reading),
            embedder: embedder,
            decoder: BrokenDecoder()
        )
        #expect(throws: ImageDecodingError.self) { try pipeline.readiness() }
    }

    @Test("the statistics count images, files, opinions and what the index holds")
    func statistics() throws {
        try folder.write(Array("no picture".utf8), to: "pictures/four.jpg")
        try folder.copy("hammers/armorers.jpg", to: "pictures/copy.jpg")
        try index()
        let library = try library(.sharing)
        _ = try library.catalog.keep(Judgement(query: 1, image: 2, grade: 3))
        _ = try library.catalog.keep(Interaction(query: 1, shown: [2], clicked: [2]), for: .everyone)
        _ = try library.catalog.keep(Interaction(query: 2, shown: [1], clicked: []), for: .everyone)
        let statistics = try SearchPipeline(library: library, embedder: embedder, decoder: ImageDecoder())
            .statistics()
        #expect(statistics.counts.images == 2)
        #expect(statistics.counts.files == 3)
        #expect(statistics.counts.refusedFiles == 1)
        #expect(statistics.indexedImageCount == 2)
        #expect(statistics.pendingChangeCount == 0)
        #expect(statistics.model == embedder.model.identity)
        #expect(
            statistics.feedback
                == FeedbackCounts(judgements: 1, interactions: 2, impressions: 2, clicks: 1)
        )
        #expect(statistics.beamWidth == nil)
    }

    private struct BrokenDecoder: PictureDecoding {
        let limits = DecodingLimits.default
        func thumbnail(of source: ImageSource, size: ThumbnailSize) throws(ImageDecodingError) -> DecodedImage
        {
            throw ImageDecodingError(reason: .unavailable, message: "no worker can be started")
        }
    }
}
