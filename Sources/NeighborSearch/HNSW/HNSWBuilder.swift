/// Changes a graph: puts nodes in and takes them out. One at a time, while nobody searches.
///
/// Holds what only building needs: who links to whom, how many children a tree node has, a search context.
final class HNSWBuilder {
    let graph: HNSWGraph
    let vectors: VectorStorage
    let constructionBeamWidth: Int
    private let editor: LinkEditor
    private var tree: SpanningTree
    private let context = SearchContext()

    /// Prepares to change a graph, which may come from a file. O(slots · M).
    init(graph: HNSWGraph, vectors: VectorStorage, constructionBeamWidth: Int) {
        self.graph = graph
        self.vectors = vectors
        self.constructionBeamWidth = constructionBeamWidth
        editor = LinkEditor(graph: graph)
        tree = SpanningTree(graph: graph)
    }

    /// Adds an empty slot of the given level.
    func appendSlot(level: Int) -> UInt32 {
        let slot = graph.appendSlot(level: level)
        vectors.appendRow()
        editor.addLists(of: slot)
        tree.appendSlot()
        return slot
    }

    /// INSERT (Algorithm 1): links a free slot, whose vector has been stored, into the graph.
    func insert(_ slot: UInt32) {
        precondition(!graph.isLive(slot), "slot \(slot) is already linked")
        let level = graph.level(of: slot)
        guard graph.entryPoint != noSlot else {
            graph.entryPoint = slot
            graph.root = slot
            return
        }
        let top = graph.level(of: graph.entryPoint)
        let neighborhoods = findNeighborhoods(of: slot, level: level, top: top)
        for layer in stride(from: min(level, top), through: 0, by: -1) {
            let candidates = lookingBeyondCopies(neighborhoods[layer], of: slot, atLayer: layer)
            connect(slot, toBestOf: candidates, atLayer: layer)
        }
        if level > top {
            graph.entryPoint = slot
        }
    }

    /// Takes a node out, so that no link leads to it and every other node remains reachable.
    ///
    /// Whoever lost its link to the node is offered the node's own neighbours instead, and the tree's orphans
    /// find new parents nearby. O(in-degree · M²) inner products per layer.
    func remove(_ slot: UInt32) {
        precondition(graph.isLive(slot), "slot \(slot) is not linked")
        let level = graph.level(of: slot)
        let orphans = tree.children(of: slot)
        let parent = graph.parents[Int(slot)]
        for orphan in orphans {
            tree.clearParent(of: orphan)
        }
        tree.clearParent(of: slot)
        var detached: [(outgoing: [UInt32], incoming: [UInt32])] = []
        for layer in 0...level {
            detached.append(unlink(slot, atLayer: layer))
        }
        if slot == graph.root {
            graph.root = orphans.first ?? noSlot
        }
        let nearby = detached[0].outgoing + detached[0].incoming + [parent].filter { $0 != noSlot }
        for orphan in orphans where orphan != graph.root {
            adopt(orphan, candidates: nearby)
        }
        for layer in 0...level {
            for node in detached[layer].incoming {
                offer(detached[layer].outgoing, to: node, atLayer: layer)
            }
        }
        if slot == graph.entryPoint {
            graph.entryPoint = highestLiveSlot()
        }
    }

    // MARK: - Insertion

    /// For each layer the node will live on, the ef most similar nodes there, best first.
    private func findNeighborhoods(of slot: UInt32, level: Int, top: Int) -> [[Candidate]] {
        context.prepare(
            slotCount: graph.slotCount,
            beamWidth: constructionBeamWidth,
            width: 2 * graph.connectivity,
            stride: vectors.stride
        )
        return HNSWSearcher(graph: graph.unsafeHandle, vectors: vectors.unsafeHandle).neighborhoods(
            of: slot,
            level: level,
            top: top,
            entryPoint: graph.entryPoint,
            beamWidth: constructionBeamWidth,
            context: context
        )
    }

    /// Adds the neighbours of the best candidate when all candidates are equally near: more copies of one
    /// item than the beam is wide, who would link to each other alone and lead no walk out again.
    ///
    /// Algorithm 4 has this as `extendCandidates`, for data that clusters extremely.
    private func lookingBeyondCopies(
        _ candidates: [Candidate],
        of slot: UInt32,
        atLayer layer: Int
    ) -> [Candidate] {
        guard candidates.count == constructionBeamWidth,
            candidates.first?.similarity == candidates.last?.similarity
        else { return candidates }
        let known = Set(candidates.map(\.slot))
        let beyond = graph.links(of: candidates[0].slot, atLayer: layer).filter { !known.contains($0) }
        let selection = NeighborSelection(vectors: vectors.unsafeHandle)
        return candidates + selection.candidates(beyond, for: slot) { _ in false }
    }

    private func connect(_ slot: UInt32, toBestOf candidates: [Candidate], atLayer layer: Int) {
        let selection = NeighborSelection(vectors: vectors.unsafeHandle)
        var chosen = selection.select(candidates, for: slot, limit: graph.connectivity)
        if layer == 0 {
            let parent =
                candidates.first { tree.hasRoom($0.slot) }?.slot
                ?? tree.nodeWithRoom(below: candidates[0].slot)
            tree.setParent(of: slot, to: parent)
            if !chosen.contains(parent) {
                chosen.append(parent)
            }
        }
        editor.setLinks(of: slot, atLayer: layer, to: chosen)
        for neighbor in chosen {
            link(neighbor, to: slot, atLayer: layer)
        }
    }

    /// Links `node` to `target`. A full list is chosen anew from its links and the target; tree links stay.
    private func link(_ node: UInt32, to target: UInt32, atLayer layer: Int) {
        let links = graph.links(of: node, atLayer: layer)
        guard !links.contains(target) else { return }
        if editor.append(target, to: node, atLayer: layer) { return }
        let selection = NeighborSelection(vectors: vectors.unsafeHandle)
        let candidates = selection.candidates(links + [target], for: node) {
            layer == 0 && tree.joins(node, $0)
        }
        let kept = selection.select(candidates, for: node, limit: graph.width(ofLayer: layer))
        editor.setLinks(of: node, atLayer: layer, to: kept)
    }

    // MARK: - Removal

    /// Removes all links from and to a node, and returns whom they joined.
    private func unlink(_ slot: UInt32, atLayer layer: Int) -> (outgoing: [UInt32], incoming: [UInt32]) {
        let outgoing = graph.links(of: slot, atLayer: layer)
        let incoming = editor.incoming(to: slot, atLayer: layer)
        editor.setLinks(of: slot, atLayer: layer, to: [])
        for node in incoming {
            editor.remove(slot, from: node, atLayer: layer)
        }
        return (outgoing, incoming)
    }

    /// Gives the head of a detached subtree a parent outside of it: the most similar one that has room.
    private func adopt(_ orphan: UInt32, candidates nearby: [UInt32]) {
        let possible = (nearby + graph.links(of: orphan, atLayer: 0)).filter {
            $0 != orphan && tree.isAttached($0)
        }
        let selection = NeighborSelection(vectors: vectors.unsafeHandle)
        let ranked = selection.candidates(possible, for: orphan) { _ in false }
        let parent =
            ranked.first { tree.hasRoom($0.slot) }?.slot
            ?? tree.nodeWithRoom(below: ranked.first?.slot ?? graph.root)
        tree.setParent(of: orphan, to: parent)
        link(parent, to: orphan, atLayer: 0)
        link(orphan, to: parent, atLayer: 0)
    }

    /// Adds those of `offered` to a node's links that show it a new direction, as long as there is room.
    private func offer(_ offered: [UInt32], to node: UInt32, atLayer layer: Int) {
        let links = graph.links(of: node, atLayer: layer)
        let room = graph.width(ofLayer: layer) - links.count
        let new = offered.filter { $0 != node && !links.contains($0) }
        guard room > 0, !new.isEmpty else { return }
        let selection = NeighborSelection(vectors: vectors.unsafeHandle)
        for candidate in selection.diverse(new, from: links, for: node).prefix(room) {
            _ = editor.append(candidate, to: node, atLayer: layer)
        }
    }

    private func highestLiveSlot() -> UInt32 {
        var best = noSlot
        for slot in 0..<UInt32(graph.slotCount) where graph.isLive(slot) {
            if best == noSlot || graph.level(of: slot) > graph.level(of: best) {
                best = slot
            }
        }
        return best
    }
}
