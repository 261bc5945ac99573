import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import Reranking
import SystemPackage
import TestSupport
import Testing

@testable import QueryPipeline

@Suite("Pictures are found by their parts, where a library has them")
struct RegionSearchTests {
    /// The same photographs, with regions and without.
    private static let withRegions = Result { try SampleLibrary(regions: true) }
    private static let without = Result { try SampleLibrary() }

    private let library: SampleLibrary
    private let plain: SampleLibrary
    private let corner = Crop.relative(PictureRegion(x: 0.1, y: 0.1, width: 0.4, height: 0.4))

    init() throws {
        library = try Self.withRegions.get()
        plain = try Self.without.get()
    }

    @Test(
        "the similarity of a result is that of its most similar part, or of the whole: as trying all of them finds"
    )
    func mostSimilarPart() throws {
        var request = request("windmills/linda.jpg", crop: corner)
        let query = try vector(of: "windmills/linda.jpg", crop: corner)
        request.limit = library.imageCount
        let response = try library.pipeline.search(request)
        #expect(response.results.count == library.imageCount)
        #expect(
            response.timings.map(\.stage) == ["decode", "embed", "search", "regions", "describe", "rank"]
        )
        var partCount = 0
        for result in response.results {
            let picture = try ImageDecoder().thumbnail(
                of: .file(FilePath(result.path)),
                size: library.embedder.thumbnailSize
            )
            let map = library.embedder.map(picture.pixels)
            let windows = [map.whole] + map.regionWindows
            let cosines = windows.map { Float(cosineSimilarity(map.embedding(of: $0), query)) }
            let best = try #require(cosines.max())
            #expect(abs(result.similarity - best) < 0.002)
            guard let part = result.part else {
                #expect(cosines[0] > best - 0.002)
                continue
            }
            partCount += 1
            let number = try #require(windows.firstIndex { isNear(map.region($0), part) })
            #expect(cosines[number] > best - 0.002)
        }
        #expect(partCount > response.results.count / 2, "a small part is more like parts than like wholes")
    }

    @Test("a part of a picture finds that picture at least as surely, mostly by that part")
    func findsItsPicture() throws {
        var places: [Bool] = []
        for name in ["windmills/linda.jpg", "hammers/claw-wooden-angled.jpg", "hoofed-animals/moose.jpg"] {
            for number in [0, 4, 8] {
                let record = try #require(try library.pipeline.search(request(name)).results.first)
                let region = library.embedder.region(
                    number,
                    ofPictureWithWidth: record.width,
                    height: record.height
                )
                func own(_ pipeline: SearchPipeline) throws -> SearchResult {
                    var request = request(name, crop: .relative(region))
                    request.limit = library.imageCount
                    return try #require(
                        try pipeline.search(request).results.first { $0.path.hasSuffix(name) }
                    )
                }
                let (with, without) = (try own(library.pipeline), try own(plain.pipeline))
                #expect(with.similarity > without.similarity - 1e-4)
                places.append(with.part.map { isNear($0, region) } ?? false)
            }
        }
        #expect(places.count { $0 } > places.count / 2)
    }

    @Test("whole pictures alone are compared as if there were no regions, and always by check")
    func wholePictures() throws {
        var request = request("windmills/linda.jpg")
        request.searchesRegions = false
        let found = try library.pipeline.search(request).results
        let expected = try plain.pipeline.search(request).results
        #expect(
            found.map { FilePath($0.path).lastComponent } == expected.map { FilePath($0.path).lastComponent }
        )
        #expect(found.allSatisfy { $0.part == nil })
        for (one, other) in zip(found, expected) { #expect(abs(one.similarity - other.similarity) < 1e-4) }

        let picture = ImageQuery.file(samplePhotograph("windmills/linda.jpg"))
        let check = try library.pipeline.check(picture, for: .everyone)
        #expect(check.answer == .same)
        #expect(try check.matches.count == plain.pipeline.check(picture, for: .everyone).matches.count)
    }

    @Test("pages of a search by parts are the whole answer, in pieces", arguments: [1, 7])
    func pages(size: Int) throws {
        var request = request("windmills/linda.jpg", crop: corner)
        request.limit = 25
        let whole = try library.pipeline.search(request).results
        var pieces: [SearchResult] = []
        request.limit = size
        repeat {
            let page = try library.pipeline.search(request)
            pieces += page.results
            request.cursor = page.nextCursor.flatMap(SearchCursor.init)
        } while request.cursor != nil && pieces.count < whole.count
        #expect(pieces.prefix(whole.count).map(\.imageID) == whole.map(\.imageID))
    }

    @Test("an explanation has the part's score after the whole's, and the part as what matches")
    func explanation() throws {
        var request = request("windmills/linda.jpg", crop: corner)
        request.explains = true
        let result = try #require(try library.pipeline.search(request).results.first { $0.part != nil })
        let explanation = try #require(result.explanation)
        #expect(explanation.stages.map(\.stage) == ["similarity", "regions"])
        #expect(explanation.stages[0].score < explanation.stages[1].score)
        #expect(explanation.stages[1].score == result.similarity)
        let regions = try #require(explanation.regions)
        #expect(try isNear(regions.image, #require(result.part)))
        #expect((0...1).contains(regions.share))
    }

    private func request(_ name: String, crop: Crop? = nil) -> SearchRequest {
        SearchRequest([QueryExample(.file(samplePhotograph(name)), crop: crop)], limit: 10)
    }

    private func vector(of name: String, crop: Crop) throws -> [Float] {
        var stopwatch = Stopwatch()
        return try library.pipeline.queryEmbedder.embedding(of: request(name, crop: crop), &stopwatch).vector
    }

    private func isNear(_ one: PictureRegion, _ other: PictureRegion) -> Bool {
        zip([one.x, one.y, one.width, one.height], [other.x, other.y, other.width, other.height])
            .allSatisfy { abs($0 - $1) < 0.01 }
    }
}
