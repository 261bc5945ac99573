import CKernels

/// SELECT-NEIGHBORS-HEURISTIC (Algorithm 4, without extending candidates or keeping pruned ones).
struct NeighborSelection {
    let vectors: VectorStorage.UnsafeHandle

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
    /// - Returns: the slots kept, best first.
    /// - Complexity: at most `limit` inner products per candidate; most fall at the first few.
    func select(_ candidates: [Candidate], for node: UInt32, limit: Int) -> [UInt32] {
        if candidates.count <= limit {
            return candidates.map(\.slot)
        }
        var places = limit - candidates.count(where: \.isMarked)
        precondition(places >= 0, "limit \(limit) is below the number of links to keep")
        let similarityOfCopies = vectors.similarity(node, node)
        var hasCopy = false
        return [UInt32](unsafeUninitializedCapacity: limit) { kept, count in
            for candidate in candidates {
                let isCopy = candidate.similarity >= similarityOfCopies
                defer { hasCopy = hasCopy || isCopy }
                if candidate.isMarked {
                    kept[count] = candidate.slot
                    count += 1
                } else if places > 0, !(isCopy && hasCopy),
                    isDiverse(candidate, from: kept.baseAddress!, count: count)
                {
                    kept[count] = candidate.slot
                    count += 1
                    places -= 1
                }
            }
        }
    }

    /// The candidates among `slots` for the neighbourhood of a node, best first.
    func candidates(
        _ slots: [UInt32],
        for node: UInt32,
        isMarked: (UInt32) -> Bool
    ) -> [Candidate] {
        let scores = [Float](unsafeUninitializedCapacity: slots.count) { scores, count in
            slots.withUnsafeBufferPointer { slots in
                guard let first = slots.baseAddress else { return }
                vectors.score(
                    first,
                    count: slots.count,
                    against: vectors.row(node),
                    into: scores.baseAddress!
                )
            }
            count = slots.count
        }
        var candidates = zip(slots, scores).map { slot, score in
            Candidate(similarity: score, slot: slot, isMarked: isMarked(slot))
        }
        candidates.sort { $0.similarity != $1.similarity ? $0.similarity > $1.similarity : $0.slot < $1.slot }
        return candidates
    }

    /// Those of `offered` that show the node another way than its links and than each other, best first.
    func diverse(_ offered: [UInt32], from links: [UInt32], for node: UInt32) -> [UInt32] {
        var kept = links
        for candidate in candidates(offered, for: node, isMarked: { _ in false }) {
            if kept.withUnsafeBufferPointer({
                $0.isEmpty || isDiverse(candidate, from: $0.baseAddress!, count: $0.count)
            }) {
                kept.append(candidate.slot)
            }
        }
        return Array(kept.dropFirst(links.count))
    }

    @inline(__always)
    private func isDiverse(_ candidate: Candidate, from kept: UnsafePointer<UInt32>, count: Int) -> Bool {
        !lk_any_inner_product_above(
            vectors.row(candidate.slot),
            vectors.base,
            vectors.stride,
            vectors.stride,
            kept,
            count,
            candidate.similarity
        )
    }
}
