import CKernels

/// Walks a graph that nobody changes meanwhile. Used for queries, and by the builder to find a new node's
/// place.
struct HNSWSearcher {
    let graph: HNSWGraph.UnsafeHandle
    let vectors: VectorStorage.UnsafeHandle

    /// SEARCH-LAYER with ef = 1: moves to the most similar neighbour until none is more similar.
    ///
    /// All neighbours of a node are scored in one call, also those scored before: on upper layers a walk
    /// takes a few hops, and marking visited nodes would cost more than it saves.
    func climb(
        to query: UnsafePointer<Float>,
        from start: UInt32,
        throughLayers layers: some Sequence<Int>,
        context: SearchContext.UnsafeHandle,
        statistics: inout SearchStatistics
    ) -> UInt32 {
        var best = start
        var bestSimilarity = lk_inner_product(query, vectors.row(start), vectors.stride)
        statistics.similarityComputations += 1
        for layer in layers {
            var isMoving = true
            while isMoving {
                isMoving = false
                let links = graph.links(of: best, atLayer: layer)
                let width = graph.width(ofLayer: layer)
                var count = 0
                while count < width, links[count] != noSlot { count += 1 }
                vectors.score(links, count: count, against: query, into: context.scores)
                statistics.hops += 1
                statistics.similarityComputations += count
                for index in 0..<count where context.scores[index] > bestSimilarity {
                    bestSimilarity = context.scores[index]
                    best = links[index]
                    isMoving = true
                }
            }
        }
        return best
    }

    /// SEARCH-LAYER (Algorithm 2): leaves the ef most similar nodes found from `start` in the walk's pool.
    ///
    /// Time: one inner product per node met, about ef · M of them.
    func searchLayer(
        _ layer: Int,
        for query: UnsafePointer<Float>,
        from start: UInt32,
        walk: inout SearchContext.UnsafeHandle,
        statistics: inout SearchStatistics
    ) {
        // Copied to locals and back: the compiler keeps them in registers.
        var pool = walk.pool
        let width = graph.width(ofLayer: layer)
        let fresh = walk.fresh
        let scores = walk.scores
        var hops = 0
        var computations = 1
        if walk.visit(start) {
            let similarity = lk_inner_product(query, vectors.row(start), vectors.stride)
            pool.insert(Candidate(similarity: similarity, slot: start))
        }
        while let slot = pool.takeBestUnmarked() {
            let links = graph.links(of: slot, atLayer: layer)
            hops += 1
            var count = 0
            for place in 0..<width {
                let link = links[place]
                if link == noSlot { break }
                if walk.visit(link) {
                    fresh[count] = link
                    count += 1
                }
            }
            if let upcoming = pool.upcoming {
                lk_prefetch(graph.links(of: upcoming, atLayer: layer))
            }
            vectors.score(fresh, count: count, against: query, into: scores)
            computations += count
            for index in 0..<count where pool.accepts(scores[index]) {
                pool.insert(Candidate(similarity: scores[index], slot: fresh[index]))
            }
        }
        walk.pool = pool
        statistics.hops += hops
        statistics.similarityComputations += computations
    }

    /// K-NN-SEARCH (Algorithm 5) without the cut to k: the ef nearest nodes found, best first.
    func nearest(
        to vector: [Float],
        entryPoint: UInt32,
        topLevel: Int,
        beamWidth: Int,
        context: SearchContext,
        statistics: inout SearchStatistics
    ) -> [Candidate] {
        let query = context.storeQuery(vector, stride: vectors.stride)
        var walk = context.beginWalk(beamWidth: beamWidth)
        let upperLayers = stride(from: topLevel, to: 0, by: -1)
        let start = climb(
            to: query,
            from: entryPoint,
            throughLayers: upperLayers,
            context: walk,
            statistics: &statistics
        )
        searchLayer(0, for: query, from: start, walk: &walk, statistics: &statistics)
        return Array(UnsafeBufferPointer(start: walk.pool.entries, count: walk.pool.count))
    }

    /// The search half of INSERT (Algorithm 1): for each layer of a new node, the ef nearest nodes, best
    /// first.
    ///
    /// Each layer starts from the best node of the layer above; starting from all of them, as the paper
    /// writes, visits the same region.
    func neighborhoods(
        of slot: UInt32,
        level: Int,
        top: Int,
        entryPoint: UInt32,
        beamWidth: Int,
        context: SearchContext
    ) -> [[Candidate]] {
        var statistics = SearchStatistics()
        let query = vectors.row(slot)
        var start = climb(
            to: query,
            from: entryPoint,
            throughLayers: stride(from: top, to: level, by: -1),
            context: context.beginWalk(beamWidth: 1),
            statistics: &statistics
        )
        var found = [[Candidate]](repeating: [], count: min(level, top) + 1)
        for layer in stride(from: min(level, top), through: 0, by: -1) {
            var walk = context.beginWalk(beamWidth: beamWidth)
            searchLayer(layer, for: query, from: start, walk: &walk, statistics: &statistics)
            found[layer] = UnsafeBufferPointer(start: walk.pool.entries, count: walk.pool.count).map {
                Candidate(similarity: $0.similarity, slot: $0.slot)
            }
            start = walk.pool.entries[0].slot
        }
        return found
    }
}
