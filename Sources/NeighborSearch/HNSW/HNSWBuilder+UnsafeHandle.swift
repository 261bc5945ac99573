import CKernels

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Puts nodes into a graph, from any number of threads at once, while others search it.
///
/// A list is changed under its owner's lock, one lock at a time. Nodes whose insertions overlap may not see
/// each other, and are joined by later ones.
final class HNSWBuilder: @unchecked Sendable {
    // @unchecked: see the locks below; the stress tests run under the thread sanitizer.
    let graph: HNSWGraph
    let handle: HNSWGraph.UnsafeHandle
    let tree: SpanningTree
    let constructionBeamWidth: Int
    private let locks: LockStripes
    /// Held while the entry point changes; not for looking at it.
    private let entryLock = ReadWriteLock()

    /// Prepares to change a graph whose file, if it comes from one, has been verified. O(slots).
    init(graph: HNSWGraph, constructionBeamWidth: Int, locks: LockStripes = LockStripes()) {
        self.graph = graph
        handle = graph.unsafeHandle
        tree = SpanningTree(graph: graph)
        self.constructionBeamWidth = constructionBeamWidth
        self.locks = locks
    }

    /// INSERT (Algorithm 1): links a slot, whose record has been written, into the graph.
    func insert(_ slot: UInt32, using workspace: HNSWWorkspace) {
        workspace.prepare(for: graph, beamWidth: constructionBeamWidth)
        let level = handle.level(of: slot)
        let entry = graph.entryPoint
        if entry != noSlot, level <= handle.level(of: entry) {
            join(slot, level: level, from: entry, workspace)
            return
        }
        // A higher node than any, about one in M times as many as before: one at a time.
        entryLock.withWriting {
            let entry = graph.entryPoint
            if entry == noSlot {
                graph.root = slot
                publish(slot)
            } else {
                join(slot, level: level, from: entry, workspace)
            }
            if entry == noSlot || level > handle.level(of: entry) {
                graph.entryPoint = slot
            }
        }
    }

    private func join(_ slot: UInt32, level: Int, from entry: UInt32, _ workspace: HNSWWorkspace) {
        var chosen = findNeighbors(of: slot, level: level, from: entry, workspace)
        let parent = claimParent(of: slot, workspace)
        if !chosen[0].contains(parent) {
            chosen[0].append(parent)
        }
        // Its own lists first: whoever reaches the node can go on from it.
        for (layer, neighbors) in chosen.enumerated() {
            setLinks(of: slot, atLayer: layer, to: neighbors)
        }
        publish(slot)
        for (layer, neighbors) in chosen.enumerated() {
            for neighbor in neighbors {
                link(neighbor, to: slot, atLayer: layer, workspace)
            }
        }
    }

    private func publish(_ slot: UInt32) {
        let states = handle.states + Int(slot)
        lk_store_u8(states, lk_load_u8(states) | SlotState.linked)
    }

    /// For each layer the node will live on, the neighbours it shall have. The candidates of the bottom layer
    /// are left in the workspace, best first.
    ///
    /// Each layer starts from the best node of the layer above; starting from all of them, as the paper
    /// writes, visits the same region.
    private func findNeighbors(
        of slot: UInt32,
        level: Int,
        from entry: UInt32,
        _ workspace: HNSWWorkspace
    ) -> [[UInt32]] {
        let searcher = HNSWSearcher(graph: graph)
        let query = workspace.context.setQuery(slot: slot, of: handle)
        var statistics = SearchStatistics()
        let top = handle.level(of: entry)
        do throws(SnapshotError) {
            var start = try searcher.climb(
                to: query,
                from: entry,
                throughLayers: stride(from: top, to: level, by: -1),
                walk: workspace.context.beginWalk(beamWidth: 1),
                statistics: &statistics
            )
            var chosen = [[UInt32]](repeating: [], count: level + 1)
            for layer in stride(from: min(level, top), through: 0, by: -1) {
                var walk = workspace.context.beginWalk(beamWidth: constructionBeamWidth)
                try searcher.searchLayer(layer, for: query, from: start, walk: &walk, statistics: &statistics)
                start = walk.pool.entries[0].slot
                workspace.takeCandidates(of: walk, in: handle)
                lookBeyondCopies(of: slot, atLayer: layer, workspace)
                chosen[layer] = select(for: slot, workspace)
            }
            return chosen
        } catch {
            preconditionFailure("a graph that is changed has been verified: \(error)")
        }
    }

    private func select(for slot: UInt32, _ workspace: HNSWWorkspace) -> [UInt32] {
        let limit = graph.layout.connectivity
        return [UInt32](unsafeUninitializedCapacity: limit) { kept, count in
            count = workspace.candidates.withUnsafeBufferPointer { candidates in
                workspace.selection.select(
                    candidates,
                    for: slot,
                    in: handle,
                    limit: limit,
                    into: kept.baseAddress!
                )
            }
        }
    }

    /// Adds the neighbours of the best candidate when all candidates are equally near: more copies of one
    /// item than the beam is wide, who would link to each other alone and lead no walk out again.
    ///
    /// Algorithm 4 has this as `extendCandidates`, for data that clusters extremely.
    private func lookBeyondCopies(of slot: UInt32, atLayer layer: Int, _ workspace: HNSWWorkspace) {
        let candidates = workspace.candidates
        guard candidates.count == constructionBeamWidth,
            candidates.first?.similarity == candidates.last?.similarity
        else { return }
        let known = Set(candidates.map(\.slot))
        let beyond = links(of: candidates[0].slot, atLayer: layer).filter {
            !known.contains($0) && $0 != slot
        }
        beyond.withUnsafeBufferPointer { beyond in
            workspace.candidates +=
                workspace.selection.rank(beyond, for: slot, in: handle) { _ in false }
        }
    }

    // MARK: - The tree

    /// Gives a node a parent: the best candidate that has room, or a node below it.
    private func claimParent(of slot: UInt32, _ workspace: HNSWWorkspace) -> UInt32 {
        for candidate in workspace.candidates where claim(candidate.slot, for: slot) {
            return candidate.slot
        }
        return claimParent(of: slot, below: workspace.candidates[0].slot)
    }

    /// Goes down from `start` to a node that can take another child. There is one: leaves can.
    func claimParent(of slot: UInt32, below start: UInt32) -> UInt32 {
        var node = start
        while !claim(node, for: slot) {
            // Its children may have claimed it and not linked to it yet, on other threads.
            if let child = tree.firstChild(of: node) {
                node = child
            } else {
                sched_yield()
            }
        }
        return node
    }

    func claim(_ parent: UInt32, for slot: UInt32) -> Bool {
        locks.withLock(of: parent) { tree.claim(parent, for: slot) }
    }

    // MARK: - Links

    /// Links `node` to `target`. A full list is chosen anew from its links and the target; tree links stay.
    func link(_ node: UInt32, to target: UInt32, atLayer layer: Int, _ workspace: HNSWWorkspace) {
        locks.withLock(of: node) {
            let links = handle.links(of: node, atLayer: layer)
            let width = handle.width(ofLayer: layer)
            let count = handle.linkCount(of: node, atLayer: layer)
            for place in 0..<count where links[place] == target { return }
            if count < width {
                lk_store_u32(links + count, target)
                return
            }
            let all = workspace.list
            all.update(from: links, count: count)
            all[count] = target
            choose(
                UnsafeBufferPointer(start: all, count: count + 1),
                for: node,
                atLayer: layer,
                workspace
            )
        }
    }

    /// Chooses a node's links anew among `slots`. Its lock is held, or nobody else changes anything.
    func choose(
        _ slots: UnsafeBufferPointer<UInt32>,
        for node: UInt32,
        atLayer layer: Int,
        _ workspace: HNSWWorkspace
    ) {
        let ranked = workspace.selection.rank(slots, for: node, in: handle) {
            layer == 0 && tree.joins(node, $0)
        }
        let width = handle.width(ofLayer: layer)
        let kept = workspace.kept
        let count = workspace.selection.select(ranked, for: node, in: handle, limit: width, into: kept)
        setLinks(of: node, atLayer: layer, to: UnsafeBufferPointer(start: kept, count: count))
    }

    /// Replaces a list; searches may read it meanwhile, and see some of both.
    func setLinks(of slot: UInt32, atLayer layer: Int, to targets: some Collection<UInt32>) {
        let links = handle.links(of: slot, atLayer: layer)
        let width = handle.width(ofLayer: layer)
        precondition(targets.count <= width, "\(targets.count) links in a list of \(width)")
        var place = 0
        for target in targets {
            lk_store_u32(links + place, target)
            place += 1
        }
        while place < width, links[place] != noSlot {
            lk_store_u32(links + place, noSlot)
            place += 1
        }
    }

    func links(of slot: UInt32, atLayer layer: Int) -> [UInt32] {
        let links = handle.links(of: slot, atLayer: layer)
        return (0..<handle.width(ofLayer: layer)).map { lk_load_u32(links + $0) }.filter { $0 != noSlot }
    }
}

/// What one thread needs to insert; used again by later insertions.
final class HNSWWorkspace {
    let context = SearchContext()
    let selection = NeighborSelection()
    var candidates: [Candidate] = []
    private var lists = FlatMemory<UInt32>(count: 0)
    private var width = 0

    func prepare(for graph: HNSWGraph, beamWidth: Int) {
        context.prepare(for: graph, beamWidth: beamWidth)
        selection.prepare(for: graph)
        width = graph.layout.baseWidth + graph.layout.connectivity + 1
        if lists.count < 2 * width {
            lists = FlatMemory(count: 2 * width)
        }
    }

    /// Room for a list and a newcomer.
    var list: UnsafeMutablePointer<UInt32> { lists.base }
    /// Room for what is kept of it.
    var kept: UnsafeMutablePointer<UInt32> { lists.base + width }

    /// Takes over what a walk found: nodes of items that are there or just coming, or, when there is none, of
    /// removed ones.
    func takeCandidates(of walk: SearchContext.UnsafeHandle, in graph: HNSWGraph.UnsafeHandle) {
        let found = UnsafeBufferPointer(start: walk.pool.entries, count: walk.pool.count)
        candidates.removeAll(keepingCapacity: true)
        for entry in found where !graph.lifetime(of: entry.slot).isOver {
            candidates.append(Candidate(similarity: entry.similarity, slot: entry.slot))
        }
        if candidates.isEmpty {
            candidates += found.map { Candidate(similarity: $0.similarity, slot: $0.slot) }
        }
    }
}
