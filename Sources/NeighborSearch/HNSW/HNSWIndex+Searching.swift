import Dispatch
import Synchronization

extension HNSWIndex {
    /// Finds the items nearest to a query (K-NN-SEARCH, Algorithm 5).
    ///
    /// Small collections, and rare items of a filtered search, are compared one by one, which is both exact and
    /// faster; the answer says which it was. Never returns fewer than the wanted number while the index holds as
    /// many.
    ///
    /// While `count` ≤ `beamWidth` the walk does not depend on `count`, so the first k of a longer answer are
    /// the answer for k. For a bigger `count` the beam widens to it.
    ///
    /// - Parameters:
    ///   - query: `dimension` finite components, of length 1 where the metric wants it.
    ///   - count: how many to find (k), 0 or more.
    ///   - beamWidth: candidates kept on the way (ef), 1...1,000,000; more finds more and takes longer. Nil
    ///     takes the parameters' value.
    ///   - isWanted: which keys may be in the answer; nil for all. The beam widens as these are rarer.
    /// - Throws: ``NeighborSearchError`` when an argument is not like that, or the file is damaged.
    /// - Complexity: about beamWidth · M comparisons, growing slowly with the count.
    public func nearest(
        to query: [Float],
        count: Int,
        beamWidth: Int? = nil,
        where isWanted: ((UInt64) -> Bool)? = nil
    ) throws(NeighborSearchError) -> SearchAnswer {
        let beamWidth = beamWidth ?? parameters.beamWidth
        try HNSWParameters.check("beamWidth", beamWidth, HNSWParameters.beamWidthRange)
        return try search(query, count) { search throws(SnapshotError) in
            try search.nearest(count: count, beamWidth: beamWidth, where: isWanted)
        }
    }

    /// Finds the items nearest to each of many queries, on several threads at once.
    ///
    /// - Returns: the answers ``nearest(to:count:beamWidth:where:)`` gives, in the order of the queries.
    /// - Throws: ``NeighborSearchError``, also when only one query is at fault.
    public func nearest(
        toEach queries: [[Float]],
        count: Int,
        beamWidth: Int? = nil,
        threads: Int
    ) throws(NeighborSearchError) -> [SearchAnswer] {
        for query in queries { try validate(query, count: count) }
        let answers = Mutex([SearchAnswer?](repeating: nil, count: queries.count))
        let failure = Mutex<NeighborSearchError?>(nil)
        let next = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, queries.count))) { _ in
            var own: [(index: Int, answer: SearchAnswer)] = []
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < queries.count else { break }
                do throws(NeighborSearchError) {
                    let answer = try nearest(to: queries[index], count: count, beamWidth: beamWidth)
                    own.append((index, answer))
                } catch {
                    failure.withLock { $0 = error }
                }
            }
            answers.withLock { answers in
                for one in own { answers[one.index] = one.answer }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return answers.withLock { $0.compactMap(\.self) }
    }

    /// Finds the items nearest to a query by comparing it with all. O(count of the index).
    ///
    /// - Throws: ``NeighborSearchError`` for a bad query, a negative count, or a damaged file.
    public func exactNearest(
        to query: [Float],
        count: Int,
        where isWanted: ((UInt64) -> Bool)? = nil
    ) throws(NeighborSearchError) -> SearchAnswer {
        try search(query, count) { search throws(SnapshotError) in
            try search.scan(count: count, where: isWanted)
        }
    }

    /// Walks the graph however few items there are; tests compare it with the exact answer.
    func graphNearest(to query: [Float], count: Int, beamWidth: Int) throws(NeighborSearchError)
        -> SearchAnswer
    {
        try search(query, count) { search throws(SnapshotError) in
            try search.walk(count: count, beamWidth: beamWidth, where: nil)
        }
    }

    func search(
        _ query: [Float],
        _ count: Int,
        _ body: (RunningSearch) throws(SnapshotError) -> SearchAnswer
    ) throws(NeighborSearchError) -> SearchAnswer {
        try validate(query, count: count)
        let session = sessions.begin()
        defer { sessions.end(session) }
        do {
            return try body(
                RunningSearch(
                    query: query,
                    graph: session.graph,
                    context: session.context,
                    liveCount: self.count,
                    removedCount: removedCount.load(ordering: .acquiring),
                    time: session.graph.now
                )
            )
        } catch {
            throw .damaged(error)
        }
    }

    private func validate(_ query: [Float], count: Int) throws(NeighborSearchError) {
        guard count >= 0 else { throw .negativeCount(found: count) }
        try validate(query)
    }
}
