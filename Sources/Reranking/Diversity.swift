/// Spreads the first results over what there is: each next one is similar to the query and unlike those before it.
///
/// Maximal marginal relevance (Carbonell & Goldstein, 1998): of the rest the one with the greatest
/// (1 − d) · score − d · (greatest cosine to one already chosen).
public struct Diversity: RankingRule {
    /// Names the rule.
    public let name = "diversity"
    private let weight: Float
    private let count: Int
    private let pool: Int

    /// Creates the rule.
    ///
    /// - Parameters:
    ///   - weight: d, 0 (no change) to 1 (the query no longer counts after the first).
    ///   - count: How many places are chosen this way; the others follow in their order. O(count · pool) cosines.
    ///   - pool: Of how many of the best they are chosen; nil for all.
    public init(weight: Float, count: Int, pool: Int? = nil) {
        precondition((0...1).contains(weight), "a weight of \(weight)")
        (self.weight, self.count, self.pool) = (weight, count, pool ?? .max)
    }

    /// Chooses one place after the other.
    public func apply(to ranking: inout [RankedCandidate]) -> Int {
        var rest = Array(ranking.indices.prefix(pool))
        var chosen: [Int] = []
        var nearest = [Float](repeating: -1, count: ranking.count)
        var marginals: [Int: Float] = [:]
        while !rest.isEmpty, chosen.count < count {
            func marginal(_ index: Int) -> Float {
                chosen.isEmpty
                    ? ranking[index].score : (1 - weight) * ranking[index].score - weight * nearest[index]
            }
            // The first of equals, which is the better ranked one.
            let place = rest.indices.max {
                marginal(rest[$0]) < marginal(rest[$1])
                    || (marginal(rest[$0]) == marginal(rest[$1]) && $0 > $1)
            }!
            let best = rest[place]
            marginals[best] = marginal(best)
            rest.remove(at: place)
            chosen.append(best)
            for index in rest {
                nearest[index] = max(
                    nearest[index],
                    cosine(ranking[index].candidate.vector, ranking[best].candidate.vector)
                )
            }
        }
        let order = chosen + rest + ranking.indices.dropFirst(pool)
        let moved = zip(order, ranking.indices).count { $0 != $1 }
        ranking = order.enumerated().map { place, index in
            var ranked = ranking[index]
            if let marginal = marginals[index] { ranked.setScore(marginal, by: name) }
            if place < index { ranked.notes.append("moved up from place \(index + 1) for variety") }
            if place > index {
                ranked.notes.append("moved down from place \(index + 1): it is like those before")
            }
            return ranked
        }
        return moved
    }
}
