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

    /// The metrics, in the order of ``EvaluationResult/metrics``; nil where there is nothing that a metric could find.
    public let values: [Double?]
    /// See ``GradedRanking/precisionAtRecallLevels``; nil when no picture is relevant.
    public let precisionAtRecallLevels: [Double]?
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
    /// Queries that could not be put.
    public let leftOutQueries: [LeftOut]
    /// The queries that were put, places in the ground truth's queries.
    public let queries: [Int]
    /// For each contender, the outcome of each query.
    public let outcomes: [[QueryOutcome]]

    /// What was measured.
    public var metrics: [Metric] { Metric.all(at: cutoff) }

    /// The metric to look at first, a place in ``metrics``; docs/evaluation.md tells why.
    public var leadingMetric: Int {
        switch truth.kind {
        case .labels: 0
        case .grades: 1
        case .changes: metrics.count - 1
        }
    }

    /// The values of a metric, query by query; queries that have none are passed over.
    public func values(_ metric: Int, of contender: Int) -> [Double] {
        outcomes[contender].compactMap { $0.values[metric] }
    }

    /// The pictures that ``values(_:of:)`` belong to: those of one stand or fall together.
    private func pictures(_ metric: Int) -> [Int] {
        queries.indices.filter { outcomes[0][$0].values[metric] != nil }
            .map { truth.queries[queries[$0]].picture }
    }

    /// The mean of a metric with its interval; nil when no query has a value.
    public func estimate(_ metric: Int, of contender: Int) -> Estimate? {
        let values = values(metric, of: contender)
        guard !values.isEmpty else { return nil }
        return Estimate(bootstrapping: values, clusters: pictures(metric), seed: seed)
    }

    /// What a metric gains or loses from the first contender to another; nil when no query has a value.
    public func comparison(_ metric: Int, of contender: Int) -> PairedComparison? {
        let values = values(metric, of: contender)
        guard !values.isEmpty else { return nil }
        return PairedComparison(
            self.values(metric, of: 0),
            values,
            clusters: pictures(metric),
            seed: seed
        )
    }

    /// The groups of the queries with the places of their queries, the largest first.
    public var groups: [(name: String, queries: [Int])] {
        Dictionary(grouping: queries.indices) { truth.queries[queries[$0]].group }
            .map { (name: $0.key, queries: $0.value) }
            .sorted { ($1.queries.count, $0.name) < ($0.queries.count, $1.name) }
    }

    /// The mean of a metric over some of the queries; nil when none of them has a value.
    public func mean(_ metric: Int, of contender: Int, over places: [Int]) -> Double? {
        let values = places.compactMap { outcomes[contender][$0].values[metric] }
        return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// The mean of the queries' precision–recall curves, at ``GradedRanking/recallLevels``; zeros when no query has one.
    public func precisionAtRecallLevels(of contender: Int) -> [Double] {
        let curves = outcomes[contender].compactMap(\.precisionAtRecallLevels)
        return GradedRanking.recallLevels.indices.map { level in
            curves.reduce(0) { $0 + $1[level] } / Double(max(1, curves.count))
        }
    }
}
