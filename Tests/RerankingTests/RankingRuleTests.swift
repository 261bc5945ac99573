import Foundation
import TestSupport
import Testing

@testable import Reranking

@Suite("Rules rank candidates")
struct RankingRuleTests {
    @Test(
        "the cosine is the sum of products, whatever the number of values",
        arguments: [1, 3, 15, 16, 17, 40, 256]
    )
    func cosines(count: Int) {
        var generator = SeededGenerator(seed: UInt64(count))
        let (one, other) = (generator.values(count), generator.values(count))
        let expected = zip(one, other).reduce(Double(0)) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(Double(cosine(one, other)) - expected) < 1e-5 * Double(count))
    }

    @Test("without rules candidates come in the order of their similarity, equals by number")
    func noRules() {
        let (ranking, reports) = RankingRules([]).rank([
            candidate(3, similarity: 0.5), candidate(1, similarity: 0.5), candidate(2, similarity: 0.9),
        ])
        #expect(ranking.map(\.candidate.id) == [2, 1, 3])
        #expect(ranking[0].stages == [.init(stage: "similarity", score: 0.9)])
        #expect(reports.isEmpty)
    }

    @Test(
        "nothing excluded has any influence: not on results, scores, notes, duplicates or reports",
        arguments: 1...40
    )
    func exclusionLeaksNothing(seed: UInt64) {
        var chance = SplitMix64(state: seed)
        let candidates = randomCandidates(60, &chance)
        let rules: [any RankingRule] = [
            NearDuplicates(DuplicateTest(similarityWithHash: 0.6, hashDistance: 20, similarityAlone: 0.8)),
            Boosts([Boost(name: "a", when: .init(tag: "a"), add: 0.1)], now: Date()),
            Diversity(weight: 0.4, count: 20),
        ]
        let seesPrivate = seed % 2 == 0
        let allowed = candidates.filter { $0.access == .listed || seesPrivate && $0.access == .private }
        let ranked = RankingRules([Exclusion(seesPrivate: seesPrivate)] + rules).rank(candidates)
        // As if the others had never been there.
        let expected = RankingRules(rules).rank(allowed)
        #expect(ranked.ranking.map(\.candidate.id) == expected.ranking.map(\.candidate.id))
        #expect(ranked.ranking.map(\.stages) == expected.ranking.map(\.stages))
        #expect(ranked.ranking.map(\.notes) == expected.ranking.map(\.notes))
        #expect(
            ranked.ranking.map { $0.duplicates.map(\.id) } == expected.ranking.map { $0.duplicates.map(\.id) }
        )
        #expect(ranked.reports == expected.reports)
    }

    @Test("copies are folded into the best of them, as comparing every pair says", arguments: 1...40)
    func foldingAgreesWithAllPairs(seed: UInt64) {
        var chance = SplitMix64(state: seed)
        let candidates = randomCandidates(50, &chance)
        let test = DuplicateTest(similarityWithHash: 0.5, hashDistance: 24, similarityAlone: 0.7)
        let ranking = RankingRules([NearDuplicates(test)]).rank(candidates).ranking
        var kept: [(candidate: Candidate, copies: [Int64])] = []
        for candidate in RankingRules([]).rank(candidates).ranking.map(\.candidate) {
            let original = kept.firstIndex { test.areCopies($0.candidate, candidate) }
            if let original {
                kept[original].copies.append(candidate.id)
            } else {
                kept.append((candidate, []))
            }
        }
        #expect(ranking.map(\.candidate.id) == kept.map(\.candidate.id))
        #expect(ranking.map { $0.duplicates.map(\.id) } == kept.map(\.copies))
        #expect(kept.contains { !$0.copies.isEmpty })
    }

    @Test("folding more candidates leaves the first of them as they were", arguments: 1...10)
    func foldingIsStable(seed: UInt64) {
        var chance = SplitMix64(state: seed)
        let candidates = randomCandidates(60, &chance).sorted { $0.similarity > $1.similarity }
        let rules = RankingRules([
            NearDuplicates(DuplicateTest(similarityWithHash: 0.5, hashDistance: 24, similarityAlone: 0.7))
        ])
        let few = rules.rank(Array(candidates.prefix(30))).ranking.map(\.candidate.id)
        let many = rules.rank(candidates).ranking.map(\.candidate.id)
        #expect(Array(many.prefix(few.count)) == few)
    }

    @Test("copies need a high cosine, or agreeing hashes and a somewhat lower one")
    func duplicateTest() {
        let test = DuplicateTest(similarityWithHash: 0.9, hashDistance: 3, similarityAlone: 0.97)
        #expect(test.areCopies(similarity: 0.97, hashes: (0, .max)))
        #expect(test.areCopies(similarity: 0.9, hashes: (0, 0b111)))
        #expect(!test.areCopies(similarity: 0.9, hashes: (0, 0b1111)))
        #expect(!test.areCopies(similarity: 0.96, hashes: (nil, 0)))
        #expect(!test.areCopies(similarity: 0.89, hashes: (0, 0)))
    }

    @Test("boosts add to the scores of images that fit, and say so")
    func boosts() {
        let now = Date(timeIntervalSince1970: 1_000_000_000)
        let old = now.addingTimeInterval(-40 * 86_400)
        let rule = Boosts(
            [
                Boost(name: "recent", when: .init(addedWithinDays: 30), add: 0.2),
                Boost(name: "best of", when: .init(folder: "/best", tag: "a"), add: 0.3),
                Boost(name: "drafts", when: .init(folder: "/drafts/"), add: -0.5),
            ],
            now: now
        )
        let (ranking, reports) = RankingRules([rule]).rank([
            candidate(1, similarity: 0.9, path: "/drafts/1.jpg", addedAt: old),
            candidate(2, similarity: 0.6, path: "/best/2.jpg", tags: ["a"], addedAt: old),
            candidate(3, similarity: 0.6, path: "/bestof/3.jpg", tags: ["a"], addedAt: now),
            candidate(4, similarity: 0.7, path: "/best/4.jpg", addedAt: old),
        ])
        #expect(ranking.map(\.candidate.id) == [2, 3, 4, 1])
        #expect(ranking.map { ($0.score * 10).rounded() } == [9, 8, 7, 4])
        #expect(ranking[0].stages.map(\.stage) == ["similarity", "boost: best of"])
        #expect(ranking[0].notes == ["boost \"best of\": +0.3"])
        #expect(reports == [RuleReport(rule: "boosts", changed: 3)])
        #expect(rule.greatestGain == 0.5)
    }

    @Test("a boost without a condition, or with a sum out of range, says what is wrong")
    func faultyBoosts() {
        #expect(Boost(name: "x", when: .init(), add: 0.1).fault?.contains("no condition") == true)
        #expect(Boost(name: "x", when: .init(tag: "a"), add: 2).fault?.contains("-1 to 1") == true)
        #expect(Boost(name: "x", when: .init(tag: "a"), add: .nan).fault != nil)
        #expect(Boost(name: "x", when: .init(tag: "a"), add: -1).fault == nil)
    }

    @Test(
        "what is chosen for variety stays when more is chosen, and what lies beyond the pool stays in its order"
    )
    func diversityPages() {
        var chance = SplitMix64(state: 7)
        let candidates = randomCandidates(40, &chance)
        let plain = RankingRules([]).rank(candidates).ranking.map(\.candidate.id)
        let longest = RankingRules([Diversity(weight: 0.6, count: 40, pool: 25)]).rank(candidates).ranking
            .map(\.candidate.id)
        for count in 1...25 {
            let found = RankingRules([Diversity(weight: 0.6, count: count, pool: 25)]).rank(candidates)
                .ranking.map(\.candidate.id)
            #expect(found.prefix(count) == longest.prefix(count))
            #expect(Set(found.prefix(25)) == Set(plain.prefix(25)))
            #expect(found.dropFirst(25) == plain.dropFirst(25))
        }
    }

    @Test("diversity chooses what maximal marginal relevance would, computed plainly", arguments: 1...20)
    func diversity(seed: UInt64) {
        var chance = SplitMix64(state: seed)
        let candidates = randomCandidates(30, &chance)
        let weight: Float = 0.5
        let ranking = RankingRules([Diversity(weight: weight, count: 10)]).rank(candidates).ranking
        var rest = RankingRules([]).rank(candidates).ranking.map(\.candidate)
        var chosen: [Candidate] = []
        while chosen.count < 10 {
            let best = rest.max { one, other in
                func marginal(_ candidate: Candidate) -> Float {
                    guard !chosen.isEmpty else { return candidate.similarity }
                    let nearest = chosen.map { cosine($0.vector, candidate.vector) }.max()!
                    return (1 - weight) * candidate.similarity - weight * nearest
                }
                return marginal(one) < marginal(other)
            }!
            chosen.append(best)
            rest.removeAll { $0.id == best.id }
        }
        #expect(ranking.prefix(10).map(\.candidate.id) == chosen.map(\.id))
        #expect(ranking.dropFirst(10).map(\.candidate.id) == rest.map(\.id))
    }

    @Test("a least similarity drops what is below it and keeps what equals it")
    func leastSimilarity() {
        let candidates = [candidate(1, similarity: 0.5), candidate(2, similarity: 0.49)]
        let (ranking, reports) = RankingRules([LeastSimilarity(0.5)]).rank(candidates)
        #expect(ranking.map(\.candidate.id) == [1])
        #expect(reports == [RuleReport(rule: "least similarity", changed: 1)])
    }

    @Test("no candidates are ranked to no results by every rule")
    func nothing() {
        let rules: [any RankingRule] = [
            Exclusion(seesPrivate: false), LeastSimilarity(0), NearDuplicates(), Boosts([], now: Date()),
            Diversity(weight: 1, count: 5),
        ]
        #expect(RankingRules(rules).rank([]).ranking.isEmpty)
    }
}

private func candidate(
    _ id: Int64,
    similarity: Float,
    path: String = "/1.jpg",
    tags: Set<String> = [],
    addedAt: Date = .distantPast
) -> Candidate {
    Candidate(id: id, similarity: similarity, vector: [1, 0], paths: [path], tags: tags, addedAt: addedAt)
}

/// Candidates around a query along the first axis, many of them close to each other.
private func randomCandidates(_ count: Int, _ chance: inout SplitMix64) -> [Candidate] {
    func unit(_ values: [Float]) -> [Float] {
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }
    let centres = (0..<8).map { _ in unit((0..<12).map { _ in Float.random(in: -1...1, using: &chance) }) }
    return (1...count).map { id in
        let centre = centres.randomElement(using: &chance)!
        let vector = unit(centre.map { $0 + Float.random(in: -0.2...0.2, using: &chance) })
        return Candidate(
            id: Int64(id),
            similarity: vector[0],
            vector: vector,
            perceptualHash: Bool.random(using: &chance) ? UInt64.random(in: 0...0xFF, using: &chance) : nil,
            access: Candidate.Access.allCases.randomElement(using: &chance)!,
            tags: Bool.random(using: &chance) ? ["a"] : []
        )
    }
}

/// Steele, Lea & Flood, *Fast splittable pseudorandom number generators*, 2014.
struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
