public import Foundation

/// Adds to the scores of images that fit a condition: what an operator wants seen first.
public struct Boost: Hashable, Sendable, Codable {
    /// Which images; all that are named have to hold, and one has to be.
    public struct Condition: Hashable, Sendable, Codable {
        /// A file lies in this folder or below.
        public var folder: String?
        /// The image has this tag.
        public var tag: String?
        /// It was indexed within so many days.
        public var addedWithinDays: Double?

        /// Names a condition.
        public init(folder: String? = nil, tag: String? = nil, addedWithinDays: Double? = nil) {
            (self.folder, self.tag, self.addedWithinDays) = (folder, tag, addedWithinDays)
        }
    }

    /// What it is called in explanations.
    public let name: String
    /// Which images.
    public let when: Condition
    /// What is added to the score, -1...1; negative to show later.
    public let add: Float

    /// Creates a boost.
    public init(name: String, when: Condition, add: Float) {
        (self.name, self.when, self.add) = (name, when, add)
    }

    /// What is wrong with it, or nil.
    public var fault: String? {
        if !(-1...1).contains(add) { return "boost \"\(name)\" adds \(add); it may add -1 to 1" }
        if when == Condition() {
            return "boost \"\(name)\" has no condition; name a folder, a tag or addedWithinDays"
        }
        return nil
    }

    func applies(to candidate: Candidate, now: Date) -> Bool {
        if let folder = when.folder {
            let prefix = folder.hasSuffix("/") ? folder : folder + "/"
            guard candidate.paths.contains(where: { $0.hasPrefix(prefix) }) else { return false }
        }
        if let tag = when.tag, !candidate.tags.contains(tag) { return false }
        if let days = when.addedWithinDays, now.timeIntervalSince(candidate.addedAt) > days * 86_400 {
            return false
        }
        return true
    }
}

/// Applies boosts and sorts anew.
public struct Boosts: RankingRule {
    /// Names the rule.
    public let name = "boosts"
    private let boosts: [Boost]
    private let now: Date

    /// Creates the rule.
    ///
    /// - Parameter now: What "within so many days" counts from.
    public init(_ boosts: [Boost], now: Date) {
        (self.boosts, self.now) = (boosts, now)
    }

    /// The sum of all that lift.
    public var greatestGain: Float { boosts.reduce(0) { $0 + max(0, $1.add) } }

    /// Adds what fits, and sorts anew.
    public func apply(to ranking: inout [RankedCandidate]) -> Int {
        var changed = 0
        for index in ranking.indices {
            let fitting = boosts.filter { $0.applies(to: ranking[index].candidate, now: now) }
            for boost in fitting {
                ranking[index].setScore(ranking[index].score + boost.add, by: "boost: \(boost.name)")
                let sign = boost.add < 0 ? "" : "+"
                ranking[index].notes.append("boost \"\(boost.name)\": \(sign)\(boost.add)")
            }
            if !fitting.isEmpty { changed += 1 }
        }
        if changed > 0 { ranking.sort { $0.precedes($1) } }
        return changed
    }
}
