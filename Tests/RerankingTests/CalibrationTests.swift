import Foundation
import Testing

@testable import Reranking

@Suite("Similarities become probabilities")
struct CalibrationTests {
    @Test("pairs that follow a curve give that curve back, and a Brier score near the best possible")
    func recoversCurve() throws {
        var chance = SplitMix64(state: 7)
        func truth(_ similarity: Float) -> Float { 1 / (1 + exp(-12 * (similarity - 0.5))) }
        let pairs = (0..<20_000).map { _ -> (similarity: Float, isSimilar: Bool) in
            let similarity = Float.random(in: 0...1, using: &chance)
            return (similarity, Float.random(in: 0..<1, using: &chance) < truth(similarity))
        }
        let calibration = try #require(Calibration(pairs: pairs, source: "a curve"))
        #expect(calibration.fault == nil)
        for step in 1..<20 {
            let similarity = Float(step) / 20
            #expect(abs(calibration.probability(ofSimilarity: similarity) - truth(similarity)) < 0.05)
        }
        #expect(calibration.pairCount == 20_000)
    }

    @Test("probabilities never fall as similarity rises, whatever the pairs", arguments: 1...20)
    func rises(seed: UInt64) throws {
        var chance = SplitMix64(state: seed)
        let pairs = (0..<200).map { _ in
            (
                similarity: (Float.random(in: -1...1, using: &chance) * 20).rounded() / 20,
                isSimilar: Bool.random(using: &chance)
            )
        }
        let calibration = try #require(Calibration(pairs: pairs, source: ""))
        #expect(calibration.fault == nil)
        let values = stride(from: Float(-1.2), through: 1.2, by: 0.01).map(calibration.probability)
        #expect(zip(values, values.dropFirst()).allSatisfy { $0 <= $1 })
        #expect(values.allSatisfy { $0 > 0 && $0 < 1 })
    }

    @Test("a few pairs at an end are not believed, and do not pull those beside them along")
    func fewPairsAtAnEnd() throws {
        func pairs(_ count: Int, at similarity: Float, similar: Int) -> [(similarity: Float, isSimilar: Bool)]
        {
            (0..<count).map { (similarity, $0 < similar) }
        }
        let calibration = try #require(
            Calibration(
                pairs: pairs(3, at: -0.5, similar: 0) + pairs(10_000, at: 0.1, similar: 100)
                    + pairs(10_000, at: 0.7, similar: 9900) + pairs(3, at: 0.9, similar: 3),
                source: ""
            )
        )
        for (similarity, share) in [(Float(-0.5), Float(0.01)), (0.1, 0.01), (0.7, 0.99), (0.9, 0.99)] {
            #expect(abs(calibration.probability(ofSimilarity: similarity) - share) < 0.001, "\(similarity)")
        }
    }

    @Test("pairs of equal similarity count together, in whatever order they come", arguments: 1...5)
    func equalSimilarities(seed: UInt64) throws {
        var chance = SplitMix64(state: seed)
        let pairs = (0..<300).map { number in
            (similarity: Float(number % 3) / 2, isSimilar: Int.random(in: 0..<3, using: &chance) < number % 3)
        }
        let calibrations = [pairs, pairs.reversed(), pairs.shuffled(using: &chance)].compactMap {
            Calibration(pairs: $0, source: "")
        }
        #expect(calibrations.count == 3)
        #expect(calibrations.allSatisfy { $0 == calibrations[0] })
        for third in 0...2 {
            let members = pairs.filter { $0.similarity == Float(third) / 2 }
            let share = Float(members.count(where: \.isSimilar)) / Float(members.count)
            #expect(abs(calibrations[0].probability(ofSimilarity: Float(third) / 2) - share) < 0.02)
        }
    }

    @Test("pairs of one kind alone calibrate nothing")
    func oneKind() {
        #expect(Calibration(pairs: [(0.5, true), (0.7, true)], source: "") == nil)
        #expect(Calibration(pairs: [], source: "") == nil)
    }

    @Test("between knots it is straight, beyond them level")
    func interpolates() {
        let calibration = Calibration(
            knots: [.init(similarity: 0, probability: 0.2), .init(similarity: 1, probability: 0.6)],
            pairCount: 2,
            source: ""
        )
        #expect(calibration.probability(ofSimilarity: -1) == 0.2)
        #expect(abs(calibration.probability(ofSimilarity: 0.25) - 0.3) < 1e-6)
        #expect(calibration.probability(ofSimilarity: 1) == 0.6)
        #expect(calibration.probability(ofSimilarity: 2) == 0.6)
    }

    @Test("a calibration that falls, is empty or is no probability says so")
    func faults() {
        func fault(_ knots: [(Float, Float)]) -> String? {
            Calibration(
                knots: knots.map { .init(similarity: $0.0, probability: $0.1) },
                pairCount: 0,
                source: ""
            ).fault
        }
        #expect(fault([]) != nil)
        #expect(fault([(0, 0.5), (0, 0.6)]) != nil)
        #expect(fault([(0, 0.5), (1, 0.4)]) != nil)
        #expect(fault([(0, 1.5)]) != nil)
        #expect(fault([(.nan, 0.5)]) != nil)
        #expect(fault([(0, 0.5)]) == nil)
    }
}
