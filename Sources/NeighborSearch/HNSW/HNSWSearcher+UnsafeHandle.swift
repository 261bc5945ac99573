import CKernels

/// Walks a graph, which others may be changing. Used for queries, and by the builder to find a new node's
/// place.
struct HNSWSearcher {
    let graph: HNSWGraph.UnsafeHandle
    /// Checks the parts of a mapped file when they are first met; nil when all is known to be sound.
    let inspector: SnapshotInspector?
    private let scoreKernel: CodeKernels.Score
    /// Whether to ask for the codes of the next node's neighbours before those of this one are scored.
    ///
    /// With a million nodes of 384 bytes a search takes a tenth less time; with records that fit into the
    /// processor's caches asking is all it does, and costs up to 40 %.
    private let looksAhead: Bool

    private static let biggestCachedByteCount = 48 << 20

    init(graph: HNSWGraph) {
        self.graph = graph.unsafeHandle
        looksAhead = graph.slotCount * graph.layout.stride > Self.biggestCachedByteCount
        inspector = graph.inspector.flatMap { $0.isComplete ? nil : $0 }
        scoreKernel = CodeKernels.best.score
    }

    /// K-NN-SEARCH (Algorithm 5) without the cut to k: the ef nearest nodes found, ranked by their codes.
    func findNearest(
        to query: UnsafePointer<lk_code_query>,
        from entryPoint: UInt32,
        beamWidth: Int,
        context: SearchContext,
        statistics: inout SearchStatistics
    ) throws(SnapshotError) -> CandidatePool {
        let start = try climb(
            to: query,
            from: entryPoint,
            throughLayers: stride(from: graph.level(of: entryPoint), to: 0, by: -1),
            walk: context.beginWalk(beamWidth: 1),
            statistics: &statistics
        )
        var walk = context.beginWalk(beamWidth: beamWidth)
        try searchLayer(0, for: query, from: start, walk: &walk, statistics: &statistics)
        return walk.pool
    }

    /// SEARCH-LAYER with ef = 1: moves to the most similar neighbour until none is more similar.
    ///
    /// A node that was scored before, on this layer or above, was no more similar than where the climb was
    /// then, so it is passed over.
    func climb(
        to query: UnsafePointer<lk_code_query>,
        from start: UInt32,
        throughLayers layers: some Sequence<Int>,
        walk: SearchContext.UnsafeHandle,
        statistics: inout SearchStatistics
    ) throws(SnapshotError) -> UInt32 {
        var best = start
        walk.marks[Int(start)] = walk.epoch
        walk.fresh[0] = start
        _ = try score(count: 1, above: -.infinity, against: query, walk)
        var bestSimilarity = walk.scored[0].score
        statistics.similarityComputations += 1
        for layer in layers {
            var isMoving = true
            while isMoving {
                isMoving = false
                let links = graph.links(of: best, atLayer: layer)
                let count = lk_take_unvisited(
                    links,
                    graph.connectivity,
                    walk.marks,
                    walk.epoch,
                    walk.fresh
                )
                let better = try score(count: count, above: bestSimilarity, against: query, walk)
                statistics.hops += 1
                statistics.similarityComputations += count
                for index in 0..<better where walk.scored[index].score > bestSimilarity {
                    bestSimilarity = walk.scored[index].score
                    best = walk.scored[index].slot
                    isMoving = true
                }
            }
        }
        return best
    }

    /// SEARCH-LAYER (Algorithm 2): leaves the ef most similar nodes found from `start` in the walk's pool.
    ///
    /// Time: one comparison of codes per node met, about ef · M of them.
    func searchLayer(
        _ layer: Int,
        for query: UnsafePointer<lk_code_query>,
        from start: UInt32,
        walk: inout SearchContext.UnsafeHandle,
        statistics: inout SearchStatistics
    ) throws(SnapshotError) {
        // Copied to a local and back: the compiler keeps it in registers.
        var pool = walk.pool
        let width = graph.width(ofLayer: layer)
        var hops = 0
        var computations = 1
        walk.marks[Int(start)] = walk.epoch
        walk.fresh[0] = start
        _ = try score(count: 1, above: -.infinity, against: query, walk)
        pool.insert(Candidate(similarity: walk.scored[0].score, slot: start))
        while let slot = pool.takeBestUnmarked() {
            let links = graph.links(of: slot, atLayer: layer)
            hops += 1
            let count = lk_take_unvisited(links, width, walk.marks, walk.epoch, walk.fresh)
            if let next = pool.upcoming {
                askFor(graph.links(of: next, atLayer: layer), width: width, walk)
            }
            let near = try score(count: count, above: pool.bar, against: query, walk)
            computations += count
            for index in 0..<near where walk.scored[index].score > pool.bar {
                pool.insert(Candidate(similarity: walk.scored[index].score, slot: walk.scored[index].slot))
            }
        }
        walk.pool = pool
        statistics.hops += hops
        statistics.similarityComputations += computations
    }

    /// Asks for what the next hop will probably read: a list, or in a big graph the codes behind its links.
    @inline(__always)
    private func askFor(_ links: UnsafePointer<UInt32>, width: Int, _ walk: SearchContext.UnsafeHandle) {
        if looksAhead {
            lk_prefetch_unvisited(links, width, walk.marks, walk.epoch, graph.kernelRecords)
        } else {
            lk_prefetch(links, 4 * width)
        }
    }

    /// Scores the slots gathered in `walk.fresh` and leaves those above a bar in `walk.scored`.
    @inline(__always)
    private func score(
        count: Int,
        above bar: Float,
        against query: UnsafePointer<lk_code_query>,
        _ walk: SearchContext.UnsafeHandle
    ) throws(SnapshotError) -> Int {
        if let inspector { try inspector.admitRecords(walk.fresh, count: count) }
        return scoreKernel(query, graph.kernelRecords, walk.fresh, count, bar, walk.scored)
    }
}
