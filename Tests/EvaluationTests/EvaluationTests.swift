import Foundation
import ImageDecoding
import SystemPackage
import TestSupport
import Testing

@testable import Evaluation

/// Ranks by the mean brightness: a contender whose answers one can predict.
private struct Brightness: PictureEmbedding {
    let name = "brightness"
    let thumbnailSize: ThumbnailSize? = .longerSide(64)

    func embed(_ picture: PixelImage) -> [Float] {
        let mean = Float(picture.pixels.reduce(0) { $0 + Int($1) }) / Float(picture.pixels.count * 255)
        let angle = mean * .pi / 2
        return [cos(angle), sin(angle)]
    }
}

@Suite("An evaluation")
struct EvaluationTests {
    private static func grey(_ value: UInt8, side: Int = 16) throws -> [UInt8] {
        try PixelImage(width: side, height: side, pixels: Array(repeating: value, count: side * side * 3))
            .jpegData(quality: 95)
    }

    private static func evaluate(
        _ truth: GroundTruth,
        _ contenders: [any PictureEmbedding] = [Brightness()],
        cutoff: Int = 2,
        queryLimit: Int = 1_000,
        jobs: Int = 2
    ) throws -> EvaluationResult {
        var options = Evaluation.Options()
        (options.cutoff, options.queryLimit, options.jobs) = (cutoff, queryLimit, jobs)
        return try Evaluation(truth, contenders: contenders, decoder: ImageDecoder(), options: options).run()
    }

    @Test("folders are labels, and the ranking is what the pictures say")
    func folders() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [
            ("dark/a", 10), ("dark/b", 20), ("light/c", 240), ("light/d", 40), ("loose", 12),
        ] {
            try folder.write(Self.grey(UInt8(value)), to: name + ".jpg")
        }
        let truth = try GroundTruth(folders: folder.path)
        #expect(truth.pictures.count == 5)
        #expect(Set(truth.queries.map(\.group)) == ["dark", "light"])
        let result = try Self.evaluate(truth)
        let firsts = Dictionary(
            uniqueKeysWithValues: result.queries.indices.map { place in
                let query = truth.pictures[truth.queries[result.queries[place]].picture].stem ?? ""
                return (query, result.outcomes[0][place].top.map { truth.pictures[$0.picture].stem ?? "" })
            }
        )
        // A picture is no answer to itself.
        #expect(
            firsts == ["a": ["loose", "b"], "b": ["loose", "a"], "c": ["d", "b"], "d": ["b", "loose"]]
        )
        let average = result.values(0, of: 0)
        #expect(
            zip(result.queries, average).map {
                "\(truth.pictures[truth.queries[$0].picture].stem ?? "") \($1)"
            }.sorted()
                == ["a 0.5", "b 0.5", "c 1.0", "d 0.25"]
        )
    }

    @Test("the label is the whole way down or the innermost folder's name")
    func labels() throws {
        let folder = try TemporaryFolder()
        for (place, name) in ["photo/dog/a.jpg", "sketch/dog/b.jpg", "photo/cat/c.jpg", "photo/cat/d.jpg"]
            .enumerated()
        {
            try folder.write(Self.grey(UInt8(40 * place + 20)), to: name)
        }
        #expect(Set(try GroundTruth(folders: folder.path).queries.map(\.group)) == ["photo/cat"])
        #expect(
            Set(try GroundTruth(folders: folder.path, label: .name).queries.map(\.group)) == ["cat", "dog"]
        )
    }

    @Test("tables give labels and grades, and faults are named")
    func tables() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [("a", 10), ("b", 20), ("c", 30), ("d", 200)] {
            try folder.write(Self.grey(UInt8(value)), to: name + ".jpg")
        }
        let labels = try folder.write(Array("path,label\na.jpg,x\nd.jpg,x\nb.jpg,\n".utf8), to: "labels.csv")
        let labelled = try Self.evaluate(try GroundTruth(labels: labels, root: folder.path))
        #expect(labelled.pictureCount == 3, "what the table does not name is no part of the collection")
        #expect(labelled.values(0, of: 0).sorted() == [0.5, 0.5])

        let grades = try folder.write(
            Array("query,image,grade\na.jpg,b.jpg,1\na.jpg,c.jpg,5\na.jpg,d.jpg,0\nb.jpg,a.jpg,0\n".utf8),
            to: "grades.csv"
        )
        let truth = try GroundTruth(judgements: grades, root: folder.path)
        #expect(truth.queries.count == 1, "a query without anything to find is none")
        let graded = try Self.evaluate(truth)
        #expect(graded.outcomes[0][0].top.map(\.grade) == [1, 5])
        let partly = try GroundTruth(
            [
                GroundTruth.Judgement(query: "/a", image: "/b", grade: 5),
                GroundTruth.Judgement(query: "/c", image: "/d", grade: 5),
            ],
            origin: "two queries"
        )
        // What nobody judged for a query is not ranked for it, whatever it was for another.
        let partlyGraded = (0..<4).map { partly.grade(of: $0, for: 0) }
        #expect(partlyGraded == [nil, 5, nil, nil])
        let gain = try #require(graded.values(1, of: 0).first)
        #expect(abs(gain - (1 + 5 / log2(3)) / (5 + 1 / log2(3))) < 1e-12)

        try folder.write(Array("query,image,grade\na.jpg,b.jpg,6\n".utf8), to: "wrong.csv")
        #expect(throws: EvaluationError.self) {
            try GroundTruth(judgements: folder.path.appending("wrong.csv"), root: folder.path)
        }
        #expect(throws: EvaluationError.self) {
            try GroundTruth(labels: folder.path.appending("none.csv"), root: folder.path)
        }
    }

    @Test("unreadable pictures and copies cost only themselves, and are named")
    func leftOut() throws {
        let folder = try TemporaryFolder()
        for (name, value) in [("x/a", 10), ("x/b", 20), ("x/copy", 10), ("y/c", 30)] {
            try folder.write(Self.grey(UInt8(value)), to: name + ".jpg")
        }
        try folder.write(Array("no picture".utf8), to: "x/broken.jpg")
        let result = try Self.evaluate(try GroundTruth(folders: folder.path))
        #expect(Set(result.leftOut.map { $0.path.stem ?? "" }) == ["broken", "copy"])
        #expect(result.pictureCount == 3)
        #expect(result.queries.count == 2)
    }

    @Test("an evaluation without anything to find says so")
    func nothing() throws {
        let folder = try TemporaryFolder()
        try folder.write(Self.grey(1), to: "x/a.jpg")
        try folder.write(Self.grey(2), to: "y/b.jpg")
        #expect(throws: EvaluationError.self) { try GroundTruth(folders: folder.path) }
        try folder.write(Array("no picture".utf8), to: "x/c.jpg")
        let truth = try GroundTruth(folders: folder.path)
        #expect(throws: EvaluationError.self) { try Self.evaluate(truth) }
    }

    @Test("equal similarities are put in an order that owes nothing to the folders")
    func ties() throws {
        struct Same: PictureEmbedding {
            let name = "same"
            let thumbnailSize: ThumbnailSize? = nil
            func embed(_ picture: PixelImage) -> [Float] { [1, 0] }
        }
        let folder = try TemporaryFolder()
        for place in 0..<120 {
            try folder.write(Self.grey(UInt8(place * 2)), to: "\(place / 10)/\(place).jpg")
        }
        let result = try Self.evaluate(try GroundTruth(folders: folder.path), [Same()])
        // By chance 9 of 119 are right; in the folders' order it would be most of the first ten.
        #expect(try #require(result.estimate(0, of: 0)).mean < 0.2)
    }

    @Test("results do not depend on the number of threads")
    func threads() throws {
        let truth = try GroundTruth(folders: samplePhotograph("windmills").removingLastComponent())
        let one = try Self.evaluate(truth, Baselines.all, cutoff: 5, queryLimit: 40, jobs: 1)
        let many = try Self.evaluate(truth, Baselines.all, cutoff: 5, queryLimit: 40, jobs: 4)
        #expect(one.outcomes == many.outcomes)
        #expect(one.queries.count == 40)
        // A colour histogram knows something, and random vectors nothing.
        #expect(try #require(one.comparison(0, of: 2)).difference.lowest > 0)
    }
}
