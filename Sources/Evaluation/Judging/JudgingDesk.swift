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
    private static let rankedCount = 100
    /// Pictures of either kind that are mixed in.
    private static let strangerCount = 2

    private let library: Library
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

    // MARK: - Pools

    private struct Pool {
        let task: Task
        /// Whether there are candidates without a grade that could have got one when the query got its last.
        let wasBrokenOff: Bool
    }

    /// The pool of a query; nil when the query has no vector any more, or may not be shown.
    ///
    /// - Parameter judgements: What was said about the query so far, the oldest first; nil when nothing was.
    private func pool(of query: ImageID, _ judgements: [Judgement]?) throws -> Pool? {
        // Nobody is asked about what not everybody may see.
        guard let vector = try library.index.vector(of: query),
            try library.catalog.image(query)?.canBeShown == true
        else { return nil }
        let committee = try committee(on: vector, ranking: shownNeighbors(of: query, vector))
        var members = Set(committee.pool(depth: Self.poolDepth))
        // The same draw whenever the query comes up again, whatever was indexed since it was begun.
        var chance = SeededSequence(seed: UInt64(bitPattern: query))
        members.formUnion(Self.distant(from: query, committee.rankings[0]))
        members.formUnion(try strangers(to: query, since: judgements?.first?.judgedAt, using: &chance))
        let judged = Set((judgements ?? []).map(\.image))
        let shown = try library.catalog.images(members.sorted()).filter(\.canBeShown)
        let candidates = shown.map(\.id).sorted().shuffled(using: &chance)
        let open = candidates.filter { !judged.contains($0) }
        let last = judgements?.last?.judgedAt ?? .distantPast
        return Pool(
            task: Task(query: query, candidates: open, judgedCount: candidates.count - open.count),
            wasBrokenOff: shown.contains { !judged.contains($0.id) && $0.addedAt <= last }
        )
    }

    /// Two of the first hundred, those that chance puts first: a picture that comes or goes changes little.
    private static func distant(from query: ImageID, _ near: [ImageID]) -> [ImageID] {
        return Array(
            near.dropFirst(poolDepth).sorted { lot($0, query) < lot($1, query) }.prefix(strangerCount)
        )
    }

    /// A number that chance gives to an image, the same each time.
    private static func lot(_ image: ImageID, _ query: ImageID = 0) -> UInt64 {
        var chance = SeededSequence(
            seed: UInt64(bitPattern: query) &* 0x9E37_79B9 ^ UInt64(bitPattern: image)
        )
        return chance.next()
    }

    /// Two pictures of the whole library, as it was at a time.
    func strangers(
        to query: ImageID,
        since begun: Date?,
        using chance: inout SeededSequence
    ) throws -> [ImageID] {
        guard let newest = try library.catalog.newestImage(addedBy: begun ?? .distantFuture) else {
            return []
        }
        var drawn: [ImageID] = []
        for _ in 0..<16 where drawn.count < Self.strangerCount {
            // A gap in the numbers favours the picture behind it, which does no harm here.
            let first = ImageID(1 + chance.index(below: Int(newest)))
            guard
                let image = try library.catalog.embeddedImage(from: first, model: library.index.catalogModel),
                image != query, image <= newest, !drawn.contains(image),
                try library.catalog.image(image)?.canBeShown == true
            else { continue }
            drawn.append(image)
        }
        return drawn
    }

    /// The nearest pictures that everybody may see. Where too many of the nearest are hidden, it looks among the others alone.
    private func shownNeighbors(of query: ImageID, _ vector: [Float]) throws -> [ImageID] {
        func shown(among wanted: RowIDs?) throws -> [ImageID] {
            let near = try nearest(to: vector, among: wanted).filter { $0 != query }
            let visible = Set(try library.catalog.images(near).filter(\.canBeShown).map(\.id))
            return near.filter(visible.contains)
        }
        let near = try shown(among: nil)
        guard near.count < Self.poolDepth else { return near }
        return try shown(among: library.catalog.imageIDs(matching: ImageFilter(), for: .everyone))
    }

    private func nearest(to vector: [Float], among wanted: RowIDs? = nil) throws -> [ImageID] {
        try library.index.nearest(to: vector, count: Self.rankedCount, among: wanted).neighbors
            .map { ImageID($0.key) }
    }

    /// The order of the model, and of both halves of its vectors.
    private func committee(on vector: [Float], ranking near: [ImageID]) throws -> Committee {
        let vectors = try near.map { try library.index.vector(of: $0) ?? [] }
        func ranking(_ first: Int) -> [ImageID] {
            let scores = vectors.map { halfCosine(vector, $0, from: first) }
            return near.indices.sorted { (scores[$1], near[$0]) < (scores[$0], near[$1]) }.map { near[$0] }
        }
        return Committee(rankings: [near, ranking(0), ranking(1)])
    }

    // MARK: - Queries

    /// The most instructive query of those that were not asked about yet.
    private func newQuery(leavingOut left: Set<ImageID>, begun: [ImageID: [Judgement]]) throws -> Task? {
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
            for query in try byTeaching(sample, known: known) {
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
        known: [[Float]]
    ) throws -> [ImageID] {
        let valued = try sample.map { image, vector in
            let near = try nearest(to: vector).filter { $0 != image }
            let disagreement = try committee(on: vector, ranking: near).disagreement(depth: Self.poolDepth)
            let likeness = known.map { cosine(vector, $0) }.max() ?? 0
            // Where the committee agrees there is still something to learn about what is unlike all that was judged.
            return (image: image, value: (0.1 + disagreement) * (1 - max(0, Double(likeness))))
        }
        // Of equal ones chance decides, not the age: many are equal.
        return valued.sorted { ($1.value, Self.lot($0.image)) < ($0.value, Self.lot($1.image)) }.map(\.image)
    }
}

extension StoredImage {
    /// Whether everybody may see it, and there is something to see.
    fileprivate var canBeShown: Bool {
        visibility == .listed && locations.contains { $0.missingSince == nil }
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
