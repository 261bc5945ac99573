import CKernels

extension RunningSearch {
    /// Compares the query with the code of every live item, keeps the best `beamWidth`, and ranks these by all
    /// bits: what a walk would find in a graph that leads everywhere.
    func scanCodes(keeping beamWidth: Int) throws(SnapshotError) -> [Neighbor] {
        context.prepare(for: graph, beamWidth: 1)
        let codeQuery = context.setQuery(query, metric: graph.metric)
        let handle = graph.unsafeHandle
        let portion = FlatMemory<UInt32>(count: Self.codesAtOnce)
        let scored = FlatMemory<lk_scored_slot>(count: Self.codesAtOnce)
        var best: [lk_scored_slot] = []
        best.reserveCapacity(2 * beamWidth + Self.codesAtOnce)
        var bar = -Float.infinity
        var next: UInt32 = 0
        while next < UInt32(graph.slotCount) {
            var count = 0
            while next < UInt32(graph.slotCount), count < Self.codesAtOnce {
                if handle.lifetime(of: next).includes(time) {
                    portion[count] = next
                    count += 1
                }
                next += 1
            }
            try graph.inspector?.admitRecords(portion.base, count: count)
            let near = CodeKernels.best.score(
                codeQuery,
                handle.kernelRecords,
                portion.base,
                count,
                bar,
                scored.base
            )
            best.append(contentsOf: UnsafeBufferPointer(start: scored.base, count: near))
            if best.count >= 2 * beamWidth {
                best.keepBest(beamWidth)
                bar = best[beamWidth - 1].score
            }
        }
        best.keepBest(beamWidth)
        return try rank(best.map(\.slot))
    }

    private static let codesAtOnce = 64

    private func rank(_ slots: [UInt32]) throws(SnapshotError) -> [Neighbor] {
        try graph.inspector?.admitVectors(slots)
        let handle = graph.unsafeHandle
        return slots.map { slot in
            Neighbor(
                key: graph.keys[Int(slot)],
                similarity: handle.similarity(of: context.queryVector, to: slot)
            )
        }
        .sorted(by: Neighbor.isOrderedBefore)
        .firstOfEachKey(slots.count)
    }
}

extension [lk_scored_slot] {
    fileprivate mutating func keepBest(_ count: Int) {
        sort { ($1.score, $0.slot) < ($0.score, $1.slot) }
        removeLast(Swift.max(0, self.count - count))
    }
}
