extension RecallAudit {
    /// What an index finds of what there is, and where the rest gets lost.
    public struct Report: Sendable {
        /// Candidates kept on the way (ef).
        public let beamWidth: Int
        /// How many queries were asked.
        public let queryCount: Int
        /// What the index answers, comparing all where it finds that cheaper.
        public let answers: RecallEstimate
        /// How many of these answers came from comparing all.
        public let exactAnswerCount: Int
        /// What walks find, however few items there are.
        public let walk: RecallEstimate
        /// Recall lost because the best by code are not the best.
        public let quantisationLoss: Double
        /// Recall lost because the walk does not come by.
        public let graphLoss: Double
        /// Recall lost because removed nodes take places in the beam. 0 where no removed node is left.
        public let deletionLoss: Double
        /// What searches with a filter find.
        public let filtered: [FilteredRecall]
    }

    /// What searches find that accept only some of the items, drawn by a hash of their keys.
    public struct FilteredRecall: Sendable {
        /// The share of the items that is accepted.
        public let share: Double
        /// Found of what an exact search with the filter finds.
        public let recall: RecallEstimate
        /// How many answers came from comparing all that is accepted.
        public let exactAnswerCount: Int
        /// Recall lost to the filter: that of the answers without one, minus this.
        public let loss: Double
    }

    /// The shares of items that filters accept.
    public static let filterShares = [0.5, 0.1, 0.01]

    /// Measures the answers of the index, each step towards them, and its answers under filters.
    ///
    /// - Parameter beamWidth: Candidates kept on the way (ef), 1...1,000,000.
    /// - Throws: ``NeighborSearchError``.
    public func report(beamWidth: Int) throws(NeighborSearchError) -> Report {
        let steps = try measureEach { probe throws(NeighborSearchError) in
            try index.steps(of: probe, beamWidth: beamWidth)
        }
        let answers = estimate(steps.map(\.answer))
        let codes = estimate(steps.map(\.codes))
        let undisturbed = estimate(steps.map(\.undisturbedWalk))
        let walk = estimate(steps.map(\.walk))
        var filtered: [FilteredRecall] = []
        for share in Self.filterShares {
            filtered.append(
                try filteredRecall(share: share, beamWidth: beamWidth, unfiltered: answers.value)
            )
        }
        return Report(
            beamWidth: beamWidth,
            queryCount: queryCount,
            answers: answers,
            exactAnswerCount: steps.count { $0.isExact },
            walk: walk,
            quantisationLoss: 1 - codes.value,
            graphLoss: codes.value - undisturbed.value,
            deletionLoss: undisturbed.value - walk.value,
            filtered: filtered
        )
    }

    private func filteredRecall(
        share: Double,
        beamWidth: Int,
        unfiltered: Double
    ) throws(NeighborSearchError) -> FilteredRecall {
        let found = try measureEach { probe throws(NeighborSearchError) in
            let filter = HashFilter(share: share, number: probe.number)
            let query = probe.query
            func isWanted(_ key: UInt64) -> Bool { key != query.ownKey && filter.accepts(key) }
            let truth = Truth(
                try index.exactNearest(to: query.vector, count: Self.neighborCount, where: isWanted).neighbors
            )
            let answer = try index.nearest(
                to: query.vector,
                count: Self.neighborCount,
                beamWidth: beamWidth,
                where: isWanted
            )
            return (truth.hits(among: answer.neighbors), truth.count, answer.method == .exact)
        }
        let recall = RecallEstimate(found: found.map(\.0), of: found.map(\.1))
        return FilteredRecall(
            share: share,
            recall: recall,
            exactAnswerCount: found.count { $0.2 },
            loss: unfiltered - recall.value
        )
    }
}

/// Accepts a share of all keys, always the same ones for the same number, which have nothing else in common.
private struct HashFilter {
    private let salt: UInt64
    private let bar: Double

    init(share: Double, number: Int) {
        salt = UInt64(number) &* 0x9E37_79B9_7F4A_7C15
        bar = share * 0x1p64
    }

    /// The finaliser of SplitMix64 (Steele, Lea & Flood, 2014).
    func accepts(_ key: UInt64) -> Bool {
        var bits = key &+ salt &+ 0x9E37_79B9_7F4A_7C15
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return Double(bits ^ (bits >> 31)) < bar
    }
}

/// What one query found at each step, of the true neighbours.
private struct Steps {
    let answer: Int
    let isExact: Bool
    let codes: Int
    let undisturbedWalk: Int
    let walk: Int
}

extension HNSWIndex {
    fileprivate func steps(
        of probe: RecallAudit.Probe,
        beamWidth: Int
    ) throws(NeighborSearchError) -> Steps {
        let query = probe.query
        let answer = try nearest(to: query.vector, count: query.wantedCount, beamWidth: beamWidth)
        let codes = try search(query.vector, query.wantedCount) { search throws(SnapshotError) in
            let kept = try search.scanCodes(keeping: max(beamWidth, query.wantedCount))
            return SearchAnswer(neighbors: kept, method: .exact, statistics: SearchStatistics())
        }
        return Steps(
            answer: probe.truth.hits(among: query.others(in: answer.neighbors)),
            isExact: answer.method == .exact,
            codes: probe.truth.hits(among: query.others(in: codes.neighbors)),
            undisturbedWalk: probe.truth.hits(
                among: try walk(for: query, beamWidth: beamWidth, isUndisturbed: true)
            ),
            walk: probe.truth.hits(among: try walk(for: query, beamWidth: beamWidth))
        )
    }

    /// Walks as `nearest` begins, its beam widened by the share of removed nodes; undisturbed, until as many live
    /// items are in it as would be without removed ones, or there are no more to be met.
    func walk(
        for query: RecallAudit.Query,
        beamWidth: Int,
        isUndisturbed: Bool = false
    ) throws(NeighborSearchError) -> [Neighbor] {
        let answer = try search(query.vector, query.wantedCount) { search throws(SnapshotError) in
            let wanted = min(max(beamWidth, query.wantedCount), search.liveCount)
            guard wanted > 0 else { return try search.scan(count: 0, where: nil) }
            let nodes = search.liveCount + search.removedCount
            var beam = Int((Double(wanted) * Double(nodes) / Double(search.liveCount)).rounded(.up))
            var answer = try search.walk(count: nodes, beamWidth: beam, where: nil)
            guard isUndisturbed, search.removedCount > 0 else { return answer }
            while answer.neighbors.count < wanted, beam < nodes {
                beam = min(nodes, beam + max(wanted - answer.neighbors.count, beam / 4))
                let wider = try search.walk(count: nodes, beamWidth: beam, where: nil)
                guard wider.neighbors.count > answer.neighbors.count else { break }
                answer = wider
            }
            return answer
        }
        return query.others(in: answer.neighbors)
    }
}

extension RecallAudit.Query {
    /// Room for the item itself, which comes first.
    fileprivate var wantedCount: Int { RecallAudit.neighborCount + (ownKey == nil ? 0 : 1) }

    fileprivate func others(in neighbors: [Neighbor]) -> [Neighbor] {
        Array(neighbors.lazy.filter { $0.key != ownKey }.prefix(RecallAudit.neighborCount))
    }
}
