import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import IndexingPipeline
import NeuralNetwork
import SystemPackage
import TestSupport
import Testing

@testable import QueryPipeline

@Suite("Queries find look-alikes among real photographs")
struct SearchPipelineTests {
    /// Three groups of sample photographs, indexed once for all tests.
    private static let library = Result { try SampleLibrary() }

    @Test("a windmill finds windmills, itself first")
    func groupFirst() throws {
        let pipeline = try Self.library.get().pipeline
        let response = try pipeline.search(.file(samplePhotograph("windmills/linda-dark.jpg")), limit: 6)
        #expect(response.results.map(\.path).allSatisfy { $0.contains("/windmills/") })
        #expect(response.results[0].path.hasSuffix("/windmills/linda-dark.jpg"))
        #expect(response.results[0].similarity > 0.999)
        #expect(response.results.map(\.similarity) == response.results.map(\.similarity).sorted(by: >))
    }

    @Test(
        "pictures embedded in one precision are found by queries embedded in the other",
        arguments: Precision.allCases
    )
    func mixedPrecision(indexed: Precision) throws {
        let library = try SampleLibrary(precision: indexed)
        let other = try #require(Precision.allCases.first { $0 != indexed })
        let same = library.pipeline
        let mixed = try library.makePipeline(precision: other)
        for name in [
            "windmills/linda-dark.jpg", "hammers/claw-wooden-angled.jpg", "hoofed-animals/moose.jpg",
        ] {
            let expected = try same.search(.file(samplePhotograph(name)), limit: 10).results
            let found = try mixed.search(.file(samplePhotograph(name)), limit: 10).results
            #expect(found[0].path.hasSuffix(name))
            #expect(found[0].similarity > 0.999)
            #expect(Set(found.map(\.imageID)).intersection(expected.map(\.imageID)).count >= 9)
            for (one, another) in zip(found, expected) {
                #expect(abs(one.similarity - another.similarity) < 0.01)
            }
        }
        // What the catalog says of the vectors is how they were made, not how they are searched.
        #expect(try library.embeddingCounts() == [indexed.rawValue: library.imageCount])
    }

    @Test("a file, its bytes and its number in the library agree; the number leaves the picture itself out")
    func queryKinds() throws {
        let pipeline = try Self.library.get().pipeline
        let path = samplePhotograph("hammers/claw-wooden-angled.jpg")
        let byFile = try pipeline.search(.file(path), limit: 5)
        let byBytes = try pipeline.search(.bytes(try bytes(of: path)), limit: 5)
        #expect(byFile.results == byBytes.results)
        let byNumber = try pipeline.search(.image(byFile.results[0].imageID), limit: 4)
        #expect(byNumber.results.map(\.imageID) == byFile.results.dropFirst().map(\.imageID))
    }

    @Test("each stage is named and timed, in the order of the pipeline")
    func stages() throws {
        let pipeline = try Self.library.get().pipeline
        let path = samplePhotograph("windmills/linda.jpg")
        let byFile = try pipeline.search(.file(path), limit: 5)
        #expect(byFile.timings.map(\.stage) == ["decode", "embed", "search", "describe", "rank"])
        #expect(byFile.timings.allSatisfy { $0.milliseconds >= 0 })
        let byNumber = try pipeline.search(.image(byFile.results[0].imageID), limit: 5)
        #expect(byNumber.timings.map(\.stage) == ["look up", "search", "describe", "rank"])
    }

    @Test("images whose files are gone are left out, and the limit is still filled")
    func missingFiles() throws {
        let library = try SampleLibrary()
        let path = samplePhotograph("windmills/linda-dark.jpg")
        let before = try library.pipeline.search(.file(path), limit: 20)
        for result in before.results.prefix(15) { try FileManager.default.removeItem(atPath: result.path) }
        try library.index()
        let after = try library.pipeline.search(.file(path), limit: 20)
        #expect(after.results.count == 20)
        #expect(Set(after.results.map(\.path)).isDisjoint(with: before.results.prefix(15).map(\.path)))
    }

    @Test("more results than there are images gives all of them")
    func everything() throws {
        let library = try Self.library.get()
        let response = try library.pipeline.search(
            .file(samplePhotograph("windmills/linda.jpg")),
            limit: 1000
        )
        #expect(response.results.count == library.imageCount)
        #expect(response.searchedImageCount == library.imageCount)
        #expect(Set(response.results.map(\.imageID)).count == library.imageCount)
    }

    @Test("a query that is no picture, an unknown image and a limit out of range are told apart")
    func errors() throws {
        let pipeline = try Self.library.get().pipeline
        #expect {
            try pipeline.search(.bytes(Array("text".utf8)), limit: 5)
        } throws: { error in
            if case QueryError.undecodable(let reason) = error { reason.reason == .notAnImage } else { false }
        }
        #expect(throws: QueryError.unknownImage(99_999)) { try pipeline.search(.image(99_999), limit: 5) }
        #expect(throws: QueryError.unknownImage(-1)) { try pipeline.search(.image(-1), limit: 5) }
        for limit in [0, -1, 1001] {
            #expect(throws: QueryError.invalidLimit(limit)) { try pipeline.search(.image(1), limit: limit) }
        }
    }

    @Test("an image's record and thumbnail describe the file")
    func recordAndThumbnail() throws {
        let pipeline = try Self.library.get().pipeline
        let path = samplePhotograph("windmills/linda.jpg")
        let id = try #require(try pipeline.search(.file(path), limit: 1).results.first?.imageID)
        let record = try #require(try pipeline.image(id: id))
        let header = try ImageDecoder().header(of: .file(path))
        #expect(record.width == header.width && record.height == header.height)
        #expect(record.format == "jpeg")
        #expect(record.byteCount == Int64(try bytes(of: path).count))
        #expect(record.locations.map(\.missing) == [false])
        let thumbnail = try #require(try pipeline.thumbnail(id: id, longerSide: 64))
        let thumbnailHeader = try ImageDecoder().header(of: .bytes(thumbnail))
        #expect(max(thumbnailHeader.width, thumbnailHeader.height) == 64)
        #expect(try pipeline.image(id: 99_999) == nil)
        #expect(try pipeline.thumbnail(id: 99_999, longerSide: 64) == nil)
    }

    @Test("an image whose file has become unreadable has no thumbnail, and the error says so")
    func goneThumbnail() throws {
        let library = try SampleLibrary()
        let result = try #require(
            try library.pipeline.search(.file(samplePhotograph("windmills/linda.jpg")), limit: 1).results
                .first
        )
        try FileManager.default.removeItem(atPath: result.path)
        #expect(throws: QueryError.imageFileGone(result.imageID)) {
            try library.pipeline.thumbnail(id: result.imageID, longerSide: 64)
        }
    }
}
