import TestSupport
import Testing

@testable import Evaluation

@Suite("Intervals and comparisons")
struct StatisticsTests {
    /// Values between 0 and 1 with the mean 0.3.
    private static func sample(_ count: Int, _ chance: inout SeededGenerator) -> [Double] {
        (0..<count).map { _ in Double.random(in: 0...1, using: &chance) < 0.3 ? 1 : 0 }
    }

    @Test("about 95 of 100 intervals hold the true mean")
    func coverage() {
        var chance = SeededGenerator(seed: 1)
        let held = (0..<200).count { round in
            let estimate = Estimate(
                bootstrapping: Self.sample(80, &chance),
                resamples: 400,
                seed: UInt64(round)
            )
            return (estimate.lowest...estimate.highest).contains(0.3)
        }
        // 190 are expected, with a standard deviation of 3.
        #expect((178...199).contains(held), "\(held) of 200")
    }

    @Test("the same seed gives the same interval, and a mean without spread has none")
    func repeatable() {
        var chance = SeededGenerator(seed: 2)
        let values = Self.sample(50, &chance)
        #expect(Estimate(bootstrapping: values, seed: 3) == Estimate(bootstrapping: values, seed: 3))
        let constant = Estimate(bootstrapping: [0.5, 0.5, 0.5])
        #expect((constant.mean, constant.lowest, constant.highest) == (0.5, 0.5, 0.5))
    }

    @Test("two that are alike differ significantly as seldom as chance says")
    func falseAlarms() {
        var chance = SeededGenerator(seed: 4)
        let alarms = (0..<200).count { round in
            let (first, second) = (Self.sample(60, &chance), Self.sample(60, &chance))
            return PairedComparison(first, second, exchanges: 500, seed: UInt64(round)).probability < 0.05
        }
        // 10 are expected, with a standard deviation of 3.
        #expect(alarms <= 20, "\(alarms) of 200")
    }

    /// Seven values each of so many pictures; those of one picture have most in common.
    private static func clumped(
        _ pictures: Int,
        _ chance: inout SeededGenerator
    ) -> (values: [Double], clusters: [Int]) {
        var (values, clusters): ([Double], [Int]) = ([], [])
        for picture in 0..<pictures {
            let common = Double.random(in: 0...1, using: &chance) < 0.3 ? 0.9 : 0.0
            for _ in 0..<7 {
                values.append(common + Double.random(in: 0...0.1, using: &chance))
                clusters.append(picture)
            }
        }
        return (values, clusters)
    }

    @Test("what hangs together is drawn together: only then do 95 of 100 intervals hold the true mean")
    func clusteredCoverage() {
        var chance = SeededGenerator(seed: 6)
        var (together, apart) = (0, 0)
        for round in 0..<200 {
            let (values, clusters) = Self.clumped(60, &chance)
            func holds(_ clusters: [Int]?) -> Bool {
                let estimate = Estimate(
                    bootstrapping: values,
                    clusters: clusters,
                    resamples: 400,
                    seed: UInt64(round)
                )
                // 0.3 · 0.9 + 0.05
                return (estimate.lowest...estimate.highest).contains(0.32)
            }
            together += holds(clusters) ? 1 : 0
            apart += holds(nil) ? 1 : 0
        }
        #expect((176...199).contains(together), "\(together) of 200")
        #expect(apart < 140, "\(apart) of 200")
    }

    @Test("two that are alike on each picture differ significantly as seldom as chance says")
    func clusteredFalseAlarms() {
        var chance = SeededGenerator(seed: 7)
        var (together, apart) = (0, 0)
        for round in 0..<200 {
            let (first, clusters) = Self.clumped(40, &chance)
            let second = Self.clumped(40, &chance).values
            func isAlarm(_ clusters: [Int]?) -> Bool {
                PairedComparison(first, second, clusters: clusters, exchanges: 500, seed: UInt64(round))
                    .probability < 0.05
            }
            together += isAlarm(clusters) ? 1 : 0
            apart += isAlarm(nil) ? 1 : 0
        }
        #expect(together <= 20, "\(together) of 200")
        #expect(apart > 60, "\(apart) of 200")
    }

    @Test("clusters of one are as none")
    func singleClusters() {
        var chance = SeededGenerator(seed: 8)
        let (first, second) = (Self.sample(50, &chance), Self.sample(50, &chance))
        #expect(PairedComparison(first, second) == PairedComparison(first, second, clusters: Array(0..<50)))
    }

    @Test("a real difference is found, with its sign")
    func difference() {
        var chance = SeededGenerator(seed: 5)
        let first = (0..<100).map { _ in Double.random(in: 0...0.9, using: &chance) }
        let second = first.map { $0 + 0.05 + Double.random(in: -0.04...0.04, using: &chance) }
        let comparison = PairedComparison(first, second)
        #expect(comparison.probability < 0.001)
        #expect((0.04...0.06).contains(comparison.difference.mean))
        #expect(comparison.difference.lowest > 0)
        #expect(PairedComparison(second, first).difference.mean == -comparison.difference.mean)
    }

    @Test("nothing differs from itself")
    func identity() {
        let comparison = PairedComparison([0.1, 0.7, 0.3], [0.1, 0.7, 0.3])
        #expect(comparison.probability == 1)
        #expect(comparison.difference.mean == 0)
    }
}
