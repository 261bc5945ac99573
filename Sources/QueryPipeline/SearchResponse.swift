public import Catalog
public import ImageDecoding
public import Reranking

/// The look-alikes of a query, and how they were found.
public struct SearchResponse: Codable, Hashable, Sendable {
    /// The best results, best first; fewer than wanted only when the library has no more to show.
    public let results: [SearchResult]
    /// Where the next results begin; nil when there are no more.
    public let nextCursor: String?
    /// How long each stage took, in the order they ran.
    public private(set) var timings: [StageTiming]
    /// `exact` when every vector was compared, `hnsw` when the graph was walked.
    public let method: String
    /// How many images these people may find were searched.
    public let searchedImageCount: Int
    /// What the ranking's rules did; only of a search that explains.
    public let rules: [RuleReport]?

    /// Notes a stage that ran before the search.
    public mutating func precede(with stage: String, taking time: Duration) {
        timings.insert(StageTiming(stage: stage, milliseconds: time / .milliseconds(1)), at: 0)
    }
}

/// How alike a result and its query are, in a word.
public enum Likeness: String, Codable, Hashable, Sendable, CaseIterable {
    /// The same file content.
    case same
    /// A copy that was scaled, re-encoded, lightly cropped or corrected.
    case nearDuplicate = "near-duplicate"
    /// A person would more likely than not call it similar.
    case similar
    /// They would not.
    case unrelated
}

/// One look-alike.
public struct SearchResult: Codable, Hashable, Sendable {
    /// Number of the image in the library.
    public let imageID: ImageID
    /// Cosine of the angle between the embeddings: 1 for the same picture, about 0 for unrelated ones. The part's, if a part
    /// of the picture is more like the query than the whole.
    public let similarity: Float
    /// That part of it; nil when the whole is more alike, or regions were not searched.
    public let part: PictureRegion?
    /// What the results are ordered by: the similarity, after boosts and diversity.
    public let score: Float
    /// How likely a person is to call it similar, 0 to 1; nil when neither model nor library has a calibration.
    public let probability: Float?
    /// The same in a word; nil when that cannot be told without a calibration.
    public let likeness: Likeness?
    /// Where the image lies; bytes that are not UTF-8 are shown as replacement characters.
    public let path: String
    /// Width of the upright picture in pixels.
    public let width: Int
    /// Height of the upright picture in pixels.
    public let height: Int
    /// Copies that were folded into it, the most similar to the query first.
    public let duplicates: [FoldedDuplicate]
    /// Why it is here; only of a search that explains.
    public let explanation: Explanation?

    private enum CodingKeys: String, CodingKey {
        case imageID = "id"
        case likeness = "class"
        case similarity, part, score, probability, path, width, height, duplicates, explanation
    }
}

/// A copy of a result.
public struct FoldedDuplicate: Codable, Hashable, Sendable {
    /// Number of the image in the library.
    public let imageID: ImageID
    /// Cosine to the query.
    public let similarity: Float
    /// Where the image lies.
    public let path: String
    /// Width of the upright picture in pixels.
    public let width: Int
    /// Height of the upright picture in pixels.
    public let height: Int

    private enum CodingKeys: String, CodingKey {
        case imageID = "id"
        case similarity, path, width, height
    }
}

/// Why a result is where it is.
public struct Explanation: Codable, Hashable, Sendable {
    /// The parts of both pictures that make them alike.
    public struct MatchingRegions: Codable, Hashable, Sendable {
        /// Of the query's picture; nil for a query that has none, such as a vector.
        public let query: PictureRegion?
        /// Of the result.
        public let image: PictureRegion
        /// How much of the similarity comes from that part of the result, 0 to 1.
        public let share: Float
    }

    /// The score after each stage that changed it.
    public let stages: [RankedCandidate.StageScore]
    /// What rules did to it, a sentence each.
    public let rules: [String]
    /// The matching parts; nil when the result's file cannot be read.
    public let regions: MatchingRegions?
}

/// A part of a picture that is worth a query of its own.
public struct SuggestedCrop: Codable, Hashable, Sendable {
    /// Where it is.
    public let region: PictureRegion
    /// How much of the picture's embedding comes from it, 0 to 1.
    public let saliency: Float
}

/// The time one stage of a query took.
public struct StageTiming: Codable, Hashable, Sendable {
    /// Name of the stage: `fetch`, `decode`, `embed`, `look up`, `filter`, `search`, `regions`, `describe`, `rank` or
    /// `explain`.
    public let stage: String
    /// Wall time in milliseconds.
    public let milliseconds: Double
}

/// Shows that queries can be answered.
public struct Readiness: Codable, Hashable, Sendable {
    /// Identity of the model that embeds queries.
    public let model: String
    /// How many images can be found.
    public let indexedImageCount: Int
    /// How many regions of each image can be found; 0 when none can.
    public var regionsPerImage = 0
}
