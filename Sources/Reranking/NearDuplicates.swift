internal import Foundation

/// Tells copies of one picture from pictures that are merely alike.
///
/// Scaled, re-encoded, brightened and lightly cropped copies keep most of their perceptual hash and nearly all of their
/// embedding; two pictures of one motif may share either, seldom both. docs/re-ranking.md has the measurement.
public struct DuplicateTest: Hashable, Sendable {
    /// The least cosine of two copies whose hashes agree.
    public let similarityWithHash: Float
    /// In how many of 64 bits the hashes of two copies differ at most.
    public let hashDistance: Int
    /// The least cosine of two copies whatever their hashes: cropped and mirrored ones.
    public let similarityAlone: Float

    /// The thresholds that were measured for the models in this repository.
    public static let measured = DuplicateTest(
        similarityWithHash: 0.65,
        hashDistance: 8,
        similarityAlone: 0.94
    )

    /// Sets the thresholds.
    public init(similarityWithHash: Float, hashDistance: Int, similarityAlone: Float) {
        precondition(similarityWithHash <= similarityAlone, "hashes can only help")
        self.similarityWithHash = similarityWithHash
        self.hashDistance = hashDistance
        self.similarityAlone = similarityAlone
    }

    /// Whether two pictures with this cosine and these hashes are copies of one.
    public func areCopies(similarity: Float, hashes: (UInt64?, UInt64?)) -> Bool {
        if similarity >= similarityAlone { return true }
        guard similarity >= similarityWithHash, let one = hashes.0, let other = hashes.1 else { return false }
        return (one ^ other).nonzeroBitCount <= hashDistance
    }

    /// Whether two candidates are copies of one picture.
    func areCopies(_ one: Candidate, _ other: Candidate) -> Bool {
        areCopies(
            similarity: cosine(one.vector, other.vector),
            hashes: (one.perceptualHash, other.perceptualHash)
        )
    }
}

/// Folds copies of one picture into the best of them.
///
/// Greedy, in the order of the ranking: each candidate goes to the first one kept that it is a copy of. So the first n of a
/// longer ranking stay the first n.
public struct NearDuplicates: RankingRule {
    /// Names the rule.
    public let name = "near-duplicates"
    private let test: DuplicateTest

    /// Creates the rule.
    public init(_ test: DuplicateTest = .measured) {
        self.test = test
    }

    /// Folds each candidate into the first one kept that it is a copy of.
    public func apply(to ranking: inout [RankedCandidate]) -> Int {
        var kept: [RankedCandidate] = []
        var angles: [Float] = []
        // Two vectors are no more alike than their angles to the query allow: most pairs need no product.
        let widest = angle(test.similarityWithHash) + 0.001
        for ranked in ranking {
            let own = angle(ranked.candidate.similarity)
            let original = kept.indices.first { index in
                abs(angles[index] - own) <= widest && test.areCopies(kept[index].candidate, ranked.candidate)
            }
            if let original {
                kept[original].duplicates.append(ranked.candidate)
            } else {
                kept.append(ranked)
                angles.append(own)
            }
        }
        for index in kept.indices where !kept[index].duplicates.isEmpty {
            let count = kept[index].duplicates.count
            kept[index].notes.append("\(count) \(count == 1 ? "copy" : "copies") of it folded into it")
        }
        defer { ranking = kept }
        return ranking.count - kept.count
    }

    private func angle(_ cosine: Float) -> Float { acos(max(-1, min(1, cosine))) }
}
