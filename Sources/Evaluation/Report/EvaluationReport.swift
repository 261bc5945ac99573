internal import SystemPackage

/// An evaluation's numbers, ready to be printed or encoded.
public struct EvaluationReport: Sendable, Encodable {
    /// Where the judgements come from.
    public let groundTruth: String
    /// Pictures that were searched.
    public let pictures: Int
    /// Pictures that were left out.
    public let leftOut: [Omission]
    /// Queries that were put.
    public let queries: Int
    /// Queries that could not be put.
    public let leftOutQueries: [Omission]
    /// Queries for which no picture is relevant: they are counted in the metrics that know grades, and in no other.
    public let queriesWithoutRelevant: Int
    /// Where results were cut off.
    public let cutoff: Int
    /// What was drawn at random was drawn with this seed.
    public let seed: UInt64
    /// The metric to look at first, and to which groups and comparisons belong where only one is shown.
    public let leadingMetric: String
    /// How the probabilities of comparisons come about.
    public let significanceTest: String
    /// One entry per contender, the first being what the others are compared with.
    public let contenders: [Contender]

    /// A picture that was left out.
    public struct Omission: Sendable, Encodable {
        /// The file.
        public let path: String
        /// Why.
        public let reason: String
    }

    /// What a contender reached.
    public struct Contender: Sendable, Encodable {
        /// What it is called.
        public let name: String
        /// Its metrics.
        public let metrics: [Measurement]
        /// Its metrics per group of queries, the largest group first.
        public let groups: [Group]
        /// Precision at recall 0, 0.05, …, 1.
        public let precisionAtRecallLevels: [Double]
    }

    /// A metric of a contender.
    public struct Measurement: Sendable, Encodable {
        /// The metric's name, such as `mAP`.
        public let metric: String
        /// How many queries have a value.
        public let queries: Int
        /// The mean over these queries, and its interval; nil when there are none.
        public let estimate: Estimate?
        /// What it gains or loses against the first contender; nil for that one.
        public let against: PairedComparison?
    }

    /// A metric of a contender on a part of the queries.
    public struct Group: Sendable, Encodable {
        /// The label, or the kind of change.
        public let name: String
        /// How many queries.
        public let queries: Int
        /// The means, in the order of the metrics; nil where no query has a value.
        public let means: [Double?]
    }

    /// The place of ``leadingMetric`` among the metrics.
    public var leadingPlace: Int {
        contenders.first?.metrics.firstIndex { $0.metric == leadingMetric } ?? 0
    }

    /// Computes means, intervals and comparisons.
    public init(_ result: EvaluationResult) {
        groundTruth = result.truth.origin
        pictures = result.pictureCount
        leftOut = result.leftOut.map { Omission(path: $0.path.string, reason: $0.reason) }
        queries = result.queries.count
        leftOutQueries = result.leftOutQueries.map { Omission(path: $0.path.string, reason: $0.reason) }
        queriesWithoutRelevant = result.outcomes[0].count { $0.precisionAtRecallLevels == nil }
        leadingMetric = result.metrics[result.leadingMetric].name
        significanceTest =
            "\(PairedComparison.testName), \(PairedComparison.exchangeCount) exchanges"
            + "\(result.truth.kind == .changes ? ", all changes of a picture together" : "")"
            + "; not corrected for the number of comparisons"
        cutoff = result.cutoff
        seed = result.seed
        let groups = result.groups
        contenders = result.contenders.indices.map { contender in
            Contender(
                name: result.contenders[contender],
                metrics: result.metrics.enumerated().map { place, metric in
                    Measurement(
                        metric: metric.name,
                        queries: result.values(place, of: contender).count,
                        estimate: result.estimate(place, of: contender),
                        against: contender == 0 ? nil : result.comparison(place, of: contender)
                    )
                },
                groups: groups.map { group in
                    Group(
                        name: group.name,
                        queries: group.queries.count,
                        means: result.metrics.indices.map {
                            result.mean($0, of: contender, over: group.queries)
                        }
                    )
                },
                precisionAtRecallLevels: result.precisionAtRecallLevels(of: contender)
            )
        }
    }
}
