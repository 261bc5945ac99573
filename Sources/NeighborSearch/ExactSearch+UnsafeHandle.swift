/// Compares the query with every vector there was when the search began.
struct ExactSearch {
    let graph: HNSWGraph
    /// When the search began.
    let time: UInt32
    let isWanted: ((UInt64) -> Bool)?

    private static let portion = 64

    /// Finds the true `count` nearest, best first, equally near ones by ascending key.
    ///
    /// Candidates gather in a buffer of twice the wanted size; when it is full, the worse half is cut off and
    /// its best similarity becomes the bar for newcomers. O(slots) comparisons, O(count) memory.
    func nearest(
        to query: UnsafePointer<Float>,
        count: Int,
        statistics: inout SearchStatistics
    ) throws(SnapshotError) -> [Neighbor] {
        guard count > 0 else { return [] }
        let handle = graph.unsafeHandle
        let bufferSize = max(2 * count, 32)
        var best: [Neighbor] = []
        best.reserveCapacity(bufferSize)
        var bar = -Float.infinity
        var slots: [UInt32] = []
        slots.reserveCapacity(Self.portion)
        var remaining = 0..<graph.slotCount
        while !remaining.isEmpty {
            gather(&slots, from: &remaining)
            try graph.inspector?.admitVectors(slots)
            statistics.similarityComputations += slots.count
            for slot in slots {
                let similarity = handle.similarity(of: query, to: slot)
                guard similarity >= bar else { continue }
                best.append(Neighbor(key: graph.keys[Int(slot)], similarity: similarity))
                if best.count == bufferSize {
                    best.sort(by: Neighbor.isOrderedBefore)
                    best = best.firstOfEachKey(count)
                    if best.count == count { bar = best[count - 1].similarity }
                }
            }
        }
        best.sort(by: Neighbor.isOrderedBefore)
        return best.firstOfEachKey(count)
    }

    /// The next live and wanted slots, whose vectors are asked for while the rest is sought.
    private func gather(_ slots: inout [UInt32], from remaining: inout Range<Int>) {
        let handle = graph.unsafeHandle
        let keys = graph.keys.base
        slots.removeAll(keepingCapacity: true)
        var next = remaining.lowerBound
        while next < remaining.upperBound, slots.count < Self.portion {
            let slot = UInt32(next)
            next += 1
            if handle.lifetime(of: slot).includes(time), isWanted?(keys[Int(slot)]) ?? true {
                handle.prefetchVector(slot)
                slots.append(slot)
            }
        }
        remaining = next..<remaining.upperBound
    }
}

extension [Neighbor] {
    /// The beginning of an ordered list, each key once: while an item gets a new vector, both can be met.
    func firstOfEachKey(_ count: Int) -> [Neighbor] {
        let first = Array(prefix(count))
        guard Set(first.lazy.map(\.key)).count < first.count else { return first }
        var keys: Set<UInt64> = []
        return Array(filter { keys.insert($0.key).inserted }.prefix(count))
    }
}
