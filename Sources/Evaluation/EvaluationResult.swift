public import SystemPackage

/// A picture that is not part of the collection, and why.
public struct LeftOut: Sendable, Hashable {
    /// The file.
    public let path: FilePath
    /// Why, in a sentence.
    public let reason: String
}

/// What came of one query, by one contender.
public struct QueryOutcome: Sendable, Hashable {
    /// One of the first results.
    public struct Hit: Sendable, Hashable {
        /// Its place in the ground truth's pictures.
        public let picture: Int
        /// Cosine, −1 to 1.
        public let similarity: Float
        /// 0 to 5.
        public let grade: Int
    }

    /// The metrics, in the order of ``EvaluationResult/metrics``.
    public let values: [Double]
    /// See ``GradedRanking/precisionAtRecallLevels``.
    public let precisionAtRecallLevels: [Double]
    /// The first results, as many as the cut-off says.
    public let top: [Hit]
}

/// What an evaluation found.
public struct EvaluationResult: Sendable {
    /// What was asked.
    public let truth: GroundTruth
    /// The names of the contenders; the others are compared with the first.
    public let contenders: [String]
    /// Where results were cut off.
    public let cutoff: Int
    /// What was drawn at random was drawn with this seed.
    public let seed: UInt64
    /// Pictures that were searched.
    public let pictureCount: Int
    /// Pictures that were not.
    public let leftOut: [LeftOut]
    /// The queries that were put, places in the ground truth's queries.
    public let queries: [Int]
    /// For each contender, the outcome of each query.
    public let outcomes: [[QueryOutcome]]

    /// What was measured.
    public var metrics: [Metric] { Metric.all(at: cutoff) }

    /// The values of a metric, query by query.
    public func values(_ metric: Int, of contender: Int) -> [Double] {
        outcomes[contender].map { $0.values[metric] }
    }

    /// The mean of a metric with its interval.
    public func estimate(_ metric: Int, of contender: Int) -> Estimate {
        Estimate(bootstrapping: values(metric, of: contender), seed: seed)
    }

    /// What a metric gains or loses from the first contender to another.
    public func comparison(_ metric: Int, of contender: Int) -> PairedComparison {
        PairedComparison(values(metric, of: 0), values(metric, of: contender), seed: seed)
    }

    /// The groups of the queries with the places of their queries, the largest first.
    public var groups: [(name: String, queries: [Int])] {
        Dictionary(grouping: queries.indices) { truth.queries[queries[$0]].group }
            .map { (name: $0.key, queries: $0.value) }
            .sorted { ($1.queries.count, $0.name) < ($0.queries.count, $1.name) }
    }

    /// The mean of a metric over some of the queries.
    public func mean(_ metric: Int, of contender: Int, over places: [Int]) -> Double {
        places.reduce(0) { $0 + outcomes[contender][$1].values[metric] } / Double(max(1, places.count))
    }

    /// The mean of the queries' precision–recall curves, at ``GradedRanking/recallLevels``.
    public func precisionAtRecallLevels(of contender: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: GradedRanking.recallLevels.count)
        for outcome in outcomes[contender] {
            for (level, precision) in outcome.precisionAtRecallLevels.enumerated() {
                sums[level] += precision
            }
        }
        return sums.map { $0 / Double(max(1, outcomes[contender].count)) }
    }
}
