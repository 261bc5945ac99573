/// Turns a cosine into the probability that a person would call two pictures similar.
///
/// A rising function through knots, straight between them and level beyond: what isotonic regression fits. Zadrozny &
/// Elkan, *Transforming classifier scores into accurate multiclass probability estimates*, 2002.
public struct Calibration: Hashable, Sendable, Codable {
    /// A point of the function.
    public struct Knot: Hashable, Sendable, Codable {
        /// Cosine.
        public let similarity: Float
        /// Probability there, 0...1.
        public let probability: Float

        /// Creates a point.
        public init(similarity: Float, probability: Float) {
            (self.similarity, self.probability) = (similarity, probability)
        }
    }

    /// The points, similarities rising, probabilities not falling; one at least.
    public let knots: [Knot]
    /// How many pairs it was fitted on.
    public let pairCount: Int
    /// Where the pairs come from, for people.
    public let source: String

    /// What is wrong with it, or nil.
    public var fault: String? {
        if knots.isEmpty { return "it has no knots" }
        for knot in knots where !knot.similarity.isFinite || !(0...1).contains(knot.probability) {
            return "a knot is (\(knot.similarity), \(knot.probability))"
        }
        for (one, next) in zip(knots, knots.dropFirst())
        where one.similarity >= next.similarity || one.probability > next.probability {
            return "its knots do not rise at \(next.similarity)"
        }
        return nil
    }

    /// Fits the function to pairs of pictures that a person has or has not called similar.
    ///
    /// Pool adjacent violators (Ayer et al., 1955), then each level block becomes one knot at its mean similarity. The
    /// probabilities are Laplace's, (k + 1) / (n + 2), so that few pairs claim no certainty. That pulls small blocks towards
    /// a half, past their neighbours perhaps: those are pooled as well. O(n log n).
    ///
    /// - Returns: nil unless there are pairs of both kinds.
    public init?(pairs: [(similarity: Float, isSimilar: Bool)], source: String) {
        guard pairs.contains(where: \.isSimilar), pairs.contains(where: { !$0.isSimilar }) else { return nil }
        let single = pairs.sorted { $0.similarity < $1.similarity }.map {
            Block(count: 1, similar: $0.isSimilar ? 1 : 0, sum: Double($0.similarity))
        }
        // Equal similarities are one point, whatever the order of their pairs.
        let points = Self.pooled(single) { $0.similarity == $1.similarity }
        let rising = Self.pooled(points) { $0.share >= $1.share }
        let blocks = Self.pooled(rising) { $0.smoothed >= $1.smoothed || $0.similarity >= $1.similarity }
        let knots = blocks.map { Knot(similarity: $0.similarity, probability: Float($0.smoothed)) }
        self.init(knots: knots, pairCount: pairs.count, source: source)
    }

    /// Puts neighbouring blocks together until no two are left that `belong` says should be one.
    private static func pooled(_ blocks: [Block], where belong: (Block, Block) -> Bool) -> [Block] {
        var kept: [Block] = []
        for block in blocks {
            kept.append(block)
            while kept.count > 1, belong(kept[kept.count - 2], kept[kept.count - 1]) {
                let last = kept.removeLast()
                kept[kept.count - 1].add(last)
            }
        }
        return kept
    }

    /// Takes knots that were kept.
    public init(knots: [Knot], pairCount: Int, source: String) {
        (self.knots, self.pairCount, self.source) = (knots, pairCount, source)
    }

    /// Returns the probability at a cosine, 0...1. Logarithmic in the number of knots.
    public func probability(ofSimilarity similarity: Float) -> Float {
        var (low, high) = (0, knots.count)
        while low < high {
            let middle = (low + high) / 2
            if knots[middle].similarity <= similarity { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return knots[0].probability }
        guard low < knots.count else { return knots[low - 1].probability }
        let (one, next) = (knots[low - 1], knots[low])
        let part = (similarity - one.similarity) / (next.similarity - one.similarity)
        return one.probability + part * (next.probability - one.probability)
    }

    private struct Block {
        var count: Double
        var similar: Double
        var sum: Double

        var similarity: Float { Float(sum / count) }
        var share: Double { similar / count }
        var smoothed: Double { (similar + 1) / (count + 2) }

        init(count: Double, similar: Double, sum: Double) {
            (self.count, self.similar, self.sum) = (count, similar, sum)
        }

        mutating func add(_ other: Block) {
            count += other.count
            similar += other.similar
            sum += other.sum
        }
    }
}
