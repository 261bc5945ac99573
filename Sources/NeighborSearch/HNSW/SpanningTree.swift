/// The tree that keeps every live node findable: each but the root has a parent, and both link to each other
/// on the bottom layer. Those links are never pruned.
///
/// A node has at most `childLimit` children, so at least M − 1 of its 2M places are left to the selection
/// heuristic. Nodes have 1 child on average; the limit is met by hubs only.
struct SpanningTree {
    let graph: HNSWGraph
    let childLimit: Int
    private var childCounts: [UInt16]

    init(graph: HNSWGraph) {
        self.graph = graph
        childLimit = Self.childLimit(connectivity: graph.connectivity)
        childCounts = Array(repeating: 0, count: graph.slotCount)
        for slot in 0..<graph.slotCount where graph.parents[slot] != noSlot {
            childCounts[Int(graph.parents[slot])] += 1
        }
    }

    static func childLimit(connectivity: Int) -> Int { max(2, connectivity / 2) }

    mutating func appendSlot() {
        childCounts.append(0)
    }

    /// Whether the link between two nodes belongs to the tree.
    func joins(_ a: UInt32, _ b: UInt32) -> Bool {
        graph.parents[Int(a)] == b || graph.parents[Int(b)] == a
    }

    func hasRoom(_ slot: UInt32) -> Bool { Int(childCounts[Int(slot)]) < childLimit }

    func children(of slot: UInt32) -> [UInt32] {
        graph.links(of: slot, atLayer: 0).filter { graph.parents[Int($0)] == slot }
    }

    mutating func setParent(of slot: UInt32, to parent: UInt32) {
        precondition(graph.parents[Int(slot)] == noSlot && hasRoom(parent) && slot != parent)
        graph.parents[Int(slot)] = parent
        childCounts[Int(parent)] += 1
    }

    mutating func clearParent(of slot: UInt32) {
        let parent = graph.parents[Int(slot)]
        guard parent != noSlot else { return }
        graph.parents[Int(slot)] = noSlot
        childCounts[Int(parent)] -= 1
    }

    /// Whether the way up from a node ends at the root, not at a subtree that lost its parent. O(depth).
    func isAttached(_ slot: UInt32) -> Bool {
        var slot = slot
        while graph.parents[Int(slot)] != noSlot {
            slot = graph.parents[Int(slot)]
        }
        return slot == graph.root
    }

    /// A node at or below `start` that can take another child. There is one: leaves can.
    func nodeWithRoom(below start: UInt32) -> UInt32 {
        var slot = start
        while !hasRoom(slot) {
            slot = children(of: slot)[0]
        }
        return slot
    }
}
