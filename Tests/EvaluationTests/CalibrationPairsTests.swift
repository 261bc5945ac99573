import Catalog
import Foundation
import ImageLibrary
import Reranking
import SystemPackage
import TestSupport
import Testing

@testable import Evaluation

@Suite("Pairs that a calibration is fitted to")
struct CalibrationPairsTests {
    private let folder: TemporaryFolder
    private let library: Library

    /// 40 pictures on a half circle, 4° apart; picture n lies at /photos/n.jpg.
    init() throws {
        folder = try TemporaryFolder()
        library = try Library(
            directory: LibraryDirectory(path: try folder("library")),
            model: (identity: "test:1", dimension: 2),
            access: .writing
        )
        let outcomes = (1...40).map { number -> FileOutcome in
            let angle = Float(number) * 4 * .pi / 180
            return .indexed(number, vector: [cos(angle), sin(angle)])
        }
        try library.catalog.record(outcomes, model: library.index.catalogModel)
        try library.index.catchUp()
    }

    @Test("judgements are similar from grade 3 on; judgements of a picture about itself are none")
    func judgements() throws {
        for (image, grade) in [(1, 5), (2, 3), (3, 2), (20, 0)] as [(ImageID, Int)] {
            _ = try library.catalog.keep(Judgement(query: 1, image: image, grade: grade))
        }
        let pairs = try CalibrationPairs(judgementsIn: library)
        #expect(pairs.pairs.map(\.isSimilar) == [true, false, false])
        #expect(pairs.pairs.map(\.query) == [1, 1, 1])
        for (pair, steps) in zip(pairs.pairs, [1, 2, 19] as [Float]) {
            #expect(abs(pair.similarity - cos(steps * 4 * .pi / 180)) < 0.001)
        }
        #expect(pairs.source == "3 judgements, similar from grade 3 on")
        #expect(pairs.calibration != nil)
    }

    @Test("pictures of one folder are similar, and queries come from the whole library")
    func folders() throws {
        let pairs = try CalibrationPairs(foldersOf: library, queryCount: 10, neighborCount: 5)
        #expect(pairs.pairs.count == 50)
        #expect(!pairs.pairs.contains { !$0.isSimilar }, "there is one folder")
        #expect(Set(pairs.pairs.map(\.query)) == [1, 5, 9, 13, 17, 21, 25, 29, 33, 37])
        #expect(pairs.calibration == nil, "without dissimilar pairs there is nothing to fit")
        #expect(pairs.crossValidation == nil)
    }

    /// Pairs that are similar as often as their similarity says.
    private static func honest(_ count: Int, seed: UInt64) -> CalibrationPairs {
        var chance = SeededGenerator(seed: seed)
        let pairs = (0..<count).map { place -> CalibrationPairs.Pair in
            let similarity = Float.random(in: 0...1, using: &chance)
            let isSimilar = Float.random(in: 0...1, using: &chance) < similarity
            return CalibrationPairs.Pair(
                query: ImageID(place / 10),
                similarity: similarity,
                isSimilar: isSimilar
            )
        }
        return CalibrationPairs(pairs: pairs, source: "chance")
    }

    @Test("what is fitted to one half of the queries holds on the other")
    func crossValidation() throws {
        let pairs = Self.honest(6_000, seed: 1)
        let reliability = try #require(pairs.crossValidation)
        #expect(reliability.pairCount == 6_000)
        #expect(reliability.expectedCalibrationError < 0.05)
        // p (1 − p) has the mean 1/6.
        #expect(abs(reliability.brierScore - 1.0 / 6) < 0.02)
        #expect(reliability.bins.map(\.count).reduce(0, +) == 6_000)
    }

    @Test("one query gives two kinds of pairs to one half alone, and nothing is said")
    func tooFew() {
        let pairs = CalibrationPairs(
            pairs: [
                CalibrationPairs.Pair(query: 1, similarity: 0.9, isSimilar: true),
                CalibrationPairs.Pair(query: 1, similarity: 0.1, isSimilar: false),
            ],
            source: "one query"
        )
        #expect(pairs.calibration != nil)
        #expect(pairs.crossValidation == nil)
    }

    @Test("a calibration of something else shows its error")
    func wrongCalibration() throws {
        let calibration = try #require(Self.honest(6_000, seed: 2).calibration)
        let honest = try #require(Self.honest(6_000, seed: 3).reliability(of: calibration))
        let reversed = CalibrationPairs(
            pairs: Self.honest(6_000, seed: 3).pairs.map {
                CalibrationPairs.Pair(query: $0.query, similarity: $0.similarity, isSimilar: !$0.isSimilar)
            },
            source: "the opposite"
        )
        let wrong = try #require(reversed.reliability(of: calibration))
        #expect(honest.expectedCalibrationError < 0.05)
        #expect(wrong.expectedCalibrationError > 0.3)
        #expect(wrong.brierScore > 2 * honest.brierScore)
    }

    @Test("reliability by hand: tenths, Brier's score, expected calibration error")
    func reliability() throws {
        #expect(Reliability([]) == nil)
        let measured = try #require(
            Reliability([(0.25, true), (0.25, false), (0.875, true), (1, true)])
        )
        #expect(measured.bins.map(\.count) == [2, 1, 1])
        #expect(measured.bins.map(\.predicted) == [0.25, 0.875, 1])
        #expect(measured.bins.map(\.observed) == [0.5, 1, 1])
        #expect(measured.brierScore == (0.5625 + 0.0625 + 0.015625) / 4)
        #expect(measured.expectedCalibrationError == (0.25 * 2 + 0.125) / 4)
        #expect(measured.pairCount == 4)
    }
}
