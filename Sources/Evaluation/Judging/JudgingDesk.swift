public import Catalog
internal import Foundation
public import ImageLibrary
internal import Reranking
internal import Synchronization

/// Puts queries and candidates before a person, and keeps what the person says.
///
/// *Which candidates.* As in TREC's pools, what several systems put first, shuffled, so that neither rank nor system can
/// sway the judge. The systems are the model and a committee of two: every second value of its vectors, and the other
/// ones. Two pictures drawn at random from the first hundred, and two from the whole library, are mixed in; without them
/// nobody would notice what all systems miss.
///
/// *Which query.* A query that was begun comes first, so judging can be broken off at any time. Then the one where a judgement
/// would teach most: where the committee disagrees most (Seung, Opper & Sompolinsky, *Query by committee*, 1992), and which is
/// least like a query that was judged already. Chosen among up to ``sampleCount`` pictures, spread over those of the library
/// that everybody may see and nobody was asked about.
///
/// Every call blocks.
public final class JudgingDesk: Sendable {
    /// Pictures among which the next query is chosen.
    static let sampleCount = 64
    /// Results of each system that come into the pool.
    static let poolDepth = 10
    /// Neighbours that the committee's members put into their own order.
    static let rankedCount = 100
    /// Pictures of either kind that are mixed in.
    static let strangerCount = 2

    let library: Library
    private let state = Mutex(State())

    private struct State {
        /// The query under way.
        var current: ImageID?
        /// Queries of which everything was judged: they need not be looked at again.
        var finished: Set<ImageID> = []
    }

    /// Opens a desk over a library.
    public init(library: Library) {
        self.library = library
    }

    /// A query, and what is still to be judged for it.
    public struct Task: Sendable, Hashable {
        /// The image that is asked about.
        public let query: ImageID
        /// Images without a grade yet, in random order.
        public let candidates: [ImageID]
        /// How many of the query's candidates have a grade.
        public let judgedCount: Int
    }

    /// How much has been judged.
    public struct Progress: Sendable, Hashable {
        /// Queries with at least one grade.
        public let queries: Int
        /// Grades.
        public let judgements: Int
    }

    /// Returns the query to go on with; nil when nothing is left to be judged, or there are too few pictures.
    ///
    /// What was indexed after the last grade of a query does not bring that query back.
    ///
    /// - Parameter skipped: Queries that the judge does not want to be asked about now.
    /// - Complexity: as that of ``sampleCount`` searches for the 100 nearest.
    public func next(skipping skipped: Set<ImageID> = []) throws -> Task? {
        try library.index.catchUp()
        let judgements = try library.catalog.judgements()
        let begun = Dictionary(grouping: judgements, by: \.query)
        let (current, finished) = state.withLock { ($0.current, $0.finished) }
        if let current, !skipped.contains(current), let pool = try pool(of: current, begun[current]),
            !pool.task.candidates.isEmpty
        {
            return pool.task
        }
        var tried = skipped.union(finished)
        for query in judgements.reversed().map(\.query) where tried.insert(query).inserted {
            guard let pool = try pool(of: query, begun[query]) else { continue }
            if pool.wasBrokenOff {
                state.withLock { $0.current = query }
                return pool.task
            }
            state.withLock { _ = $0.finished.insert(query) }
        }
        return try newQuery(leavingOut: skipped.union(begun.keys), begun: begun)
    }

    /// Keeps a grade; a later one for the same pair takes its place. Durable when this returns.
    ///
    /// - Precondition: the grade is 0 to 5.
    /// - Returns: false when the library has no such query or image.
    public func judge(_ image: ImageID, grade: Int, for query: ImageID) throws -> Bool {
        try library.catalog.keep(Judgement(query: query, image: image, grade: grade))
    }

    /// Counts what has been judged.
    public func progress() throws -> Progress {
        let judgements = try library.catalog.judgements()
        return Progress(queries: Set(judgements.map(\.query)).count, judgements: judgements.count)
    }

    // MARK: - Queries

    /// The most instructive query of those that were not asked about yet.
    private func newQuery(leavingOut left: Set<ImageID>, begun: [ImageID: [Judgement]]) throws -> Task? {
        let findable = try library.catalog.imageIDs(matching: ImageFilter(), for: .everyone)
        let known = try begun.keys.compactMap { try library.index.vector(of: $0) }
        var left = left
        while true {
            let sample = try library.catalog.sampleOfEmbeddings(
                model: library.index.catalogModel,
                count: Self.sampleCount,
                findableBy: .everyone,
                leavingOut: left
            )
            guard !sample.isEmpty else { return nil }
            for query in try byTeaching(sample, known: known, among: findable) {
                guard let pool = try pool(of: query, nil), !pool.task.candidates.isEmpty else { continue }
                state.withLock { $0.current = query }
                return pool.task
            }
            left.formUnion(sample.map(\.image))
        }
    }

    /// Pictures that were not asked about yet, the most instructive first.
    private func byTeaching(
        _ sample: [(image: ImageID, vector: [Float])],
        known: [[Float]],
        among findable: RowIDs
    ) throws -> [ImageID] {
        let valued = try sample.map { image, vector in
            let near = try nearest(to: vector, among: findable).filter { $0 != image }
            let disagreement = try committee(on: vector, ranking: near).disagreement(depth: Self.poolDepth)
            let likeness = known.map { cosine(vector, $0) }.max() ?? 0
            // Where the committee agrees there is still something to learn about what is unlike all that was judged.
            return (image: image, value: (0.1 + disagreement) * (1 - max(0, Double(likeness))))
        }
        // Of equal ones chance decides, not the age: many are equal.
        return valued.sorted { ($1.value, Self.lot($0.image)) < ($0.value, Self.lot($1.image)) }.map(\.image)
    }
}
