import Foundation
import TestSupport
import Testing

@testable import Evaluation

/// The worked examples of the chapter, and what the definitions imply.
@Suite("Metrics are those of the chapter")
struct GradedRankingTests {
    private static func ranking(_ relevant: [Int], of count: Int) -> GradedRanking {
        GradedRanking(grades: (1...count).map { relevant.contains($0) ? 5 : 0 })
    }

    @Test("the mean reciprocal rank of first hits at 3, 1, 3 and never is 0.417")
    func reciprocalRank() {
        let ranks = [[3, 4], [1, 5], [3], []].map { Self.ranking($0, of: 5).reciprocalRank }
        #expect(ranks == [1.0 / 3, 1, 1.0 / 3, 0])
        #expect(abs(ranks.reduce(0, +) / 4 - 0.417) < 0.0005)
    }

    @Test("the order of grades 0, 5, 1, 4, 2 has a gain of 6.151 of 8.9543, nDCG 0.6869")
    func gain() {
        let ranking = GradedRanking(grades: [0, 5, 1, 4, 2])
        #expect(abs(ranking.discountedCumulativeGain(at: 5) - 6.151) < 0.0005)
        let best = GradedRanking(grades: [5, 4, 2, 1, 0])
        #expect(abs(best.discountedCumulativeGain(at: 5) - 8.9543) < 0.0001)
        #expect(abs(ranking.normalizedGain(at: 5) - 0.6869) < 0.0001)
        #expect(best.normalizedGain(at: 5) == 1)
    }

    @Test("two of five right is a precision at 5 of 2/5")
    func precision() {
        let ranking = Self.ranking([2, 4, 7], of: 8)
        #expect(ranking.precision(at: 5) == 0.4)
        #expect(ranking.recall(at: 5) == 2.0 / 3)
        // There are no more results than 8: what is missing is a miss.
        #expect(ranking.precision(at: 16) == 3.0 / 16)
    }

    @Test("average precision is the mean precision where something right is met, over all that is right")
    func averagePrecision() {
        #expect(abs(Self.ranking([1, 3], of: 4).averagePrecision - (1.0 + 2.0 / 3) / 2) < 1e-12)
        let cut = GradedRanking(grades: [5, 0], judged: [5, 5, 5, 5, 0])
        #expect(cut.averagePrecision == 0.25, "what was not found counts as 0")
        #expect(cut.recall(at: 2) == 0.25)
        #expect(abs(cut.normalizedGain(at: 2) - 1 / (1 + 1 / log2(3))) < 1e-12)
    }

    @Test("a grade below 3 is not relevant, but gains")
    func threshold() {
        let ranking = GradedRanking(grades: [2, 3])
        #expect(ranking.reciprocalRank == 0.5)
        #expect(ranking.relevantCount == 1)
        #expect(ranking.normalizedGain(at: 1) > 0)
    }

    @Test(
        "with nothing to find no metric has a value; with grades below 3 alone, only the one that knows grades"
    )
    func nothing() {
        for ranking in [GradedRanking(grades: [0, 0]), GradedRanking(grades: [])] {
            #expect(Metric.all(at: 3).allSatisfy { $0(ranking) == nil })
        }
        let little = GradedRanking(grades: [1, 2, 0])
        for metric in Metric.all(at: 3) { #expect((metric(little) == nil) == metric.isBinary, "\(metric)") }
    }

    @Test(
        "the area under the precision–recall points agrees with average precision",
        arguments: 1...20 as ClosedRange<UInt64>
    )
    func curve(seed: UInt64) {
        var chance = SeededGenerator(seed: seed)
        let grades = (0..<200).map { _ in Int.random(in: 0...9, using: &chance) == 0 ? 5 : 0 }
        let ranking = GradedRanking(grades: grades)
        let levels = ranking.precisionAtRecallLevels
        #expect(levels.count == GradedRanking.recallLevels.count)
        #expect(
            zip(levels, levels.dropFirst()).allSatisfy(>=),
            "interpolated precision never rises with recall"
        )
        // Interpolation only ever raises precision.
        let area = levels.dropFirst().reduce(0, +) / Double(levels.count - 1)
        #expect(area >= ranking.averagePrecision - 0.1)
        #expect(levels[0] == levels.max())
    }

    @Test("better orders never score worse", arguments: 1...50 as ClosedRange<UInt64>)
    func monotonicity(seed: UInt64) throws {
        var chance = SeededGenerator(seed: seed)
        var grades = (0..<30).map { _ in [0, 0, 0, 1, 3, 5].randomElement(using: &chance) ?? 0 }
        let place = Int.random(in: 0..<29, using: &chance)
        let before = Metric.all(at: 10).map { $0(GradedRanking(grades: grades)) ?? 0 }
        if grades[place] < grades[place + 1] {
            grades.swapAt(place, place + 1)
            let after = Metric.all(at: 10).map { $0(GradedRanking(grades: grades)) ?? 0 }
            #expect(zip(before, after).allSatisfy { $0 <= $1 + 1e-12 })
        }
    }
}
