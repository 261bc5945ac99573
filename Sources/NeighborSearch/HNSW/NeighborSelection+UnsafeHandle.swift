import CKernels

/// SELECT-NEIGHBORS-HEURISTIC (Algorithm 4, without extending candidates or keeping pruned ones).
///
/// Compares codes. One user at a time: it holds room for a query and a list.
final class NeighborSelection {
    private let scratch = SearchContext()
    private var ranked = FlatMemory<Candidate>(count: 0)
    private let kernels = CodeKernels.best

    func prepare(for graph: HNSWGraph) {
        scratch.prepare(for: graph, beamWidth: 1)
        let needed = graph.layout.baseWidth + graph.layout.connectivity + 1
        if ranked.count < needed {
            ranked = FlatMemory(count: needed)
        }
    }

    /// Keeps candidates that are nearer to the node than to any candidate kept before, at most `limit` of
    /// them.
    ///
    /// Two neighbours that are nearer to each other than to the node show the same way; one of them is
    /// enough, and the place is better spent on another direction. Marked candidates are kept in any case.
    /// Copies of the node itself lie in no direction: the rule above would keep them all, and a clump of
    /// copies would link to itself alone. One is kept.
    ///
    /// - Parameters:
    ///   - candidates: best first, their similarities being to `node`.
    ///   - node: the node whose neighbours are chosen.
    ///   - limit: at least the number of marked candidates.
    ///   - kept: takes the slots kept, best first.
    /// - Returns: how many are kept.
    /// - Complexity: at most `limit` comparisons per candidate; most fall at the first few.
    func select(
        _ candidates: UnsafeBufferPointer<Candidate>,
        for node: UInt32,
        in graph: HNSWGraph.UnsafeHandle,
        limit: Int,
        into kept: UnsafeMutablePointer<UInt32>
    ) -> Int {
        if candidates.count <= limit {
            for (index, candidate) in candidates.enumerated() {
                kept[index] = candidate.slot
            }
            return candidates.count
        }
        var places = limit - candidates.count(where: \.isMarked)
        precondition(places >= 0, "limit \(limit) is below the number of links to keep")
        let similarityOfCopies = similarity(of: node, to: node, in: graph)
        var hasCopy = false
        var count = 0
        for candidate in candidates {
            let isCopy = candidate.similarity >= similarityOfCopies
            defer { hasCopy = hasCopy || isCopy }
            if candidate.isMarked {
                kept[count] = candidate.slot
                count += 1
            } else if places > 0, !(isCopy && hasCopy),
                isDiverse(candidate, from: kept, count: count, in: graph)
            {
                kept[count] = candidate.slot
                count += 1
                places -= 1
            }
        }
        return count
    }

    /// Ranks slots by their similarity to a node, best first, equally near ones by number. The result is valid
    /// until the next call.
    func rank(
        _ slots: UnsafeBufferPointer<UInt32>,
        for node: UInt32,
        in graph: HNSWGraph.UnsafeHandle,
        isMarked: (UInt32) -> Bool
    ) -> UnsafeBufferPointer<Candidate> {
        if ranked.count < slots.count {
            ranked = FlatMemory(count: slots.count)
        }
        let query = scratch.setQuery(slot: node, of: graph)
        withUnsafeTemporaryAllocation(of: lk_scored_slot.self, capacity: max(slots.count, 1)) { scored in
            _ = kernels.score(
                query,
                graph.kernelRecords,
                slots.baseAddress,
                slots.count,
                -.infinity,
                scored.baseAddress
            )
            for index in 0..<slots.count {
                let (score, slot) = (scored[index].score, scored[index].slot)
                ranked.base[index] = Candidate(similarity: score, slot: slot, isMarked: isMarked(slot))
            }
        }
        var all = UnsafeMutableBufferPointer(start: ranked.base, count: slots.count)
        if all.count <= Self.mostSortedByInsertion {
            Self.sortByInsertion(all)
        } else {
            all.sort(by: Self.isBefore)
        }
        return UnsafeBufferPointer(all)
    }

    private func similarity(of a: UInt32, to b: UInt32, in graph: HNSWGraph.UnsafeHandle) -> Float {
        var scored = lk_scored_slot()
        withUnsafePointer(to: b) { slot in
            let query = scratch.setQuery(slot: a, of: graph)
            _ = kernels.score(query, graph.kernelRecords, slot, 1, -.infinity, &scored)
        }
        return scored.score
    }

    @inline(__always)
    private func isDiverse(
        _ candidate: Candidate,
        from kept: UnsafePointer<UInt32>,
        count: Int,
        in graph: HNSWGraph.UnsafeHandle
    ) -> Bool {
        let query = scratch.setQuery(slot: candidate.slot, of: graph)
        return !kernels.anyAbove(query, graph.kernelRecords, kept, count, candidate.similarity)
    }

    /// A full list and a newcomer are sorted faster in this way.
    private static let mostSortedByInsertion = 64

    private static func sortByInsertion(_ candidates: UnsafeMutableBufferPointer<Candidate>) {
        let entries = candidates.baseAddress!
        for index in 0..<candidates.count {
            let new = entries[index]
            var place = index
            while place > 0, isBefore(new, entries[place - 1]) {
                entries[place] = entries[place - 1]
                place -= 1
            }
            entries[place] = new
        }
    }

    private static func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
        a.similarity != b.similarity ? a.similarity > b.similarity : a.slot < b.slot
    }
}
