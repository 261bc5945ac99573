/// One query on its way through a graph: chooses how to answer it, and ranks what is found.
struct RunningSearch {
    let query: [Float]
    let graph: HNSWGraph
    let context: SearchContext
    let liveCount: Int
    let removedCount: Int

    /// The graph's time when the search began: it sees the items there were then.
    let time: UInt32

    /// Answers by the way that is cheaper.
    ///
    /// A node that may not be in the answer takes a place in the beam all the same. So the beam is widened by
    /// the share of those that may, which is counted on a sample, and somewhat more, and doubled while it ends
    /// with fewer than it should hold. That number does not depend on `count` ≤ `beamWidth`: a shorter answer is
    /// the beginning of a longer one.
    func nearest(
        count: Int,
        beamWidth: Int,
        where isWanted: ((UInt64) -> Bool)?
    ) throws(SnapshotError) -> SearchAnswer {
        let needed = max(beamWidth, min(count, liveCount))
        let share = findableShare(where: isWanted)
        var beam = Double(needed) / share * (share < 1 ? 1.25 : 1)
        while share > 0, isWorthWalking(beam: beam, share: share, isFiltered: isWanted != nil) {
            let found = try walk(beamWidth: Int(beam.rounded(.up)), where: isWanted)
            if found.neighbors.count >= min(needed, liveCount) {
                return cut(found, to: count)
            }
            beam *= 2
        }
        return try scan(count: count, where: isWanted)
    }

    private func isWorthWalking(beam: Double, share: Double, isFiltered: Bool) -> Bool {
        Self.isWorthWalking(beam: beam, slots: liveCount + removedCount, share: share, isFiltered: isFiltered)
    }

    func scan(count: Int, where isWanted: ((UInt64) -> Bool)?) throws(SnapshotError) -> SearchAnswer {
        context.prepare(for: graph, beamWidth: 1)
        _ = context.setQuery(query, metric: graph.metric)
        var statistics = SearchStatistics()
        let neighbors = try ExactSearch(graph: graph, time: time, isWanted: isWanted)
            .nearest(to: context.queryVector, count: min(count, liveCount), statistics: &statistics)
        return SearchAnswer(neighbors: neighbors, method: .exact, statistics: statistics)
    }

    func walk(
        count: Int,
        beamWidth: Int,
        where isWanted: ((UInt64) -> Bool)?
    ) throws(SnapshotError) -> SearchAnswer {
        try cut(walk(beamWidth: beamWidth, where: isWanted), to: count)
    }

    /// The beginning of an answer.
    private func cut(_ answer: SearchAnswer, to count: Int) -> SearchAnswer {
        // Two versions of an item can only meet in an answer when something has changed meanwhile.
        let neighbors =
            graph.now == time
            ? Array(answer.neighbors.prefix(count)) : answer.neighbors.firstOfEachKey(count)
        return SearchAnswer(neighbors: neighbors, method: answer.method, statistics: answer.statistics)
    }

    /// Everything in the beam at the end of a walk that may be in an answer.
    private func walk(
        beamWidth: Int,
        where isWanted: ((UInt64) -> Bool)?
    ) throws(SnapshotError) -> SearchAnswer {
        var statistics = SearchStatistics()
        let entryPoint = graph.entryPoint
        guard entryPoint != noSlot else {
            return SearchAnswer(neighbors: [], method: .exact, statistics: statistics)
        }
        context.prepare(for: graph, beamWidth: beamWidth)
        let codeQuery = context.setQuery(query, metric: graph.metric)
        let searcher = HNSWSearcher(graph: graph)
        let pool = try searcher.findNearest(
            to: codeQuery,
            from: entryPoint,
            beamWidth: beamWidth,
            context: context,
            statistics: &statistics
        )
        let neighbors = try refine(pool, with: searcher, where: isWanted)
        return SearchAnswer(neighbors: neighbors, method: .hnsw, statistics: statistics)
    }

    /// Ranks what a walk found by all bits of the vectors, and leaves out what may not be in the answer.
    private func refine(
        _ pool: CandidatePool,
        with searcher: HNSWSearcher,
        where isWanted: ((UInt64) -> Bool)?
    ) throws(SnapshotError) -> [Neighbor] {
        let handle = searcher.graph
        for index in 0..<pool.count {
            handle.prefetchVector(pool.entries[index].slot)
        }
        if let inspector = searcher.inspector {
            try inspector.admitVectors((0..<pool.count).map { pool.entries[$0].slot })
        }
        var neighbors: [Neighbor] = []
        neighbors.reserveCapacity(pool.count)
        for index in 0..<pool.count {
            let slot = pool.entries[index].slot
            let key = graph.keys.base[Int(slot)]
            guard handle.lifetime(of: slot).includes(time), isWanted?(key) ?? true else { continue }
            let similarity = handle.similarity(of: context.queryVector, to: slot)
            neighbors.append(Neighbor(key: key, similarity: similarity))
        }
        neighbors.sort(by: Neighbor.isOrderedBefore)
        return neighbors
    }

    // MARK: - Which way

    private static let sampleSize = 1000

    /// What share of the nodes may be in the answer: of all, or of an evenly spread sample.
    private func findableShare(where isWanted: ((UInt64) -> Bool)?) -> Double {
        guard liveCount > 0 else { return 0 }
        guard let isWanted else { return Double(liveCount) / Double(liveCount + removedCount) }
        let handle = graph.unsafeHandle
        let slotCount = graph.slotCount
        let sampled = min(slotCount, Self.sampleSize)
        let found = (0..<sampled).count { index in
            let slot = UInt32(index * slotCount / sampled)
            return handle.isLive(slot) && isWanted(graph.keys[Int(slot)])
        }
        return Double(found) / Double(sampled)
    }

    /// Beyond this, keeping the pool in order begins to cost more than the comparisons.
    static let widestBeam = 8192.0

    /// Whether a walk is cheaper than comparing all that may be in the answer.
    ///
    /// For each place of the beam a walk takes as long as a scan takes for 11 (1,000 items) to 19 (a million)
    /// vectors, and asking a filter about an item as long as a quarter of a comparison: measured with
    /// `lookalike-bench ann`.
    static func isWorthWalking(beam: Double, slots: Int, share: Double, isFiltered: Bool) -> Bool {
        beam <= widestBeam && Double(slots) * (isFiltered ? 0.25 + share : 1) > 16 * beam
    }
}
