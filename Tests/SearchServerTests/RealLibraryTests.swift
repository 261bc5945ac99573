import Catalog
import Foundation
import HTTPTypes
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import SystemPackage
import TestSupport
import Testing

@testable import QueryPipeline
@testable import SearchServer

/// The whole way, from photographs on disk to answers over HTTP.
@Suite struct RealLibraryTests {
    private static let photographs = [
        "domes/taj-mahal.jpg", "domes/taj-mahal-garden.jpg", "birds/duck.jpg", "birds/heron.jpg",
        "hammers/armorers.jpg",
    ]

    @Test("photographs are indexed, found by upload and by number, shown, and missed when they go")
    func endToEnd() async throws {
        let folder = try TemporaryFolder()
        let pictures = try Self.photographs.map { try folder.copy($0, to: "pictures/\($0)") }
        let pipeline = try Self.pipeline(over: folder.path.appending("pictures"), library: folder("library"))
        try await withRoutes(to: pipeline) { client in
            let ready = try await client.ask(.get, "/readyz")
            #expect(try ready.json["imageCount"] as? Int == pictures.count)

            let upload = try bytes(of: pictures[0])
            let found = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "image/jpeg"],
                body: upload
            )
            #expect(found.status == 200)
            let results = try results(of: found)
            #expect(results.map(\.fileName).prefix(2) == ["taj-mahal.jpg", "taj-mahal-garden.jpg"])
            #expect(results.count == pictures.count)
            #expect(abs(results[0].similarity - 1) < 1e-3)
            #expect(results[1].similarity < 0.99)

            let similar = try await client.ask(.get, "/v1/images/\(results[0].id)/similar?limit=2")
            #expect(try self.results(of: similar).map(\.fileName) == results[1...2].map(\.fileName))

            let thumbnail = try await client.ask(.get, "/v1/images/\(results[0].id)/thumbnail?size=64")
            let header = try ImageDecoder().header(of: .bytes(thumbnail.bytes))
            #expect(header.format == .jpeg)
            #expect(max(header.width, header.height) == 64)

            try FileManager.default.removeItem(atPath: pictures[0].string)
            let kept = try await client.ask(.get, "/v1/images/\(results[0].id)/thumbnail?size=64")
            #expect(kept.bytes == thumbnail.bytes)
            let gone = try await client.ask(.get, "/v1/images/\(results[0].id)/thumbnail?size=65")
            #expect(gone.status == 410)
        }
    }

    @Test("bytes that are no picture are refused with the decoder's reason")
    func noPicture() async throws {
        let folder = try TemporaryFolder()
        try folder.copy(Self.photographs[4], to: "pictures/one.jpg")
        let pipeline = try Self.pipeline(over: folder.path.appending("pictures"), library: folder("library"))
        try await withRoutes(to: pipeline) { client in
            let answer = try await client.ask(
                .post,
                "/v1/search",
                headers: [.contentType: "image/jpeg"],
                body: Array("no picture".utf8)
            )
            #expect(answer.status == 422)
            #expect(try answer.code == "undecodable_image")
            #expect(try answer.json["reason"] as? String == "not-an-image")
            let unknown = try await client.ask(.get, "/v1/images/999/similar")
            #expect(try unknown.code == "unknown_image")
        }
    }

    static func pipeline(over pictures: FilePath, library path: FilePath) throws -> SearchPipeline {
        let model = try EmbeddingModel(folder: defaultModel)
        let embedder = ImageEmbedder(model: model)
        let library = try Library(
            directory: LibraryDirectory(path: path),
            model: (identity: model.identity, dimension: model.manifest.embedding.dimension),
            access: .sharing
        )
        let indexer = Indexer(library: library, embedder: embedder, decoder: ImageDecoder(), jobs: 2)
        _ = try library.withWriterLock { try indexer.run(folders: [IndexedFolder(path: pictures)]) }
        return SearchPipeline(library: library, embedder: embedder, decoder: ImageDecoder())
    }

    private struct Found: Decodable {
        let id: Int64
        let fileName: String
        let similarity: Double
    }

    private func results(of answer: RouterClient.Answer) throws -> [Found] {
        struct Answer: Decodable { let results: [Found] }
        return try JSONDecoder().decode(Answer.self, from: Data(answer.bytes)).results
    }
}
