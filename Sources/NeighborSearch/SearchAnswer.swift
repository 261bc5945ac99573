/// One item found near a query.
public struct Neighbor: Hashable, Sendable {
    /// The item's key, as given to ``HNSWIndex/insert(key:vector:)``.
    public let key: UInt64
    /// Inner product of the two unit vectors, their cosine: 1 is the same direction, bigger is nearer.
    public let similarity: Float

    /// Pairs a key with its similarity.
    public init(key: UInt64, similarity: Float) {
        self.key = key
        self.similarity = similarity
    }
}

extension Neighbor {
    /// The order of every answer: nearest first, equally near ones by ascending key.
    static func isOrderedBefore(_ a: Neighbor, _ b: Neighbor) -> Bool {
        a.similarity != b.similarity ? a.similarity > b.similarity : a.key < b.key
    }
}

/// How an answer was found.
public enum SearchMethod: String, Hashable, Sendable {
    /// Every live vector was compared with the query; nothing nearer exists.
    case exact
    /// The graph was walked; a near neighbour may have been missed.
    case hnsw
}

/// What a search had to do, in units that do not depend on the machine.
public struct SearchStatistics: Hashable, Sendable {
    /// Inner products computed between the query and stored vectors.
    public var similarityComputations = 0
    /// Graph nodes whose links were followed, upper layers included; 0 for an exact search.
    public var hops = 0

    /// Starts counting at zero.
    public init() {}
}

/// The neighbours of a query, and how they were found.
public struct SearchAnswer: Sendable {
    /// Nearest first, equally near ones by ascending key.
    public let neighbors: [Neighbor]
    /// Whether these are the true nearest or what the graph walk found.
    public let method: SearchMethod
    /// The work it took.
    public let statistics: SearchStatistics
}
