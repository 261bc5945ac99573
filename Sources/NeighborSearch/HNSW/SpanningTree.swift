import CKernels

/// The tree that keeps every node findable: each but the root has a parent, and both link to each other on the
/// bottom layer. Those links are never pruned.
///
/// Links are one-way and lists are short, so in the plain algorithm a node can lose its last incoming link
/// when its neighbours find better ones. It is then stored and never found. A node has at most `childLimit`
/// children, so more than half of its places are left to the selection heuristic. Nodes have 1 child on
/// average; the limit is met by hubs only.
struct SpanningTree: ~Copyable {
    let graph: HNSWGraph.UnsafeHandle
    let childLimit: Int
    /// Guarded by the node's lock.
    private let childCounts: FlatMemory<UInt8>

    /// Counts the children of every node. O(slots).
    init(graph: HNSWGraph) {
        self.graph = graph.unsafeHandle
        childLimit = Self.childLimit(connectivity: graph.layout.connectivity)
        childCounts = FlatMemory(count: graph.capacity)
        for slot in 0..<graph.slotCount where graph.parents[slot] != noSlot {
            childCounts[Int(graph.parents[slot])] += 1
        }
    }

    static func childLimit(connectivity: Int) -> Int { max(2, connectivity / 2) }

    /// Whether the link between two nodes belongs to the tree.
    func joins(_ a: UInt32, _ b: UInt32) -> Bool { graph.parent(of: a) == b || graph.parent(of: b) == a }

    /// Makes `parent` the parent of `slot` if it has room for another child. Its lock is held.
    func claim(_ parent: UInt32, for slot: UInt32) -> Bool {
        let count = childCounts[Int(parent)]
        guard count < childLimit else { return false }
        // Not `+= 1`, which the thread sanitizer takes for a change of the whole memory.
        childCounts[Int(parent)] = count + 1
        lk_store_u32(graph.parents + Int(slot), parent)
        return true
    }

    /// Makes a node the head of a subtree of its own.
    func clearParent(of slot: UInt32) {
        let parent = graph.parent(of: slot)
        guard parent != noSlot else { return }
        lk_store_u32(graph.parents + Int(slot), noSlot)
        childCounts[Int(parent)] -= 1
    }

    /// A child of a node; nil when none is linked yet.
    func firstChild(of slot: UInt32) -> UInt32? {
        let links = graph.links(of: slot, atLayer: 0)
        for place in 0..<graph.baseWidth {
            let link = lk_load_u32(links + place)
            if link == noSlot { return nil }
            if graph.parent(of: link) == slot { return link }
        }
        return nil
    }

    /// The head of the tree that a node belongs to. O(depth).
    func head(of slot: UInt32) -> UInt32 {
        var slot = slot
        while graph.parent(of: slot) != noSlot {
            slot = graph.parent(of: slot)
        }
        return slot
    }
}
