internal import GRDB

/// How much people have said and done.
public struct FeedbackCounts: Hashable, Sendable {
    /// Grades that were given.
    public let judgements: Int
    /// Lists of results that were looked at.
    public let interactions: Int
    /// Results in them.
    public let impressions: Int
    /// Results that were opened.
    public let clicks: Int
}

extension Catalog {
    /// Counts judgements and interactions. Linear in the number of results shown.
    public func feedbackCounts() throws(CatalogError) -> FeedbackCounts {
        try read { database in
            func count(_ sql: String) throws -> Int { try Int.fetchOne(database, sql: sql) ?? 0 }
            return FeedbackCounts(
                judgements: try count("SELECT count(*) FROM judgement"),
                interactions: try count("SELECT count(*) FROM interaction"),
                impressions: try count("SELECT count(*) FROM impression"),
                clicks: try count("SELECT count(*) FROM impression WHERE clicked")
            )
        }
    }
}
