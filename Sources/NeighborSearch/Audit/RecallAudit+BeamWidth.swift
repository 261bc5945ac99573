import Synchronization

extension RecallAudit {
    /// What looking for a beam width came to.
    public enum BeamWidthOutcome: Hashable, Sendable {
        /// This is the smallest with which walks find enough, and what they find.
        case reached(beamWidth: Int, recall: Double)
        /// Not even the widest finds enough.
        case outOfReach(beamWidth: Int, recall: Double)
    }

    /// Finds the smallest beam width whose walks reach a recall on the queries of each of some audits.
    ///
    /// Tries the rungs of a ladder, each about 1.4 times the one below, and then bisects between the last that
    /// fails and the first that does not. That takes recall to grow with the beam, as it does but for single
    /// queries; what is returned was measured, whatever lies below.
    ///
    /// - Parameters:
    ///   - target: The recall to reach, in 0...1.
    ///   - audits: All of the same index.
    public static func narrowestBeamWidth(
        reaching target: Double,
        in audits: [RecallAudit]
    ) throws(NeighborSearchError) -> BeamWidthOutcome {
        precondition((0...1).contains(target), "recall \(target) is not in 0...1")
        func recall(_ beamWidth: Int) throws(NeighborSearchError) -> Double {
            var worst = 1.0
            for audit in audits { worst = min(worst, try audit.walkRecall(beamWidth: beamWidth).value) }
            return worst
        }
        var failing = neighborCount - 1
        var found = 0.0
        for rung in ladder {
            found = try recall(rung)
            guard found < target else {
                return try bisect(above: failing, reached: (rung, found), target: target, recall)
            }
            failing = rung
        }
        return .outOfReach(beamWidth: failing, recall: found)
    }

    /// From *k* to the widest beam that is ever walked with.
    private static let ladder: [Int] = {
        let rungs = (0...).lazy.map { 1 << ($0 / 2 + 4) + ($0 % 2) * (1 << ($0 / 2 + 3)) }
        let widest = Int(RunningSearch.widestBeam)
        return [neighborCount] + rungs.prefix { $0 < widest } + [widest]
    }()

    private static func bisect(
        above failing: Int,
        reached: (beamWidth: Int, recall: Double),
        target: Double,
        _ recall: (Int) throws(NeighborSearchError) -> Double
    ) throws(NeighborSearchError) -> BeamWidthOutcome {
        var failing = failing
        var reached = reached
        while reached.beamWidth - failing > 1 {
            let middle = (failing + reached.beamWidth) / 2
            let found = try recall(middle)
            if found < target {
                failing = middle
            } else {
                reached = (middle, found)
            }
        }
        return .reached(beamWidth: reached.beamWidth, recall: reached.recall)
    }
}

extension HNSWIndex {
    /// Whether searches without a filter walk the graph at this beam width, rather than compare all.
    public func walksGraph(beamWidth: Int) -> Bool {
        let nodes = Double(count + removedCount.load(ordering: .acquiring))
        guard count > 0 else { return false }
        return RunningSearch.isWorthWalking(
            beam: Double(beamWidth) * nodes / Double(count),
            slots: Int(nodes),
            share: Double(count) / nodes,
            isFiltered: false
        )
    }
}
