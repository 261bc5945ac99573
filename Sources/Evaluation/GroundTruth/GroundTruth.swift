public import ImageDecoding
public import SystemPackage

/// A collection of pictures, the queries to be put to it, and which pictures are right answers.
public struct GroundTruth: Sendable {
    /// The collection.
    public let pictures: [FilePath]
    /// The queries, each with something to find as long as every picture can be read.
    public let queries: [Query]
    /// Where the judgements come from, in words.
    public let origin: String
    private let relevance: Relevance

    /// One query.
    public struct Query: Sendable, Hashable {
        /// The picture that is asked about, a place in ``GroundTruth/pictures``.
        public let picture: Int
        /// What is done to it first; without anything it is no answer to itself.
        public let variation: Variation?
        /// The part of the report that it is counted in: its label, or what is done to it.
        public let group: String
    }

    enum Relevance: Sendable {
        /// Pictures of the same label are right; one number per picture, −1 for none.
        case labels([Int])
        /// Grades per query, by picture.
        case grades([[Int: Int]])
        /// Only the picture itself is right.
        case itself
    }

    /// What the judgements are.
    public enum Kind: Sendable, Hashable {
        /// Right or wrong, by a label.
        case labels
        /// 0 to 5, by somebody.
        case grades
        /// The changed picture alone is right.
        case changes
    }

    /// What the judgements are.
    public var kind: Kind {
        switch relevance {
        case .labels: .labels
        case .grades: .grades
        case .itself: .changes
        }
    }

    init(pictures: [FilePath], queries: [Query], origin: String, relevance: Relevance) {
        self.pictures = pictures
        self.queries = queries
        self.origin = origin
        self.relevance = relevance
    }

    /// Returns the grade of a picture as the answer to a query, 0 to 5; nil when it is not to be ranked at all.
    func grade(of picture: Int, for query: Int) -> Int? {
        let asked = queries[query]
        if picture == asked.picture, asked.variation == nil { return nil }
        return switch relevance {
        case .labels(let labels): labels[picture] == labels[asked.picture] ? GradedRanking.bestGrade : 0
        case .grades(let grades): grades[query][picture]
        case .itself: picture == asked.picture ? GradedRanking.bestGrade : 0
        }
    }
}
