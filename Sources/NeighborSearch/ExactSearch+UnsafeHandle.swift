import CKernels

/// Compares the query with every live vector.
struct ExactSearch {
    let vectors: VectorStorage
    let graph: HNSWGraph
    let keys: KeyDirectory

    private static let rowsPerCall = 256

    /// Finds the true `count` nearest, best first, equally near ones by ascending key.
    ///
    /// Candidates gather in a buffer of twice the wanted size; when it is full, the worse half is cut off and
    /// its best similarity becomes the bar for newcomers. O(slots) inner products, O(count) memory.
    func nearest(to query: [Float], count: Int, statistics: inout SearchStatistics) -> [Neighbor] {
        guard count > 0 else { return [] }
        let context = SearchContext()
        context.prepare(slotCount: 0, beamWidth: 1, width: 0, stride: vectors.stride)
        let alignedQuery = context.storeQuery(query, stride: vectors.stride)
        let bufferSize = max(2 * count, 32)
        var best: [Neighbor] = []
        best.reserveCapacity(bufferSize)
        var bar = -Float.infinity
        var scores = [Float](repeating: 0, count: Self.rowsPerCall)
        for first in stride(from: 0, to: vectors.count, by: Self.rowsPerCall) {
            let rows = min(Self.rowsPerCall, vectors.count - first)
            let stride = vectors.stride
            let start = vectors.unsafeHandle.row(UInt32(first))
            lk_inner_products_of_range(alignedQuery, start, stride, stride, rows, &scores)
            for row in 0..<rows where scores[row] >= bar && graph.isLive(UInt32(first + row)) {
                best.append(Neighbor(key: keys.key(of: UInt32(first + row)), similarity: scores[row]))
                if best.count == bufferSize {
                    best.sort(by: Neighbor.isOrderedBefore)
                    best.removeLast(bufferSize - count)
                    bar = best[count - 1].similarity
                }
            }
        }
        statistics.similarityComputations += keys.liveCount
        withExtendedLifetime(context) {}
        best.sort(by: Neighbor.isOrderedBefore)
        return Array(best.prefix(count))
    }
}
