import Catalog
import ImageDecoding
import Reranking
import SystemPackage
import TestSupport
import Testing

@testable import QueryPipeline

@Suite("A search looks as deep as its answer needs, and no deeper")
struct SearchDepthTests {
    private func ranking(_ scores: [Float]) -> [RankedCandidate] {
        RankingRules([]).rank(
            scores.enumerated().map { Candidate(id: Int64($0 + 1), similarity: $1, vector: [1]) }
        ).ranking
    }

    @Test("places are settled when nothing that has not been met can reach them")
    func settled() {
        let found = ranking([0.9, 0.8, 0.7, 0.6])
        #expect(SearchDepth(rest: 0.65).settledCount(found, greatestGain: 0) == 3)
        #expect(SearchDepth(rest: 0.65).settledCount(found, greatestGain: 0.2) == 1)
        #expect(SearchDepth(rest: -1).settledCount(found, greatestGain: 1) == 4)
    }

    @Test("what is below the least similarity or probability asked for is not looked for")
    func exhausted() {
        let curve = Calibration(
            knots: [.init(similarity: 0.2, probability: 0.1), .init(similarity: 0.6, probability: 0.9)],
            pairCount: 2,
            source: "test"
        )
        var request = SearchRequest(.image(1), limit: 5)
        #expect(!SearchDepth(rest: 0.3).exhausts(request, curve))
        request.leastProbability = 0.5
        #expect(!SearchDepth(rest: 0.5).exhausts(request, curve))
        #expect(SearchDepth(rest: 0.3).exhausts(request, curve))
        request.leastProbability = nil
        request.leastSimilarity = 0.4
        #expect(SearchDepth(rest: 0.3).exhausts(request, nil))
        #expect(SearchDepth(rest: -1).exhausts(SearchRequest(.image(1), limit: 5), nil))
    }

    @Test("a page that copies were folded into still says that there is more")
    func foldedPage() throws {
        let photos = try TemporaryFolder()
        let original = try photos.copy("windmills/linda.jpg", to: "a.jpg")
        let picture = try ImageDecoder().thumbnail(of: .file(original), size: .longerSide(400)).pixels
        // More copies than a first look at neighbours meets.
        for quality in 50..<66 {
            try photos.write(picture.varied(by: .jpeg(quality: quality)), to: "copy-\(quality).jpg")
        }
        for name in ["nutley.jpg", "mykonos.jpg"] { try photos.copy("windmills/\(name)", to: name) }
        let pipeline = try SampleLibrary(photos: photos).pipeline
        var request = SearchRequest(.file(original), limit: 1)
        var shown: [ImageID] = []
        while true {
            let page = try pipeline.search(request)
            shown += page.results.map(\.imageID)
            guard let next = page.nextCursor else { break }
            request.cursor = SearchCursor(next)
        }
        #expect(shown == (try pipeline.search(.file(original), limit: 100)).results.map(\.imageID))
        #expect(shown.count == 3)
    }

    @Test("pages stay whole when better pictures are added between them")
    func addedMeanwhile() throws {
        let library = try SampleLibrary()
        let query = ImageQuery.file(samplePhotograph("windmills/linda.jpg"))
        var request = SearchRequest(query, limit: 2)
        request.foldsDuplicates = false
        let first = try library.pipeline.search(request)
        let expected = try library.pipeline.search(SearchRequest(query, limit: 100, cursor: first.nextCursor))
        let picture = try ImageDecoder().thumbnail(
            of: .file(samplePhotograph("windmills/linda.jpg")),
            size: .longerSide(400)
        ).pixels
        for quality in 60..<75 {
            try library.photos.write(picture.varied(by: .jpeg(quality: quality)), to: "new-\(quality).jpg")
        }
        try library.index()
        request.cursor = first.nextCursor.flatMap(SearchCursor.init)
        let second = try library.pipeline.search(request)
        #expect(second.results.count == 2)
        #expect(second.results.map(\.imageID) == expected.results.prefix(2).map(\.imageID))
        #expect(second.nextCursor != nil)
    }

    @Test(
        "pages of a spread search show every picture once, a boost in force or not",
        arguments: [false, true]
    )
    func spreadPages(isBoosted: Bool) throws {
        let library = try SampleLibrary().pipeline
        let boost = Boost(name: "hammers", when: .init(folder: "/no/such/folder"), add: 0.2)
        let pipeline = SearchPipeline(
            library: library.library,
            embedder: library.embedder,
            decoder: library.decoder,
            ranking: RankingConfiguration(boosts: isBoosted ? [boost] : [])
        )
        var request = SearchRequest(.file(samplePhotograph("windmills/linda.jpg")), limit: 1000)
        request.diversity = 0.5
        let all = try pipeline.search(request).results.map(\.imageID)
        request.limit = 7
        var shown: [ImageID] = []
        while true {
            let page = try pipeline.search(request)
            shown += page.results.map(\.imageID)
            guard let next = page.nextCursor else { break }
            request.cursor = SearchCursor(next)
        }
        #expect(shown == all)
        #expect(Set(shown).count == shown.count)
    }

    @Test("a least probability without a calibration is refused rather than passed over")
    func notCalibrated() throws {
        var request = SearchRequest(.file(samplePhotograph("windmills/linda.jpg")), limit: 1)
        request.leastProbability = 0.5
        let pipeline = try SampleLibrary().pipeline
        let asked = request
        #expect(throws: QueryError.notCalibrated) { try pipeline.search(asked) }
    }
}

extension SearchRequest {
    /// A search without folding, from a cursor on.
    fileprivate init(_ query: ImageQuery, limit: Int, cursor: String?) {
        self.init(query, limit: limit)
        self.cursor = cursor.flatMap(SearchCursor.init)
        foldsDuplicates = false
    }
}
