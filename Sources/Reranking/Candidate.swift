public import Foundation

/// One image that a search may show, with what the rules look at.
public struct Candidate: Sendable {
    /// Who may see an image; the raw values are the catalog's.
    public enum Access: Int, Sendable, CaseIterable {
        /// Everybody.
        case listed = 0
        /// Administrators.
        case `private` = 1
        /// Nobody.
        case blocked = 2
    }

    /// A part of an image that is more like the query than the whole.
    public struct Part: Hashable, Sendable {
        /// Which of the image's regions.
        public let number: Int
        /// Cosine of its embedding to the query's.
        public let similarity: Float

        /// Names a part.
        public init(number: Int, similarity: Float) {
            (self.number, self.similarity) = (number, similarity)
        }
    }

    /// Number of the image.
    public let id: Int64
    /// Cosine of its embedding to the query's, -1...1.
    public let similarity: Float
    /// The part of it that is more like the query than the whole; nil when none is, or parts are not searched.
    public var part: Part?
    /// Cosine to the query of what is most like it: a part of the image, or the whole.
    public var bestSimilarity: Float { part?.similarity ?? similarity }
    /// Its embedding, of length 1.
    public let vector: [Float]
    /// 64 bits of what it looks like from afar, when they are known.
    public let perceptualHash: UInt64?
    /// Who may see it.
    public let access: Access
    /// Where it lies; the files that are there.
    public let paths: [String]
    /// What people have called it.
    public let tags: Set<String>
    /// When it was indexed first.
    public let addedAt: Date

    /// Describes an image.
    public init(
        id: Int64,
        similarity: Float,
        vector: [Float],
        perceptualHash: UInt64? = nil,
        access: Access = .listed,
        paths: [String] = [],
        tags: Set<String> = [],
        addedAt: Date = .distantPast
    ) {
        self.id = id
        self.similarity = similarity
        self.vector = vector
        self.perceptualHash = perceptualHash
        self.access = access
        self.paths = paths
        self.tags = tags
        self.addedAt = addedAt
    }

    /// Whether this comes before `other` where their scores are equal: by number, so that an order never depends on chance.
    func precedes(_ other: Candidate) -> Bool { id < other.id }
}

/// A candidate on its way through the rules.
public struct RankedCandidate: Sendable {
    /// What a stage made of the score.
    public struct StageScore: Hashable, Sendable, Codable {
        /// The stage: `similarity`, `regions`, or a rule's name.
        public let stage: String
        /// The score after it.
        public let score: Float
    }

    /// The image.
    public let candidate: Candidate
    /// What it is ordered by; bigger is better.
    public private(set) var score: Float
    /// The score after each stage that changed it, the similarity first.
    public private(set) var stages: [StageScore]
    /// What rules did to it, a sentence each.
    public internal(set) var notes: [String] = []
    /// Copies of it that were folded into it, the most similar to the query first.
    public internal(set) var duplicates: [Candidate] = []

    /// Begins with the similarity as score, the part's if there is one.
    public init(_ candidate: Candidate) {
        self.candidate = candidate
        score = candidate.similarity
        stages = [StageScore(stage: "similarity", score: score)]
        if let part = candidate.part { setScore(part.similarity, by: "regions") }
    }

    mutating func setScore(_ score: Float, by stage: String) {
        self.score = score
        stages.append(StageScore(stage: stage, score: score))
    }

    func precedes(_ other: RankedCandidate) -> Bool {
        score == other.score ? candidate.precedes(other.candidate) : score > other.score
    }
}

/// What a rule did to a ranking.
public struct RuleReport: Hashable, Sendable, Codable {
    /// The rule's name.
    public let rule: String
    /// How many candidates it moved, folded or dropped.
    public let changed: Int

    /// Reports what a rule did.
    public init(rule: String, changed: Int) {
        (self.rule, self.changed) = (rule, changed)
    }
}
