public import Catalog
internal import Foundation
public import ImageLibrary
internal import NeighborSearch
internal import Reranking
internal import Synchronization

/// Puts queries and candidates before a person, and keeps what the person says.
///
/// *Which candidates.* As in TREC's pools, what several systems put first, shuffled, so that neither rank nor system can
/// sway the judge. The systems are the model and a committee of two: every second value of its vectors, and the other
/// ones. Two pictures drawn at random from the first hundred, and two from the whole library, are mixed in; without them
/// nobody would notice what all systems miss.
///
/// *Which query.* The one where a judgement would teach most: where the committee disagrees most (Seung, Opper &
/// Sompolinsky, *Query by committee*, 1992), and which is least like a query that was judged already. Chosen among up to
/// ``sampleCount`` pictures spread over the library. A query whose candidates are not all judged comes first, so judging
/// can be broken off at any time.
///
/// Every call blocks.
public final class JudgingDesk: Sendable {
    /// Pictures among which the next query is chosen.
    static let sampleCount = 64
    /// Results of each system that come into the pool.
    static let poolDepth = 10
    /// Neighbours that the committee's members put into their own order.
    private static let rankedCount = 100

    private let library: Library
    /// The query under way.
    private let current = Mutex<ImageID?>(nil)

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
    /// - Parameter skipped: Queries that the judge does not want to be asked about now.
    /// - Complexity: as that of ``sampleCount`` searches for the 100 nearest.
    public func next(skipping skipped: Set<ImageID> = []) throws -> Task? {
        try library.index.catchUp()
        let judgements = try library.catalog.judgements()
        if let query = current.withLock({ $0 }) ?? judgements.last?.query, !skipped.contains(query),
            let task = try task(for: query, judgements), !task.candidates.isEmpty
        {
            return task
        }
        let judged = Set(judgements.map(\.query))
        for query in try queriesByTeaching(leavingOut: judged.union(skipped), judged: judged) {
            guard let task = try task(for: query, judgements), !task.candidates.isEmpty else { continue }
            current.withLock { $0 = query }
            return task
        }
        return nil
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

    // MARK: - Pools

    /// The pool of a query without what has been judged; nil when the query has no vector any more.
    private func task(for query: ImageID, _ judgements: [Judgement]) throws -> Task? {
        // Nobody is asked about what not everybody may see.
        guard let vector = try library.index.vector(of: query),
            try library.catalog.image(query, for: .everyone) != nil
        else { return nil }
        var pool = Set(try neighbors(of: query, vector).pool(depth: Self.poolDepth))
        // The same draw whenever the query comes up again.
        var chance = SeededSequence(seed: UInt64(bitPattern: query))
        pool.formUnion(try strangers(to: query, using: &chance))
        let judged = Set(judgements.lazy.filter { $0.query == query }.map(\.image))
        let shown = try library.catalog.images(pool.sorted()).filter {
            $0.visibility == .listed && $0.locations.contains { $0.missingSince == nil }
        }
        let candidates = shown.map(\.id).sorted().shuffled(using: &chance)
        let open = candidates.filter { !judged.contains($0) }
        return Task(query: query, candidates: open, judgedCount: candidates.count - open.count)
    }

    /// Two of the first hundred, and two of the whole library.
    private func strangers(to query: ImageID, using chance: inout SeededSequence) throws -> [ImageID] {
        guard let vector = try library.index.vector(of: query) else { return [] }
        let near = try library.index.nearest(to: vector, count: Self.rankedCount).neighbors.map {
            ImageID($0.key)
        }
        let far = try library.catalog.sampleOfEmbeddings(model: library.index.catalogModel, count: 50).map(
            \.image
        )
        let others = { (ids: [ImageID]) in ids.filter { $0 != query } }
        let drawn = others(Array(near.dropFirst(Self.poolDepth))).shuffled(using: &chance).prefix(2)
        return Array(drawn + others(far).shuffled(using: &chance).prefix(2))
    }

    /// What the model and both halves of its vectors rank first.
    private func neighbors(of query: ImageID, _ vector: [Float]) throws -> Committee {
        let near = try library.index.nearest(to: vector, count: Self.rankedCount).neighbors
            .map { ImageID($0.key) }.filter { $0 != query }
        let vectors = try near.map { try library.index.vector(of: $0) ?? [] }
        func ranking(_ first: Int) -> [ImageID] {
            let scores = vectors.map { halfCosine(vector, $0, from: first) }
            return near.indices.sorted { (scores[$1], near[$0]) < (scores[$0], near[$1]) }.map { near[$0] }
        }
        return Committee(rankings: [near, ranking(0), ranking(1)])
    }

    // MARK: - Queries

    /// Pictures that were not asked about yet, the most instructive first.
    private func queriesByTeaching(leavingOut left: Set<ImageID>, judged: Set<ImageID>) throws -> [ImageID] {
        let known = try judged.compactMap { try library.index.vector(of: $0) }
        let sample = try library.catalog.sampleOfEmbeddings(
            model: library.index.catalogModel,
            count: Self.sampleCount + left.count
        )
        let valued = try sample.filter { !left.contains($0.image) }.prefix(Self.sampleCount).map {
            image,
            vector in
            let disagreement = try neighbors(of: image, vector).disagreement(depth: Self.poolDepth)
            let likeness = known.map { cosine(vector, $0) }.max() ?? 0
            // Where the committee agrees there is still something to learn about what is unlike all that was judged.
            return (image: image, value: (0.1 + disagreement) * (1 - max(0, Double(likeness))))
        }
        return valued.sorted { ($1.value, $0.image) < ($0.value, $1.image) }.map(\.image)
    }
}

/// Several orders of the same pictures.
struct Committee {
    /// Each best first; the first is the model's.
    let rankings: [[ImageID]]

    /// The first results of all of them.
    func pool(depth: Int) -> [ImageID] { rankings.flatMap { $0.prefix(depth) } }

    /// How little the first results of the two halves have in common: 0 (the same) to 1 (nothing).
    func disagreement(depth: Int) -> Double {
        let (first, second) = (Set(rankings[1].prefix(depth)), Set(rankings[2].prefix(depth)))
        guard !first.isEmpty else { return 0 }
        return 1 - Double(first.intersection(second).count) / Double(first.count)
    }
}

/// The cosine of every second value, from the given one on.
private func halfCosine(_ first: [Float], _ second: [Float], from start: Int) -> Float {
    var (product, left, right): (Float, Float, Float) = (0, 0, 0)
    for index in stride(from: start, to: min(first.count, second.count), by: 2) {
        product += first[index] * second[index]
        left += first[index] * first[index]
        right += second[index] * second[index]
    }
    return left > 0 && right > 0 ? product / (left * right).squareRoot() : 0
}
