import CKernels

/// Takes removed items' nodes out of the graph, many at a time, while searches go on.
///
/// The paper knows no removal. Until now the nodes were passed through; now whoever links to one is offered
/// its neighbours instead, and chooses anew among them and the links it has (as FreshDiskANN does, Singh et
/// al., arXiv 2105.09613, Algorithm 4). Nobody inserts meanwhile.
extension HNSWBuilder {
    /// Unlinks all nodes without a live item and returns their slots, which running searches may still read.
    ///
    /// O(slots · M) to find who links to them, and for each of these one selection among O(M²) candidates.
    func consolidate(using workspace: HNSWWorkspace) -> [UInt32] {
        workspace.prepare(for: graph, beamWidth: 1)
        let removed = (0..<UInt32(graph.slotCount)).filter { isRemoved($0) }
        guard !removed.isEmpty else { return [] }
        let survivors = (0..<UInt32(graph.slotCount)).filter { handle.isLive($0) }
        let orphans = detachFromTree(removed, survivors: survivors)
        for slot in survivors {
            for layer in 0...handle.level(of: slot) {
                relink(slot, atLayer: layer, workspace)
            }
        }
        adopt(orphans, workspace)
        moveEntryPoint(survivors)
        for slot in removed {
            lk_store_u8(handle.states + Int(slot), UInt8(handle.level(of: slot)))
        }
        return removed
    }

    private func isRemoved(_ slot: UInt32) -> Bool {
        handle.state(of: slot) & SlotState.linked != 0 && handle.lifetime(of: slot).isOver
    }

    /// Chooses a node's links anew if it lost some.
    private func relink(_ slot: UInt32, atLayer layer: Int, _ workspace: HNSWWorkspace) {
        let old = links(of: slot, atLayer: layer)
        guard old.contains(where: isRemoved) else { return }
        var candidates = old.filter { !isRemoved($0) }
        var known = Set(candidates)
        known.insert(slot)
        for lost in old where isRemoved(lost) {
            for beyond in links(of: lost, atLayer: layer)
            where !isRemoved(beyond) && known.insert(beyond).inserted {
                candidates.append(beyond)
            }
        }
        candidates.withUnsafeBufferPointer { choose($0, for: slot, atLayer: layer, workspace) }
    }

    /// Frees removed nodes and the children of removed nodes from their parents; returns the children.
    private func detachFromTree(_ removed: [UInt32], survivors: [UInt32]) -> [UInt32] {
        let orphans = survivors.filter { slot in
            let parent = handle.parent(of: slot)
            return parent != noSlot && isRemoved(parent)
        }
        for slot in orphans + removed {
            tree.clearParent(of: slot)
        }
        if isRemoved(graph.root) {
            graph.root = orphans.first ?? noSlot
        }
        return orphans
    }

    /// Gives the heads of detached subtrees parents outside of them: the most similar one that has room.
    private func adopt(_ orphans: [UInt32], _ workspace: HNSWWorkspace) {
        for orphan in orphans where orphan != graph.root {
            let nearby = links(of: orphan, atLayer: 0)
            let outside = nearby.filter { tree.head(of: $0) == graph.root }
            let ranked = outside.withUnsafeBufferPointer { outside in
                Array(workspace.selection.rank(outside, for: orphan, in: handle) { _ in false })
            }
            let parent =
                ranked.first { tree.claim($0.slot, for: orphan) }?.slot
                ?? claimParent(of: orphan, below: ranked.first?.slot ?? graph.root)
            link(parent, to: orphan, atLayer: 0, workspace)
            link(orphan, to: parent, atLayer: 0, workspace)
        }
    }

    private func moveEntryPoint(_ survivors: [UInt32]) {
        guard isRemoved(graph.entryPoint) else { return }
        graph.entryPoint =
            survivors.max { (handle.level(of: $0), $1) < (handle.level(of: $1), $0) } ?? noSlot
    }
}
