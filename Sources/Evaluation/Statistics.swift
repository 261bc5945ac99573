internal import Foundation

/// A mean over queries, and how far another sample of queries might have moved it.
public struct Estimate: Sendable, Hashable, Codable {
    /// The mean.
    public let mean: Double
    /// The lower end of the 95 % interval.
    public let lowest: Double
    /// The upper end of the 95 % interval.
    public let highest: Double

    /// Bootstraps the mean of `values`: 95 % percentile interval of the means of samples drawn with replacement.
    ///
    /// Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 13. What stands or falls together is drawn together
    /// (Davison & Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8): the changes of one picture are no
    /// independent queries. Says how much the choice of the queries matters, not that of the collection; pictures of one class
    /// are treated as independent, which makes the interval of a collection with few classes too narrow.
    ///
    /// - Parameter clusters: For each value the number of the cluster that it belongs to; each is its own without.
    /// - Precondition: `values` is not empty.
    public init(
        bootstrapping values: [Double],
        clusters: [Int]? = nil,
        resamples: Int = 2_000,
        seed: UInt64 = 1
    ) {
        precondition(!values.isEmpty, "the mean of no queries")
        mean = values.reduce(0, +) / Double(values.count)
        let clusters = Cluster.clusters(of: values, clusters)
        var chance = SeededSequence(seed: seed)
        var means = (0..<resamples).map { _ in
            var drawn = Cluster()
            for _ in clusters.indices {
                let cluster = clusters[chance.index(below: clusters.count)]
                drawn.sum += cluster.sum
                drawn.count += cluster.count
            }
            return drawn.sum / Double(drawn.count)
        }
        means.sort()
        lowest = means[Int(0.025 * Double(resamples - 1))]
        highest = means[Int((0.975 * Double(resamples - 1)).rounded(.up))]
    }
}

/// Values that stand or fall together.
private struct Cluster {
    var sum = 0.0
    var count = 0

    /// Adds up the values of each cluster, in the order in which they first come.
    static func clusters(of values: [Double], _ numbers: [Int]?) -> [Cluster] {
        guard let numbers else { return values.map { Cluster(sum: $0, count: 1) } }
        precondition(numbers.count == values.count, "\(numbers.count) clusters of \(values.count) values")
        var places: [Int: Int] = [:]
        var clusters: [Cluster] = []
        for (number, value) in zip(numbers, values) {
            let place = places[number] ?? clusters.count
            if place == clusters.count {
                places[number] = place
                clusters.append(Cluster())
            }
            clusters[place].sum += value
            clusters[place].count += 1
        }
        return clusters
    }
}

/// What became of a metric from one contender to another, on the same queries.
public struct PairedComparison: Sendable, Hashable, Codable {
    /// The test behind ``probability``, for reports.
    public static let testName = "Fisher's randomisation test, two-sided"
    /// How often the two are exchanged at random.
    public static let exchangeCount = 10_000

    /// Mean of second − first, with its interval: the pairs are resampled.
    public let difference: Estimate
    /// How often a difference at least as large comes about when the two are exchanged at random, query by query, or cluster by
    /// cluster.
    ///
    /// Fisher's randomisation test, two-sided; Smucker, Allan & Carterette, *A comparison of statistical significance
    /// tests for information retrieval evaluation*, 2007, recommend it. At least 1 / (exchanges + 1).
    public let probability: Double

    /// Compares two contenders, query by query.
    ///
    /// - Parameter clusters: For each query the number of the cluster that is exchanged as a whole; each is its own without.
    /// - Precondition: both have the same number of values, at least one.
    public init(
        _ first: [Double],
        _ second: [Double],
        clusters: [Int]? = nil,
        exchanges: Int = Self.exchangeCount,
        seed: UInt64 = 1
    ) {
        precondition(first.count == second.count, "\(first.count) queries against \(second.count)")
        let differences = zip(first, second).map { $1 - $0 }
        difference = Estimate(bootstrapping: differences, clusters: clusters, seed: seed)
        let sums = Cluster.clusters(of: differences, clusters).map(\.sum)
        let observed = abs(sums.reduce(0, +))
        var chance = SeededSequence(seed: seed)
        var atLeastAsLarge = 0
        for _ in 0..<exchanges {
            var sum = 0.0
            var signs: UInt64 = 0
            for (index, value) in sums.enumerated() {
                if index % 64 == 0 { signs = chance.next() }
                sum += signs & 1 == 0 ? value : -value
                signs >>= 1
            }
            // Sums of the same numbers in another order may differ in the last bits.
            if abs(sum) >= observed * (1 - 1e-12) { atLeastAsLarge += 1 }
        }
        probability = Double(atLeastAsLarge + 1) / Double(exchanges + 1)
    }
}

/// Random numbers that are the same in every run: SplitMix64 (Steele, Lea & Flood 2014).
struct SeededSequence: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// A number from 0 to `bound` − 1; off from uniform by less than `bound` / 2⁶⁴.
    mutating func index(below bound: Int) -> Int {
        Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// A normally distributed number (Box & Muller 1958).
    mutating func normal() -> Double {
        let radius = (-2 * log(Double(next() >> 11) * 0x1p-53 + 0x1p-54)).squareRoot()
        return radius * cos(2 * .pi * Double(next() >> 11) * 0x1p-53)
    }
}
