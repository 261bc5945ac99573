/// Drops what these people may not see. Always the first rule, so that nothing after it can be influenced by what it drops.
public struct Exclusion: RankingRule {
    /// Names the rule.
    public let name = "exclusion"
    /// How many were dropped would tell that there are any.
    public let isDisclosed = false
    private let seesPrivate: Bool

    /// Creates the rule.
    ///
    /// - Parameter seesPrivate: Whether private images may be shown; blocked ones never are.
    public init(seesPrivate: Bool) {
        self.seesPrivate = seesPrivate
    }

    /// Drops what may not be shown.
    public func apply(to ranking: inout [RankedCandidate]) -> Int {
        let before = ranking.count
        ranking.removeAll { ranked in
            switch ranked.candidate.access {
            case .listed: false
            case .private: !seesPrivate
            case .blocked: true
            }
        }
        return before - ranking.count
    }
}

/// Drops what is less similar than was asked for.
public struct LeastSimilarity: RankingRule {
    /// Names the rule.
    public let name = "least similarity"
    private let least: Float

    /// Creates the rule for a cosine, -1...1.
    public init(_ least: Float) {
        self.least = least
    }

    /// Drops what is below it.
    public func apply(to ranking: inout [RankedCandidate]) -> Int {
        let before = ranking.count
        ranking.removeAll { $0.candidate.bestSimilarity < least }
        return before - ranking.count
    }
}

/// Drops what a person would less likely call similar than was asked for.
public struct LeastProbability: RankingRule {
    /// Names the rule.
    public let name = "least probability"
    private let least: Float
    private let calibration: Calibration

    /// Creates the rule for a probability, 0...1.
    public init(_ least: Float, calibration: Calibration) {
        (self.least, self.calibration) = (least, calibration)
    }

    /// Drops what is below it.
    public func apply(to ranking: inout [RankedCandidate]) -> Int {
        let before = ranking.count
        ranking.removeAll { calibration.probability(ofSimilarity: $0.candidate.bestSimilarity) < least }
        return before - ranking.count
    }
}
