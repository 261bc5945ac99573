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
