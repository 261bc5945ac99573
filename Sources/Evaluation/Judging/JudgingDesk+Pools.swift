internal import Catalog
internal import Foundation
internal import ImageLibrary
internal import NeighborSearch

// Which candidates are judged.
extension JudgingDesk {
    struct Pool {
        let task: Task
        /// Whether there are candidates without a grade that could have got one when the query got its last.
        let wasBrokenOff: Bool
    }

    /// The pool of a query; nil when the query has no vector any more, or may not be shown.
    ///
    /// - Parameter judgements: What was said about the query so far, the oldest first; nil when nothing was.
    func pool(of query: ImageID, _ judgements: [Judgement]?) throws -> Pool? {
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
        // Each has its place whatever else is in the pool: hidden pictures change nothing.
        let candidates = shown.map(\.id).sorted { Self.lot($0, ~query) < Self.lot($1, ~query) }
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
    static func lot(_ image: ImageID, _ query: ImageID = 0) -> UInt64 {
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
        guard let newest = try library.catalog.newestFindableImage(addedBy: begun ?? .distantFuture) else {
            return []
        }
        var drawn: [ImageID] = []
        for _ in 0..<16 where drawn.count < Self.strangerCount {
            // A gap in the numbers favours the picture behind it, which does no harm here.
            let first = ImageID(1 + chance.index(below: Int(newest)))
            guard
                let image = try library.catalog.findableImage(from: first, model: library.index.catalogModel),
                image != query, image <= newest, !drawn.contains(image)
            else { continue }
            drawn.append(image)
        }
        return drawn
    }

    /// The nearest pictures that everybody may see. Where some of the nearest are hidden, it looks among the others alone.
    private func shownNeighbors(of query: ImageID, _ vector: [Float]) throws -> [ImageID] {
        let near = try nearest(to: vector).filter { $0 != query }
        let visible = Set(try library.catalog.images(near).filter(\.canBeShown).map(\.id))
        guard visible.count < near.count else { return near }
        let findable = try library.catalog.imageIDs(matching: ImageFilter(), for: .everyone)
        return try nearest(to: vector, among: findable).filter { $0 != query }
    }

    func nearest(to vector: [Float], among wanted: RowIDs? = nil) throws -> [ImageID] {
        try library.index.nearest(to: vector, count: Self.rankedCount, among: wanted).neighbors
            .map { ImageID($0.key) }
    }

    /// The order of the model, and of both halves of its vectors.
    func committee(on vector: [Float], ranking near: [ImageID]) throws -> Committee {
        let vectors = try near.map { try library.index.vector(of: $0) ?? [] }
        func ranking(_ first: Int) -> [ImageID] {
            let scores = vectors.map { halfCosine(vector, $0, from: first) }
            return near.indices.sorted { (scores[$1], near[$0]) < (scores[$0], near[$1]) }.map { near[$0] }
        }
        return Committee(rankings: [near, ranking(0), ranking(1)])
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
