/// One step between the neighbours of a query and what is shown: drops, folds or reorders candidates.
///
/// Rules are pure: the same candidates give the same ranking, whatever was asked before.
public protocol RankingRule: Sendable {
    /// Its name in reports and explanations.
    var name: String { get }
    /// Whether its report may be shown to whoever asked; what an exclusion did may not.
    var isDisclosed: Bool { get }
    /// By how much it can lift a score at most. Whoever fetches candidates has to look so much deeper.
    var greatestGain: Float { get }
    /// Changes the ranking and returns how many candidates it moved, folded or dropped.
    ///
    /// - Parameter ranking: Best first; it has to be so afterwards.
    func apply(to ranking: inout [RankedCandidate]) -> Int
}

extension RankingRule {
    /// True for all but exclusions.
    public var isDisclosed: Bool { true }
    /// 0 for all but boosts.
    public var greatestGain: Float { 0 }
}

/// Applies rules one after the other: the re-ranking service.
public struct RankingRules: Sendable {
    /// The rules in their order.
    public let rules: [any RankingRule]

    /// Takes rules in the order in which they are to be applied.
    public init(_ rules: [any RankingRule]) {
        self.rules = rules
    }

    /// By how much a score can be lifted in all.
    public var greatestGain: Float { rules.reduce(0) { $0 + $1.greatestGain } }

    /// Ranks candidates, best first.
    ///
    /// - Returns: The ranking, and what each rule that may be talked about did.
    public func rank(_ candidates: [Candidate]) -> (ranking: [RankedCandidate], reports: [RuleReport]) {
        var ranking = candidates.map(RankedCandidate.init).sorted { $0.precedes($1) }
        var reports: [RuleReport] = []
        for rule in rules {
            let changed = rule.apply(to: &ranking)
            if rule.isDisclosed { reports.append(RuleReport(rule: rule.name, changed: changed)) }
        }
        return (ranking, reports)
    }
}
