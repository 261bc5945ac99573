import Catalog
import Foundation
import ImageDecoding
import ImageEmbedding
import ImageLibrary
import Reranking
import SystemPackage
import TestSupport
import Testing

@testable import QueryPipeline

@Suite("A search is made of examples, conditions and wishes")
struct SearchRequestTests {
    private static let shared = Result { try SampleLibrary() }
    private let library: SampleLibrary
    private let pipeline: SearchPipeline
    private let windmill = ImageQuery.file(samplePhotograph("windmills/linda.jpg"))
    private let hammer = ImageQuery.file(samplePhotograph("hammers/claw-wooden-angled.jpg"))

    init() throws {
        library = try Self.shared.get()
        pipeline = library.pipeline
    }

    // MARK: - Examples

    @Test("several examples are the sum of their vectors, by weight")
    func examples() throws {
        let vectors = try [windmill, hammer].map { query -> [Float] in
            let id = try #require(try pipeline.search(query, limit: 1).results.first?.imageID)
            return try #require(try pipeline.library.index.vector(of: id))
        }
        let sum = zip(vectors[0], vectors[1]).map { 0.75 * $0 - 0.25 * $1 }
        let expected = try pipeline.search(SearchRequest(.vector(sum), limit: 8))
        let request = SearchRequest(
            [QueryExample(windmill, weight: 0.75), QueryExample(hammer, weight: -0.25)],
            limit: 8
        )
        let found = try pipeline.search(request)
        #expect(found.results.map(\.imageID) == expected.results.map(\.imageID))
        for (one, other) in zip(found.results, expected.results) {
            #expect(abs(one.similarity - other.similarity) < 1e-3)
        }
    }

    @Test("an unwanted example pushes its like down")
    func unwanted() throws {
        let both = try pipeline.search(
            SearchRequest([QueryExample(windmill), QueryExample(hammer)], limit: 20)
        )
        let one = try pipeline.search(
            SearchRequest([QueryExample(windmill), QueryExample(hammer, weight: -1)], limit: 20)
        )
        func hammers(_ response: SearchResponse) -> Int {
            response.results.count { $0.path.contains("/hammers/") }
        }
        #expect(hammers(both) > hammers(one))
    }

    @Test("examples of the library are no results of their own")
    func ownExamples() throws {
        let ids = try pipeline.search(windmill, limit: 3).results.map(\.imageID)
        let found = try pipeline.search(SearchRequest(ids.map { QueryExample(.image($0)) }, limit: 50))
        #expect(Set(found.results.map(\.imageID)).isDisjoint(with: ids))
    }

    @Test("examples that cancel each other, none, too many, and weights out of range are refused")
    func badExamples() throws {
        func error(_ examples: [QueryExample]) -> QueryError? {
            do {
                _ = try pipeline.search(SearchRequest(examples, limit: 1))
                return nil
            } catch {
                return error as? QueryError
            }
        }
        #expect(error([]) == .invalidExampleCount(0))
        #expect(error(Array(repeating: QueryExample(windmill), count: 17)) == .invalidExampleCount(17))
        #expect(error([QueryExample(windmill, weight: 0)]) == .invalidWeight(0))
        #expect(error([QueryExample(windmill, weight: 2)]) == .invalidWeight(2))
        #expect(error([QueryExample(windmill, weight: -1)]) == .contradictoryExamples)
        #expect(
            error([QueryExample(windmill), QueryExample(windmill, weight: -1)]) == .contradictoryExamples
        )
        let dimension = library.pipeline.embedder.model.dimension
        for vector in [
            [], [1], [Float](repeating: 0, count: dimension), [Float](repeating: .nan, count: dimension),
        ] {
            #expect(error([QueryExample(.vector(vector))]) == .malformedVector(dimension: dimension))
        }
        #expect(error([QueryExample(.storedFile("/nowhere.jpg"))]) == .unknownPath("/nowhere.jpg"))
    }

    @Test("a picture is found by the path it is stored at")
    func storedPath() throws {
        let path = try library.photos("windmills/linda.jpg")
        let id = try #require(try pipeline.search(windmill, limit: 1).results.first?.imageID)
        let byPath = try pipeline.search(.storedFile(path), limit: 5)
        #expect(byPath.results == (try pipeline.search(.image(id), limit: 5)).results)
    }

    // MARK: - Crops

    @Test("a crop in pixels and in parts is searched as the part cut out would be")
    func crop() throws {
        let whole = try ImageDecoder().thumbnail(
            of: .file(samplePhotograph("windmills/linda.jpg")),
            size: .longerSide(10_000)
        ).pixels
        let (left, top) = (whole.width / 4, whole.height / 4)
        let (width, height) = (whole.width / 2, whole.height / 2)
        let part = whole.cropped(
            to: PictureRegion(
                x: Double(left) / Double(whole.width),
                y: Double(top) / Double(whole.height),
                width: Double(width) / Double(whole.width),
                height: Double(height) / Double(whole.height)
            )
        )
        let expected = try pipeline.search(.bytes(part.jpegData(quality: 100)), limit: 5)
        for crop in [
            Crop.pixels(left: left, top: top, width: width, height: height),
            .relative(PictureRegion(x: 0.25, y: 0.25, width: 0.5, height: 0.5)),
        ] {
            let found = try pipeline.search(SearchRequest([QueryExample(windmill, crop: crop)], limit: 5))
            #expect(found.results[0].imageID == expected.results[0].imageID)
            #expect(abs(found.results[0].similarity - expected.results[0].similarity) < 0.03)
        }
        let id = try #require(try pipeline.search(windmill, limit: 1).results.first?.imageID)
        let stored = QueryExample(
            .image(id),
            crop: .relative(PictureRegion(x: 0.25, y: 0.25, width: 0.5, height: 0.5))
        )
        #expect(try pipeline.search(SearchRequest([stored], limit: 1)).results[0].imageID != id)
    }

    @Test(
        "a crop that does not lie in its picture is refused",
        arguments: [
            Crop.pixels(left: 0, top: 0, width: 100_000, height: 10),
            .relative(PictureRegion(x: 0.9, y: 0, width: 0.2, height: 1)),
        ]
    )
    func badCrop(crop: Crop) {
        #expect(throws: QueryError.malformedCrop) {
            try pipeline.search(SearchRequest([QueryExample(windmill, crop: crop)], limit: 1))
        }
    }

    @Test("crops are read from text: parts, or pixels once a number is above 1")
    func cropTexts() {
        #expect(Crop("0.1,0.2,0.5,0.5") == .relative(PictureRegion(x: 0.1, y: 0.2, width: 0.5, height: 0.5)))
        #expect(Crop("0,0,1,1") == .relative(.whole))
        #expect(Crop("0,0,100,50") == .pixels(left: 0, top: 0, width: 100, height: 50))
        for text in [
            "", "1,2,3", "a,b,c,d", "0.5,0,0.6,1", "0,0,0,1", "0,0,1.5,2", "-1,0,5,5", "0,0,5,0", "nan,0,1,1",
        ] {
            #expect(Crop(text) == nil, "\(text)")
        }
    }

    @Test(
        "a crop's matching region lies in the crop, in the measures of the whole picture, outside the library too"
    )
    func regionOfCrop() throws {
        let size = try ImageDecoder().thumbnail(
            of: .file(samplePhotograph("windmills/linda.jpg")),
            size: .longerSide(10_000)
        ).header
        let (left, top) = (size.width / 2, size.height / 2)
        let crop = Crop.pixels(left: left, top: top, width: size.width / 3, height: size.height / 3)
        let id = try #require(try pipeline.search(windmill, limit: 1).results.first?.imageID)
        for picture in [windmill, .image(id)] {
            var request = SearchRequest([QueryExample(picture, crop: crop)], limit: 3)
            request.explains = true
            for result in try pipeline.search(request).results {
                let region = try #require(result.explanation?.regions?.query)
                #expect(region.x >= 0.49 && region.y >= 0.49 && region.isInside)
                #expect(region.x + region.width < 0.85 && region.y + region.height < 0.85)
            }
        }
    }

    // MARK: - Pages

    @Test(
        "pages of any size show every picture once, in the order of one long answer",
        arguments: [1, 7, 20]
    )
    func pages(size: Int) throws {
        let all = try pipeline.search(SearchRequest(windmill, limit: 1000)).results.map(\.imageID)
        var request = SearchRequest(windmill, limit: size)
        var shown: [ImageID] = []
        while true {
            let page = try pipeline.search(request)
            shown += page.results.map(\.imageID)
            guard let next = page.nextCursor else { break }
            #expect(page.results.count == size)
            request.cursor = SearchCursor(next)
            #expect(request.cursor != nil)
        }
        #expect(shown == all)
    }

    @Test("a cursor that nobody gave out is none")
    func cursors() {
        for text in [
            "", "1", "a-b-c", "0-3f800000-1", "1-7fc00000-1", "1-3f800000-0", "1000-3f800000-1",
            "1-3f800000-1-",
        ] {
            #expect(SearchCursor(text) == nil, "\(text)")
        }
        #expect(SearchCursor("24-3f4ccccd-17")?.description == "24-3f4ccccd-17")
    }

    // MARK: - Conditions

    @Test("a filtered search finds what it would have found, without what does not fit")
    func filters() throws {
        var request = SearchRequest(windmill, limit: 1000)
        request.foldsDuplicates = false
        let all = try pipeline.search(request).results
        request.filter.folder = try library.photos("hammers")
        let found = try pipeline.search(request).results
        #expect(found.map(\.imageID) == all.filter { $0.path.contains("/hammers/") }.map(\.imageID))
        #expect(!found.isEmpty)
        request.filter.name = "no such name"
        #expect(try pipeline.search(request).results.isEmpty)
    }

    @Test("a least similarity ends the results where it says")
    func leastSimilarity() throws {
        let all = try pipeline.search(windmill, limit: 100).results
        var request = SearchRequest(windmill, limit: 100)
        request.leastSimilarity = all[4].similarity
        #expect(try pipeline.search(request).results.map(\.imageID) == all.prefix(5).map(\.imageID))
    }

    @Test("what is hidden has no influence on anything that is answered", arguments: 1...4)
    func hiddenLeaksNothing(seed: UInt64) throws {
        // With regions in every other one: a part must not tell of its picture either.
        let hiding = try SampleLibrary(regions: seed.isMultiple(of: 2))
        let catalog = hiding.pipeline.library.catalog
        var chance = SeededGenerator(seed: seed)
        let all = try hiding.pipeline.search(windmill, limit: 1000).results
        let hidden = Set(all.map(\.imageID).filter { _ in Int.random(in: 0..<3, using: &chance) == 0 })
        for id in hidden {
            #expect(try catalog.setVisibility(Bool.random(using: &chance) ? .private : .blocked, of: id))
        }
        let paths = Set(
            all.filter { hidden.contains($0.imageID) }.map { FilePath($0.path).lastComponent!.string }
        )
        for query in [windmill, hammer] {
            var request = SearchRequest(query, limit: 12)
            request.explains = true
            request.diversity = 0.3
            let found = try hiding.pipeline.search(request)
            #expect(found.searchedImageCount == hiding.imageCount - hidden.count)
            #expect(found.results.count == 12)
            #expect(Set(found.results.map(\.imageID)).isDisjoint(with: hidden))
            #expect(found.results.allSatisfy { $0.duplicates.allSatisfy { !hidden.contains($0.imageID) } })
            #expect(found.rules?.contains { $0.rule == "exclusion" } == false)
            let text = String(decoding: try JSONEncoder().encode(found), as: UTF8.self)
            #expect(paths.allSatisfy { !text.contains("/\($0)") })
        }
        let one = try #require(hidden.first)
        #expect(try hiding.pipeline.image(id: one) == nil)
        #expect(try hiding.pipeline.thumbnail(id: one, longerSide: 64) == nil)
        #expect(throws: QueryError.unknownImage(one)) { try hiding.pipeline.search(.image(one), limit: 3) }
        #expect(throws: QueryError.unknownImage(one)) {
            try hiding.pipeline.suggestedCrops(of: .image(one), for: .everyone)
        }
        let path = try #require(try catalog.image(one)?.locations.first?.path)
        #expect(throws: QueryError.unknownPath(path)) {
            try hiding.pipeline.search(.storedFile(path), limit: 3)
        }
        #expect(Set(try hiding.pipeline.examples(count: 1000).map(\.id)).isDisjoint(with: hidden))
        #expect(try hiding.pipeline.readiness().indexedImageCount == hiding.imageCount - hidden.count)
        #expect(
            try hiding.pipeline.images(matching: ImageFilter(), for: .everyone, count: 1000).count == hiding
                .imageCount - hidden.count
        )
        let groups = try #require(try hiding.pipeline.duplicateFinder.nearDuplicates(for: .everyone))
        #expect(groups.allSatisfy { $0.allSatisfy { !hidden.contains($0) } })
    }

    @Test("administrators find what is private and never what is blocked")
    func administrators() throws {
        let library = try SampleLibrary()
        let ids = try library.pipeline.search(windmill, limit: 3).results.map(\.imageID)
        #expect(try library.pipeline.library.catalog.setVisibility(.private, of: ids[0]))
        #expect(try library.pipeline.library.catalog.setVisibility(.blocked, of: ids[1]))
        var request = SearchRequest(windmill, limit: 2)
        request.audience = .administrators
        #expect(try library.pipeline.search(request).results.map(\.imageID) == [ids[0], ids[2]])
        // They can look at it, to take that back.
        #expect(try library.pipeline.image(id: ids[1], for: .administrators) != nil)
        #expect(try library.pipeline.thumbnail(id: ids[1], longerSide: 64, for: .administrators) != nil)
        var fromBlocked = SearchRequest(.image(ids[1]), limit: 2)
        fromBlocked.audience = .administrators
        let asked = fromBlocked
        #expect(throws: QueryError.unknownImage(ids[1])) { try library.pipeline.search(asked) }
    }

    // MARK: - Wishes

    @Test("copies are folded into the best one, or shown when asked")
    func copies() throws {
        let photos = try TemporaryFolder()
        let original = try photos.copy("windmills/linda.jpg", to: "a.jpg")
        let picture = try ImageDecoder().thumbnail(of: .file(original), size: .longerSide(500)).pixels
        try photos.write(picture.varied(by: .jpeg(quality: 40)), to: "b.jpg")
        try photos.write(picture.varied(by: .brightness(1.1)), to: "c.jpg")
        try photos.copy("windmills/nutley.jpg", to: "d.jpg")
        let library = try SampleLibrary(photos: photos)
        let folded = try library.pipeline.search(.file(original), limit: 10)
        #expect(folded.results.map { FilePath($0.path).lastComponent!.string } == ["a.jpg", "d.jpg"])
        #expect(folded.results[0].duplicates.count == 2)
        var request = SearchRequest(.file(original), limit: 10)
        request.foldsDuplicates = false
        let shown = try library.pipeline.search(request).results
        #expect(shown.count == 4)
        #expect(shown.map(\.likeness).prefix(3) == [.same, .nearDuplicate, .nearDuplicate])
        let groups = try #require(try library.pipeline.duplicateFinder.nearDuplicates(for: .everyone))
        #expect(groups.map(\.count) == [3])
        #expect(try library.pipeline.check(.file(original), for: .everyone).answer == .same)
        #expect(
            try library.pipeline.check(.bytes(picture.varied(by: .jpeg(quality: 60))), for: .everyone).answer
                == .nearDuplicate
        )
        #expect(try library.pipeline.check(hammer, for: .everyone).answer == .new)
    }

    @Test("a boost lifts pictures from as deep as it can reach")
    func boosts() throws {
        let all = try pipeline.search(windmill, limit: 1000).results
        let place = try #require(all.lastIndex { $0.similarity + 1 > all[0].similarity })
        #expect(place > 20)
        let last = all[place]
        #expect(try pipeline.library.catalog.setTags(["lifted"], of: last.imageID))
        defer { _ = try? pipeline.library.catalog.setTags([], of: last.imageID) }
        let boost = Boost(name: "lifted", when: .init(tag: "lifted"), add: 1)
        let boosting = SearchPipeline(
            library: pipeline.library,
            embedder: pipeline.embedder,
            decoder: pipeline.decoder,
            ranking: RankingConfiguration(boosts: [boost])
        )
        var request = SearchRequest(windmill, limit: 1)
        request.explains = true
        let first = try #require(try boosting.search(request).results.first)
        #expect(first.imageID == last.imageID)
        #expect(first.explanation?.rules == ["boost \"lifted\": +1.0"])
        #expect(try #require(first.explanation?.regions).share > 0)
    }

    @Test("a ranking configuration that cannot be read says what is wrong with it")
    func configuration() throws {
        let good = #"{"boosts": [{"name": "new", "when": {"addedWithinDays": 30}, "add": 0.05}]}"#
        #expect(try RankingConfiguration(json: Data(good.utf8)).boosts.count == 1)
        for (text, part) in [
            ("[", "no JSON"), (#"{"boosts": [{"name": "x"}]}"#, "lacks"), (#"{"boosts": 3}"#, "boosts"),
            (#"{"boosts": [{"name": "x", "when": {}, "add": 0.1}]}"#, "no condition"),
        ] {
            #expect { try RankingConfiguration(json: Data(text.utf8)) } throws: {
                String(describing: $0).contains(part)
            }
        }
    }

    @Test(
        "with a calibration each result has a probability and a class, and a least probability drops the rest"
    )
    func calibration() throws {
        let all = try pipeline.search(windmill, limit: 30).results
        #expect(all[3].probability == nil && all[3].likeness == nil)
        let middle = all[10].similarity
        let calibration = Calibration(
            knots: [
                .init(similarity: middle - 0.001, probability: 0.2),
                .init(similarity: middle, probability: 0.7),
            ],
            pairCount: 2,
            source: "test"
        )
        let calibrated = SearchPipeline(
            library: pipeline.library,
            embedder: pipeline.embedder,
            decoder: pipeline.decoder,
            calibration: calibration
        )
        let results = try calibrated.search(windmill, limit: 30).results
        #expect(results[10].probability == 0.7 && results[10].likeness == .similar)
        #expect(results[29].probability == 0.2 && results[29].likeness == .unrelated)
        var request = SearchRequest(windmill, limit: 30)
        request.leastProbability = 0.5
        #expect(try calibrated.search(request).results.count == 11)
    }

    @Test(
        "each model comes with a calibration of its own similarities",
        arguments: ["lookalike-base", "lookalike-small", "efficientnet-lite0"]
    )
    func shippedCalibration(name: String) throws {
        let folder = repository.appending("Models").appending(name)
        let identity = try EmbeddingModel(folder: folder).identity
        let calibration = try #require(CalibrationStore.shipped(in: folder, model: identity))
        #expect(calibration.probability(ofSimilarity: 0) < 0.05)
        #expect(calibration.probability(ofSimilarity: 1) > 0.9)
        #expect(CalibrationStore.shipped(in: folder, model: "another") == nil)
    }

    @Test("suggested crops lie in the picture, of the library or from outside")
    func crops() throws {
        let outside = try pipeline.suggestedCrops(of: windmill, for: .everyone)
        #expect(!outside.isEmpty && outside.count <= 4)
        #expect(outside.allSatisfy { $0.region.isInside })
        let id = try #require(try pipeline.search(windmill, limit: 1).results.first?.imageID)
        #expect(try pipeline.suggestedCrops(of: .image(id), for: .everyone) == outside)
    }
}
