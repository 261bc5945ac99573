public import Catalog

/// What clicks say about results: the chapter's online metrics.
public struct OnlineMetrics: Sendable, Hashable, Encodable {
    /// Lists of results that were looked at.
    public let interactions: Int
    /// Results in them.
    public let impressions: Int
    /// Results that were opened.
    public let clicks: Int
    /// Clicks per impression; 0 without any.
    public let clickThroughRate: Double
    /// The share of lists of which something was opened.
    public let successRate: Double
    /// The mean, over lists of which something was opened, of 1 / the position of the first that was.
    public let meanReciprocalRankOfClick: Double
    /// Clicks per impression by position, from the first to the tenth.
    public let clickThroughRateByPosition: [Double]

    /// Counts.
    public init(_ interactions: [Interaction]) {
        self.interactions = interactions.count
        impressions = interactions.reduce(0) { $0 + $1.shown.count }
        clicks = interactions.reduce(0) { $0 + $1.clicked.count }
        clickThroughRate = impressions == 0 ? 0 : Double(clicks) / Double(impressions)
        let firsts = interactions.compactMap { each in each.shown.firstIndex { each.clicked.contains($0) } }
        successRate = interactions.isEmpty ? 0 : Double(firsts.count) / Double(interactions.count)
        meanReciprocalRankOfClick =
            firsts.isEmpty ? 0 : firsts.reduce(0) { $0 + 1 / Double($1 + 1) } / Double(firsts.count)
        clickThroughRateByPosition = (0..<10).map { position in
            let reached = interactions.filter { position < $0.shown.count }
            let opened = reached.count { $0.clicked.contains($0.shown[position]) }
            return reached.isEmpty ? 0 : Double(opened) / Double(reached.count)
        }
    }
}
