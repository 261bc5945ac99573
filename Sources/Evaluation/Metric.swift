/// A number that says how good a ranking is, 0 to 1.
public enum Metric: Sendable, Hashable, Codable {
    /// Share of the first k results that are relevant.
    case precision(k: Int)
    /// Share of what is relevant that is among the first k results.
    case recall(k: Int)
    /// 1 / rank of the first relevant result.
    case reciprocalRank
    /// Area under the precision–recall curve.
    case averagePrecision
    /// Gain of the first k results, discounted by rank, against the best possible.
    case normalizedGain(k: Int)

    /// Whether it knows only yes and no: a query without a relevant picture then has no value, and none that would be fair.
    public var isBinary: Bool {
        if case .normalizedGain = self { false } else { true }
    }

    /// Computes the metric of one query; nil when there is nothing that it could find.
    public func callAsFunction(_ ranking: GradedRanking) -> Double? {
        guard isBinary ? ranking.relevantCount > 0 : !ranking.ideal.isEmpty else { return nil }
        return switch self {
        case .precision(let k): ranking.precision(at: k)
        case .recall(let k): ranking.recall(at: k)
        case .reciprocalRank: ranking.reciprocalRank
        case .averagePrecision: ranking.averagePrecision
        case .normalizedGain(let k): ranking.normalizedGain(at: k)
        }
    }

    /// The name of the mean over queries, such as `mAP` or `nDCG@10`.
    public var name: String {
        switch self {
        case .precision(let k): "P@\(k)"
        case .recall(let k): "R@\(k)"
        case .reciprocalRank: "MRR"
        case .averagePrecision: "mAP"
        case .normalizedGain(let k): "nDCG@\(k)"
        }
    }

    /// The name of one query's value: those of the means say mean.
    public var queryName: String {
        switch self {
        case .averagePrecision: "AP"
        case .reciprocalRank: "RR"
        case .precision, .recall, .normalizedGain: name
        }
    }

    /// The metrics of a report with results cut off at `k`.
    public static func all(at k: Int) -> [Metric] {
        [.averagePrecision, .normalizedGain(k: k), .reciprocalRank, .precision(k: k), .recall(k: k)]
    }
}
